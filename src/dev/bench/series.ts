import type { JournalEvent } from '../../tune/journal.js';
import { addonScope } from '../../tune/scopes.js';
import type { AddonRecord, Speedup, Step } from './results.js';

/** Share of the best known gain, as a logarithm, that counts as having found it. */
const nearlyAll = 0.95;
const even: Speedup = { ratio: 1, ci: [1, 1] };

/**
 * Best-so-far speedups of the whole addon after every batch that brought one, from a session's journal: a unit's gain
 * multiplies what the others had gained before. The first step is -O3, after no trial.
 */
export function stepsOf(events: Iterable<JournalEvent>): Step[] {
  const steps: Step[] = [{ trial: 0, ...even }];
  const speedups = new Map<string, number>();
  const intervals = new Map<string, readonly [number, number]>();
  let trials = 0;
  for (const event of events) {
    if (event.type === 'trial') {
      if (event.measured && !event.sameBuild) trials++;
      if (event.trial.ci !== undefined) {
        intervals.set(identityOf(event.unit, event.trial.configuration), event.trial.ci);
      }
    } else if (event.type === 'incumbent') {
      const before = speedups.get(event.unit) ?? speedups.get(addonScope) ?? 1;
      // Of clang's and gcc's incumbents the better one counts.
      if (event.speedup <= before) continue;
      const others = (steps.at(-1)?.ratio ?? 1) / before;
      const own = intervals.get(identityOf(event.unit, event.configuration)) ?? [
        event.speedup,
        event.speedup,
      ];
      speedups.set(event.unit, event.speedup);
      steps.push({
        trial: trials,
        ratio: others * event.speedup,
        ci: [others * own[0], others * own[1]],
      });
    }
  }
  return steps;
}

function identityOf(unit: string, configuration: unknown): string {
  return `${unit}\0${JSON.stringify(configuration)}`;
}

/** The last step at or before a number of trials. */
export function bestAt(steps: readonly Step[], trial: number): Speedup {
  return steps.filter((step) => step.trial <= trial).at(-1) ?? even;
}

/** The largest speedup that any session on the addon reached, on `tune` inputs. */
export function bestKnown(record: AddonRecord): number {
  return Math.max(
    1,
    ...Object.values(record.sessions).flatMap(({ steps }) => steps.map(({ ratio }) => ratio)),
  );
}

/**
 * Measured trials until 95 % of the best known gain was reached, gains as logarithms of speedups; undefined when it never
 * was, or there is no gain to reach.
 */
export function trialsToNearlyAll(steps: readonly Step[], best: number): number | undefined {
  if (best <= 1) return undefined;
  return steps.find(({ ratio }) => Math.log(ratio) >= nearlyAll * Math.log(best))?.trial;
}

/**
 * Geometric mean, with an interval from the independent errors of its parts, each taken as a quarter of its interval's width
 * on the logarithm. Undefined of nothing.
 */
export function geometricMean(speedups: readonly Speedup[]): Speedup | undefined {
  if (speedups.length === 0) return undefined;
  const count = speedups.length;
  const mean = speedups.reduce((sum, { ratio }) => sum + Math.log(ratio), 0) / count;
  const variance = speedups.reduce((sum, { ci }) => sum + (Math.log(ci[1] / ci[0]) / 4) ** 2, 0);
  const margin = (2 * Math.sqrt(variance)) / count;
  return { ratio: Math.exp(mean), ci: [Math.exp(mean - margin), Math.exp(mean + margin)] };
}

/** The geometric mean over addons after every number of trials at which one of them changed. */
export function geometricMeanSteps(series: readonly (readonly Step[])[]): Step[] {
  const trials = [...new Set(series.flatMap((steps) => steps.map(({ trial }) => trial)))];
  return trials
    .sort((a, b) => a - b)
    .flatMap((trial) => {
      const mean = geometricMean(series.map((steps) => bestAt(steps, trial)));
      return mean === undefined ? [] : [{ trial, ...mean }];
    });
}
