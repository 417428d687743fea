import os from 'node:os';
import type { Logger } from '../log.js';
import type { MeasureRequest, VariantResult } from '../measure/types.js';
import type { Policy, PolicyTrial, Proposal, TrialOutcome } from '../policy/types.js';
import { nextUnit } from './allocate.js';
import type { Budget } from './budget.js';
import type { Journal } from './journal.js';
import type { NoiseFloor } from './noise-floor.js';
import { mapPool } from './pool.js';
import type { Trials } from './trials.js';
import { incumbentAssembly, type TunedUnit, withObject } from './units.js';
import type { Assembly, CompiledObject, Workspace } from './workspace.js';

/** Candidates per batch: they share one process and one baseline. */
const batchSize = 5;
/** A screened candidate must look at least this much faster to be raced. */
const raceAbove = 1.003;
const racedPerBatch = 2;

export interface SearchContext {
  readonly units: readonly TunedUnit[];
  /** The hot units at plain clang -O3. */
  readonly baseline: Assembly;
  readonly workspace: Workspace;
  readonly policy: Policy;
  readonly arch: 'x64' | 'arm64';
  readonly major: number;
  readonly allow: readonly string[];
  /** Name of the profile that was trained. */
  readonly profile: string | undefined;
  readonly budget: Budget;
  readonly journal: Journal;
  readonly trials: Trials;
  readonly noise: NoiseFloor;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
  readonly onTrial: (unit: TunedUnit, trial: PolicyTrial) => void;
}

interface Candidate {
  readonly proposal: Proposal;
  readonly object: CompiledObject;
}

/** Spends the search share of the budget; afterwards every unit holds its incumbent. */
export async function search(context: SearchContext): Promise<void> {
  const { units, budget } = context;
  while (budget.maySearch && !context.signal?.aborted) {
    const index = nextUnit(
      units.map((unit) => ({
        share: unit.share,
        trials: unit.history.length,
        sinceGain: unit.sinceGain,
        exhausted: unit.exhausted,
      })),
    );
    const unit = index === undefined ? undefined : units[index];
    if (unit === undefined) return;
    await searchUnit(context, unit);
  }
}

async function searchUnit(context: SearchContext, unit: TunedUnit): Promise<void> {
  const proposals = await context.policy.propose({
    scope: 'unit',
    arch: context.arch,
    major: context.major,
    language: unit.command.language,
    evidence: unit.evidence,
    incumbent: unit.incumbent.configuration,
    history: unit.history,
    allow: context.allow,
    ...(context.profile !== undefined && { profiles: [context.profile] }),
    batch: Math.min(batchSize, context.budget.remainingTrials),
  });
  if (proposals.length === 0) {
    unit.exhausted = true;
    return;
  }
  const candidates = await compileBatch(context, unit, proposals);
  const verified = await verifyBatch(context, unit, candidates);
  if (verified.length > 0) await measureBatch(context, unit, verified);
}

/** Compiles proposals; whatever needs no measuring (refused, failed, code seen before) becomes a finished trial. */
async function compileBatch(
  context: SearchContext,
  unit: TunedUnit,
  proposals: readonly Proposal[],
): Promise<Candidate[]> {
  const outcomes = await context.workspace.compileAll(
    proposals.map(({ configuration }) => ({ command: unit.command, configuration })),
  );
  const fresh = new Map<string, Candidate>();
  for (const [index, proposal] of proposals.entries()) {
    const outcome = outcomes[index];
    if (outcome === undefined) continue;
    if (outcome.kind === 'refused') await finish(context, unit, proposal, 'refused');
    else if (outcome.kind === 'failed') await finish(context, unit, proposal, 'failed');
    else if (outcome.object.hash === unit.baseline.hash || fresh.has(outcome.object.hash)) {
      await finish(context, unit, proposal, 'identical', { object: outcome.object });
    } else {
      const known = unit.seen.get(outcome.object.hash);
      if (known === undefined) fresh.set(outcome.object.hash, { proposal, object: outcome.object });
      else await finish(context, unit, proposal, known.outcome, { object: outcome.object, copy: known });
    }
  }
  return [...fresh.values()];
}

/** The candidates that give the stock build's outputs; the others become finished trials. */
async function verifyBatch(
  context: SearchContext,
  unit: TunedUnit,
  candidates: readonly Candidate[],
): Promise<Candidate[]> {
  if (candidates.length === 0) return [];
  const incumbent = incumbentAssembly(context.baseline, context.units);
  const variants = await mapPool(candidates, os.availableParallelism(), ({ object }) =>
    context.workspace.variant(object.hash, withObject(incumbent, unit, object)),
  );
  const verdicts = await context.trials.verify(variants);
  context.signal?.throwIfAborted();
  const passed: Candidate[] = [];
  for (const [index, candidate] of candidates.entries()) {
    const outcome = verdicts[index]?.outcome;
    if (outcome === 'equal') passed.push(candidate);
    else {
      await finish(context, unit, candidate.proposal, outcome === 'incorrect' ? 'incorrect' : 'failed', {
        object: candidate.object,
        measured: true,
      });
    }
  }
  return passed;
}

