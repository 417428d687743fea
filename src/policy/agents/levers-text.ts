import { catalogue } from '../../levers/catalogue.js';
import { refusal } from '../../levers/gates.js';
import { leverNotes } from '../../levers/notes.js';
import type { Lever, RenderTarget } from '../../levers/types.js';

export interface LeverScope {
  readonly target: RenderTarget;
  readonly allow: readonly string[];
}

/** Levers that stand in the prompt: those that evidence most often leads to. */
const usual: readonly string[] = [
  'inline-threshold',
  'inlinehint-threshold',
  'inlinecold-threshold',
  'attr:alwaysinline',
  'attr:noinline',
  'attr:cold',
  'O-level-O2',
  'fno-unroll-loops',
  'unroll-max-count',
  'unroll-runtime',
  'unroll-partial-threshold',
  'unroll-count',
  'md:llvm.loop.unroll.count',
  'md:llvm.loop.interleave.count',
  'md:llvm.loop.vectorize.width',
  'fno-vectorize',
  'fno-slp-vectorize',
  'slp-threshold',
  'force-vector-interleave',
  'force-vector-width',
  'vectorizer-maximize-bandwidth',
  'enable-loop-distribute',
  'runtime-memory-check-threshold',
  'phi-node-folding-threshold',
  'two-entry-phi-node-folding-threshold',
  'x86-cmov-converter',
  'tail-dup-size',
  'tail-dup-indirect-size',
  'jump-threading-threshold',
  'rotation-max-header-size',
  'disable-licm-promotion',
  'fomit-frame-pointer',
  'falign-loops',
  'mtune-x86',
  'mtune-aarch64',
  'fno-jump-tables',
  'max-loads-per-memcmp',
  'gcc:O-level',
  'gcc:fno-schedule-insns2',
  'gcc:fomit-frame-pointer',
];
const mostFound = 25;
const mostValues = 12;

/** The usual levers that can be used here, one line each. */
export function usualLevers(scope: LeverScope): string {
  return usual
    .map((id) => catalogue.get(id))
    .filter((lever) => lever !== undefined && isUsable(lever, scope))
    .map((lever) => leverLine(lever as Lever))
    .join('\n');
}

/** Usable levers whose id, effect or evidence has all words of the query. */
export function findLevers(query: string, scope: LeverScope): string {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const found = [...catalogue.values()].filter((lever) => {
    const note = leverNotes.get(lever.id);
    const text = [lever.id, lever.kind, note?.effect, ...(note?.evidence ?? [])].join(' ').toLowerCase();
    return isUsable(lever, scope) && words.every((word) => text.includes(word));
  });
  if (found.length === 0) return `no usable lever has all of: ${words.join(', ')}`;
  const more = found.length > mostFound ? [`… ${found.length - mostFound} more: use more words`] : [];
  return [...found.slice(0, mostFound).map(leverLine), ...more].join('\n');
}

/** Everything known of one lever or pass. */
export function describeLever(id: string, scope: LeverScope): string {
  const lever = catalogue.get(id) ?? catalogue.get(`pass:${id}`);
  if (lever === undefined) return `there is no lever ${JSON.stringify(id.slice(0, 60))}; try find_levers`;
  const note = leverNotes.get(lever.id);
  const reason = refusal(lever, { allow: scope.allow }, scope.target);
  return [
    leverLine(lever),
    `kind: ${lever.kind}; risk: ${lever.risk}`,
    ...(lever.pass === undefined ? [] : [`runs on: ${lever.pass.level}; pipeline text: ${lever.pass.text}`]),
    ...(note === undefined ? [] : [`default: ${note.default}; suggested by: ${note.evidence.join(', ')}`]),
    ...(note?.note === undefined ? [] : [`note: ${note.note}`]),
    reason === undefined ? 'can be used here' : `cannot be used here: ${reason}`,
  ].join('\n');
}

export function leverLine(lever: Lever): string {
  const effect = leverNotes.get(lever.id)?.effect;
  return `${lever.id}: ${valueText(lever)}${effect === undefined ? '' : ` - ${effect}`}`;
}

function valueText(lever: Lever): string {
  const values = lever.values
    .slice(0, mostValues)
    .map((value) => JSON.stringify(value))
    .join(' ');
  const more = lever.values.length > mostValues ? ' …' : '';
  const range = lever.range === undefined ? '' : ` (${lever.range[0]} to ${lever.range[1]})`;
  switch (lever.shape) {
    case 'functions':
      return 'list of function names';
    case 'function-map':
      return `object from function name to ${values}${more}${range}`;
    case 'loop-map':
      return `object from loop key (see list_loops) to ${values}${more}${range}`;
    case 'passes':
      return 'list of levers pass:…';
    case 'pass':
      return 'stands in a list of a lever ep:…';
    case 'profile':
      return 'profile of this session';
    default:
      return `${values}${more}${range}`;
  }
}

function isUsable(lever: Lever, { target, allow }: LeverScope): boolean {
  return lever.shape !== 'none' && refusal(lever, { allow }, target) === undefined;
}
