import { median, type ProcessSample, type Summary, summariseProcesses } from './statistics.js';
import type { Goal, MeasureRequest, VariantResult } from './types.js';

/** When a candidate has been measured enough. */
export interface Rules {
  readonly goal: Goal;
  readonly minProcesses: number;
  readonly maxProcesses: number;
  /** A ratio minus one; no verdict is given inside it. */
  readonly noiseFloor: number;
  /** Stop when half the 95 % interval, as a ratio minus one, is below this. */
  readonly precision: number;
  readonly stopBelow?: number;
}

/**
 * Defaults per goal. Three processes can only tell what differs by more than 3 %: they were seen to show false gains of 8 %. Steady
 * addons need 3 processes to resolve 1 %, most need 6 to 10, some 30. Screening takes two where they agree.
 */
const defaults = {
  screen: { minProcesses: 2, maxProcesses: 5, noiseFloor: 0.03 },
  race: { minProcesses: 4, maxProcesses: 8, noiseFloor: 0.01 },
  confirm: { minProcesses: 10, maxProcesses: 20, noiseFloor: 0.005 },
} as const;

/** While screening, one process is enough to give up on a candidate as slow as this. */
const hopeless = 0.8;

export interface RuleOptions {
  readonly minProcesses?: number | undefined;
  readonly maxProcesses?: number | undefined;
  readonly noiseFloor?: number | undefined;
  readonly stopBelow?: number | undefined;
}

/** The rules of a goal. A noise floor below what screening can resolve is raised to that. */
export function rulesFor(goal: Goal, options: RuleOptions = {}): Rules {
  const base = defaults[goal];
  const maxProcesses = Math.max(
    1,
    options.maxProcesses ?? Math.max(base.maxProcesses, options.minProcesses ?? 0),
  );
  const wantedFloor = options.noiseFloor ?? base.noiseFloor;
  const noiseFloor = goal === 'screen' ? Math.max(wantedFloor, base.noiseFloor) : wantedFloor;
  return {
    goal,
    minProcesses: Math.min(options.minProcesses ?? base.minProcesses, maxProcesses),
    maxProcesses,
    noiseFloor,
    precision: Math.max(noiseFloor / 2, 0.001),
    ...(options.stopBelow === undefined ? {} : { stopBelow: options.stopBelow }),
  };
}

/**
 * Verdict of an interval: outside the noise floor on one side, or within noise. Also within noise below the goal's smallest number of
 * processes, whatever the interval.
 */
export function verdict(summary: Summary, noiseFloor: number): 'faster' | 'slower' | 'within-noise' {
  if (summary.ci[0] > 1 + noiseFloor) return 'faster';
  return summary.ci[1] < 1 / (1 + noiseFloor) ? 'slower' : 'within-noise';
}

export type Decision =
  | { readonly kind: 'more' }
  | { readonly kind: 'done' }
  | { readonly kind: 'dropped'; readonly detail: string };

/**
 * Whether more processes are wanted. Confirmation ends by precision alone: ending as soon as the result pleases would bias it. Racing
 * also ends early for candidates that lose clearly, which biases nothing that is reported.
 */
export function decide(samples: readonly ProcessSample[], rules: Rules): Decision {
  const dropped = dropEarly(samples, rules);
  if (dropped !== undefined) return { kind: 'dropped', detail: dropped };
  if (samples.length < rules.minProcesses) return { kind: 'more' };
  if (samples.length >= rules.maxProcesses) return { kind: 'done' };
  const { ratio, ci } = summariseProcesses(samples);
  const halfWidth = (ci[1] - ci[0]) / 2 / ratio;
  if (halfWidth < rules.precision) return { kind: 'done' };
  if (rules.goal !== 'confirm' && ci[1] < 1) return { kind: 'done' };
  return { kind: 'more' };
}

function dropEarly(samples: readonly ProcessSample[], { goal, stopBelow }: Rules): string | undefined {
  const count = `after ${samples.length} process${samples.length === 1 ? '' : 'es'}`;
  const best = Math.exp(Math.max(...samples.map(({ logRatio }) => logRatio)));
  if (goal === 'screen' && samples.length > 0 && best <= hopeless) return `hopelessly slow ${count}`;
  if (stopBelow !== undefined && samples.length > 1 && best < stopBelow)
    return `clearly below ${stopBelow} ${count}`;
  return undefined;
}