/** Screens all on one baseline, races the best on fresh samples beside a placebo, and promotes the winner. */
async function measureBatch(
  context: SearchContext,
  unit: TunedUnit,
  candidates: readonly Candidate[],
): Promise<void> {
  const screened = await compare(context, unit, candidates, 'screen');
  const promising = candidates
    .filter((candidate) => (screened.get(candidate.object.hash)?.ratio ?? 0) > raceAbove)
    .sort((a, b) => ratioOf(screened, b) - ratioOf(screened, a))
    .slice(0, racedPerBatch);
  const raced =
    promising.length > 0 ? await compare(context, unit, promising, 'race') : new Map<string, VariantResult>();
  const base = unit.incumbent.speedup;
  for (const candidate of candidates) {
    const result = raced.get(candidate.object.hash) ?? screened.get(candidate.object.hash);
    if (result === undefined) continue;
    const isFaster = raced.has(candidate.object.hash) && isGain(result, context.noise.value);
    const outcome: TrialOutcome =
      result.outcome === 'failed'
        ? 'failed'
        : isFaster
          ? 'faster'
          : result.ci[1] < 1
            ? 'slower'
            : 'within-noise';
    await finish(context, unit, candidate.proposal, outcome, {
      object: candidate.object,
      result,
      base,
      measured: true,
    });
  }
  const winner = promising
    .filter((candidate) => {
      const result = raced.get(candidate.object.hash);
      return result !== undefined && isGain(result, context.noise.value);
    })
    .sort((a, b) => ratioOf(raced, b) - ratioOf(raced, a))[0];
  unit.sinceGain += candidates.length;
  if (winner === undefined) return;
  unit.sinceGain = 0;
  const speedup = base * ratioOf(raced, winner);
  unit.incumbent = { configuration: winner.proposal.configuration, object: winner.object, speedup };
  await context.journal.append({
    type: 'incumbent',
    unit: unit.key,
    configuration: winner.proposal.configuration,
    speedup,
    elapsedMs: context.budget.elapsedMs,
  });
}

async function compare(
  context: SearchContext,
  unit: TunedUnit,
  candidates: readonly Candidate[],
  goal: MeasureRequest['goal'],
): Promise<Map<string, VariantResult>> {
  const incumbent = incumbentAssembly(context.baseline, context.units);
  const baseline = await context.workspace.variant('incumbent', incumbent);
  const variants = await Promise.all(
    candidates.map(({ object }) =>
      context.workspace.variant(object.hash, withObject(incumbent, unit, object)),
    ),
  );
  const placebo =
    goal === 'race' ? [await context.workspace.variant('placebo', incumbent, context.trials.nextSeed())] : [];
  const { results } = await context.trials.measure({
    baseline,
    candidates: [...variants, ...placebo],
    goal,
    inputs: 'tune',
    // Two processes that both see a loss: what is left of it is not worth a third.
    ...(goal === 'screen' && { stopBelow: 0.99 }),
  });
  context.signal?.throwIfAborted();
  for (const result of results) if (result.id === 'placebo') context.noise.add(result.ratio);
  return new Map(results.map((result) => [result.id, result]));
}

function isGain(result: VariantResult, noiseFloor: number): boolean {
  return result.outcome !== 'failed' && result.ci[0] > 1 && result.ratio > 1 + noiseFloor;
}

function ratioOf(results: ReadonlyMap<string, VariantResult>, candidate: Candidate): number {
  return results.get(candidate.object.hash)?.ratio ?? 0;
}

interface TrialFacts {
  readonly object?: CompiledObject;
  readonly result?: VariantResult;
  /** The incumbent's speedup over -O3 when this was measured against it. */
  readonly base?: number;
  readonly copy?: PolicyTrial;
  readonly measured?: boolean;
}

async function finish(
  context: SearchContext,
  unit: TunedUnit,
  proposal: Proposal,
  outcome: TrialOutcome,
  facts: TrialFacts = {},
): Promise<void> {
  const { result, base = 1, copy } = facts;
  const numbers =
    result !== undefined && result.outcome !== 'failed'
      ? { speedup: base * result.ratio, ci: [base * result.ci[0], base * result.ci[1]] as const }
      : copy?.speedup !== undefined && copy.ci !== undefined
        ? { speedup: copy.speedup, ci: copy.ci }
        : {};
  const { configuration, origin } = proposal;
  const trial: PolicyTrial = { configuration, origin, outcome, ...numbers };
  unit.history.push(trial);
  if (facts.object !== undefined && !unit.seen.has(facts.object.hash))
    unit.seen.set(facts.object.hash, trial);
  if (facts.measured) context.budget.countTrials(1);
  await context.journal.append({
    type: 'trial',
    unit: unit.key,
    trial,
    reason: proposal.reason,
    measured: facts.measured ?? false,
    elapsedMs: context.budget.elapsedMs,
    ...(facts.object && { objectHash: facts.object.hash }),
  });
  context.onTrial(unit, trial);
}
