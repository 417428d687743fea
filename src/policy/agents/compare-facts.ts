import { assemblyDelta } from '../../evidence/compare.js';
import { renderRemark } from '../../evidence/render.js';
import type { StaticCost } from '../../evidence/static-cost.js';
import type { AssemblyFacts, Remark } from '../../evidence/types.js';
import type { CompiledFacts } from '../types.js';
import { signed } from './render-trials.js';

type Compiled = Extract<CompiledFacts, { kind: 'compiled' }>;

const shownFunctions = 6;
const shownRemarks = 8;

/** Change of the hot functions in percent. */
export interface CodeChange {
  readonly instructions: number;
  readonly size: number;
}

/** Undefined where the machine code of one side could not be read. */
export function codeChange(before: Compiled, after: Compiled): CodeChange | undefined {
  const percent = (key: 'instructions' | 'bytes'): number =>
    100 * (total(after, key) / total(before, key) - 1);
  if (total(before, 'instructions') === 0 || total(after, 'instructions') === 0) return undefined;
  return { instructions: percent('instructions'), size: percent('bytes') };
}

/** What a configuration changes in hot code, remarks and static cost, against another. */
export function renderComparison(before: CompiledFacts, after: CompiledFacts): string {
  if (before.kind !== 'compiled') return `the first one does not compile: ${before.reason}`;
  if (after.kind !== 'compiled') return `does not compile (${after.kind}): ${after.reason}`;
  if (before.hash === after.hash) return 'identical machine code: there is nothing to measure';
  const change = codeChange(before, after);
  const totals =
    change === undefined
      ? 'machine code could not be read'
      : `hot functions: instructions ${signed(change.instructions)} %, bytes ${signed(change.size)} %`;
  return [
    after.isBaseline ? `${totals}; identical to plain -O3` : totals,
    ...functionChanges(before.assembly, after.assembly),
    ...costChanges(before.costs, after.costs),
    ...remarkChanges(before.remarks, after.remarks),
  ].join('\n');
}

function total(facts: Compiled, key: 'instructions' | 'bytes'): number {
  return facts.assembly.reduce((sum, one) => sum + one[key], 0);
}

function functionChanges(before: readonly AssemblyFacts[], after: readonly AssemblyFacts[]): string[] {
  const deltas = assemblyDelta(before, after);
  if (deltas.length === 0) return ['no hot function differs in its counts'];
  const lines = deltas.slice(0, shownFunctions).map(({ function: name, growth, ...counts }) => {
    const changed = Object.entries(counts).filter(([, count]) => count !== 0);
    return `${name}: ${changed.map(([key, count]) => `${key} ${signed(count)}`).join(', ')}`;
  });
  return deltas.length > lines.length
    ? [...lines, `… ${deltas.length - lines.length} more functions differ`]
    : lines;
}

function costChanges(before: readonly StaticCost[], after: readonly StaticCost[]): string[] {
  return after.flatMap(({ function: name, loops }) => {
    const old = before.find((cost) => cost.function === name)?.loops ?? [];
    const text = (all: StaticCost['loops']): string =>
      all
        .map(
          ({ instructions, cyclesPerIteration }) =>
            `${instructions} instructions ${cyclesPerIteration.toFixed(1)} cycles`,
        )
        .join('; ');
    return text(old) === text(loops)
      ? []
      : [`${name}, innermost loops by llvm-mca: before ${text(old)}; now ${text(loops)}`];
  });
}

function remarkChanges(before: readonly Remark[], after: readonly Remark[]): string[] {
  if (after.length === 0) return [];
  const key = (remark: Remark): string => `${remark.function} ${renderRemark(remark)}`;
  const [old, now] = [new Set(before.map(key)), new Set(after.map(key))];
  const gone = [...old].filter((text) => !now.has(text));
  const fresh = [...now].filter((text) => !old.has(text));
  return [...limited('new remarks', fresh), ...limited('remarks that are gone', gone)];
}

function limited(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const more = lines.length > shownRemarks ? [`  … ${lines.length - shownRemarks} more`] : [];
  return [`${title}:`, ...lines.slice(0, shownRemarks).map((line) => `  ${line}`), ...more];
}