/** What one process (or one set of processes) told about the candidates that took part. */
export interface Turn {
  readonly samples: ReadonlyMap<string, ProcessSample>;
  /** Candidates that crashed, hung or could not be loaded, and how. */
  readonly failed: ReadonlyMap<string, string>;
}

export interface SequentialRequest {
  readonly ids: readonly string[];
  readonly rules: Rules;
  /** Whether candidates that have their least number of processes get no more. */
  readonly isLate?: () => boolean;
  readonly contest?: MeasureRequest['contest'] | undefined;
  /** Measures these candidates once, beside the baseline. */
  readonly sample: (ids: readonly string[], turn: number) => Promise<Turn>;
  /** Turns that are taken at the same time, each on a device of its own. */
  readonly parallel?: number;
}

/** Adds one process after the other (or `parallel` at a time) until every candidate is decided; those still open share each process. */
export async function runSequential(request: SequentialRequest): Promise<VariantResult[]> {
  const { rules, contest, parallel = 1 } = request;
  const open = new Map(request.ids.map((id) => [id, [] as ProcessSample[]]));
  const results = new Map<string, VariantResult>();
  const record = ({ samples, failed }: Turn): void => {
    for (const [id, gathered] of open) {
      const sample = samples.get(id);
      if (sample !== undefined) gathered.push(sample);
      const detail = failed.get(id) ?? (sample === undefined ? 'no sample was taken' : undefined);
      const isEnough = gathered.length >= rules.minProcesses && request.isLate?.() === true;
      const decision = decide(gathered, rules);
      if (detail !== undefined)
        results.set(id, { ...measured(id, gathered, rules), outcome: 'failed', detail });
      else if (decision.kind === 'dropped') {
        const { detail } = decision;
        results.set(id, { ...measured(id, gathered, rules), outcome: 'slower', detail });
      } else if (decision.kind === 'done' || isEnough) results.set(id, measured(id, gathered, rules));
      if (results.has(id)) open.delete(id);
    }
  };
  const close = (result: VariantResult | undefined): void => {
    if (result === undefined) return;
    results.set(result.id, result);
    open.delete(result.id);
  };
  const endContest = (control: string): void => {
    const now = new Map([...open].map(([id, gathered]) => [id, measured(id, gathered, rules)]));
    const isCounted = ({ id, outcome, processes }: VariantResult): boolean =>
      id !== control && outcome !== 'failed' && processes >= rules.minProcesses;
    const counted = [...results.values(), ...now.values()].filter(isCounted);
    const lead = Math.max(...counted.map(({ ci }) => ci[0]));
    for (const result of counted) {
      const isPoor = result.ci[1] < lead || result.ratio < 1 + rules.precision;
      if (open.has(result.id) && (isPoor || isLarge(result))) close(result);
    }
    if (open.size === 1) close(now.get(control));
  };
  for (let turn = 0; open.size > 0; turn += parallel) {
    const ids = [...open.keys()];
    const turns = await Promise.allSettled(
      Array.from({ length: parallel }, (_, index) => request.sample(ids, turn + index)),
    );
    // One after the other, as if they had been taken so: what a candidate no longer needs is left out.
    for (const one of turns) {
      if (one.status === 'rejected') throw one.reason;
      record(one.value);
    }
    if (contest !== undefined) endContest(contest.control);
  }
  return request.ids.flatMap((id) => results.get(id) ?? []);
}

/** Half the interval is less than a quarter of the effect. How large a large effect is, confirmation tells. */
function isLarge({ ratio, ci }: VariantResult): boolean {
  return ci[1] - ci[0] < Math.abs(ratio - 1) / 2;
}

function measured(id: string, gathered: readonly ProcessSample[], rules: Rules): VariantResult {
  const processes = gathered.length;
  const summary = processes === 0 ? noSummary : summariseProcesses(gathered);
  const names = new Set(gathered.flatMap(({ cases }) => Object.keys(cases)));
  const ofCase = (name: string) => gathered.flatMap(({ cases }) => cases[name] ?? []);
  return {
    id,
    outcome: processes < rules.minProcesses ? 'within-noise' : verdict(summary, rules.noiseFloor),
    ratio: summary.ratio,
    ci: summary.ci,
    processes,
    cases: Object.fromEntries(
      [...names].map((name) => [name, { ratio: Math.exp(median(ofCase(name))), samples: ofCase(name) }]),
    ),
  };
}

/** Of a candidate that failed at once. Zero, so that nothing that looks for the fastest will take it. */
const noSummary: Summary = { ratio: 0, ci: [0, 0] };
