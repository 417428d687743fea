import { catalogue } from '../../levers/catalogue.js';
import { checkConfiguration } from '../../levers/check.js';
import { printable } from '../../levers/printable.js';
import type { Configuration, Lever, LeverValue, RenderTarget } from '../../levers/types.js';

export interface RepairContext {
  readonly target: RenderTarget;
  readonly allow: readonly string[];
  /** The session's profiles, the strongest last. */
  readonly profiles: readonly Configuration[];
}

export interface Repaired {
  readonly configuration: Configuration;
  /** What was changed or dropped, for the model. */
  readonly notes: readonly string[];
}

/**
 * Makes a legal configuration out of what a model wrote: spellings are mended, values brought into range, what is not legal
 * is dropped. Whatever comes out has passed `checkConfiguration`.
 */
export function repairConfiguration(input: unknown, context: RepairContext): Repaired {
  const notes: string[] = [];
  const kept: Record<string, LeverValue> = {};
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return { configuration: {}, notes: ['levers must be an object from lever id to value'] };
  }
  for (const [written, value] of Object.entries(input as Record<string, unknown>)) {
    const lever = leverNamed(written);
    if (lever === undefined) {
      notes.push(`${printable(written)} is not a lever: dropped`);
      continue;
    }
    const outcome = repairedValue(lever, value, context);
    if (typeof outcome === 'string') notes.push(`${lever.id} ${outcome}: dropped`);
    else {
      kept[lever.id] = outcome.value;
      if (outcome.note !== undefined) notes.push(`${lever.id} ${outcome.note}`);
    }
  }
  return withoutConflicts(kept, notes, context);
}

function leverNamed(written: string): Lever | undefined {
  const direct = catalogue.get(written);
  if (direct !== undefined) return direct;
  const bare = written
    .trim()
    .replace(/^-mllvm[ =]/, '')
    .replace(/^-+/, '')
    .replace(/=.*$/, '');
  return (
    catalogue.get(bare) ?? [...catalogue.values()].find(({ id }) => id.toLowerCase() === bare.toLowerCase())
  );
}

type ValueOutcome = { readonly value: LeverValue; readonly note?: string } | string;

function repairedValue(lever: Lever, value: unknown, context: RepairContext): ValueOutcome {
  if (lever.shape === 'profile') return profileValue(lever, value, context);
  const problem = problemOf(lever, value, context);
  // Not a cast that hides anything: the check has accepted this very value.
  if (problem === undefined) return { value: value as LeverValue };
  for (const candidate of candidates(lever, value)) {
    if (problemOf(lever, candidate, context) !== undefined) continue;
    return { value: candidate, note: `${problem}: ${JSON.stringify(candidate)} is taken instead` };
  }
  return problem;
}

function problemOf(lever: Lever, value: unknown, { allow, target }: RepairContext): string | undefined {
  const check = checkConfiguration({ [lever.id]: value }, { allow }, target);
  return check.ok ? undefined : check.problems.map(({ reason }) => reason).join('; ');
}

/** Legal values near to what was written, nearest first. */
function candidates(lever: Lever, value: unknown): LeverValue[] {
  switch (lever.shape) {
    case 'scalar':
      return scalars(lever, value);
    case 'functions':
      return typeof value === 'string' ? [[value]] : Array.isArray(value) ? [value.filter(isName)] : [];
    case 'passes':
      return Array.isArray(value)
        ? [value.filter((id) => catalogue.get(String(id))?.shape === 'pass') as string[]]
        : [];
    default:
      return [];
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z_.$][\w.$]*$/.test(value);
}

function scalars(lever: Lever, value: unknown): LeverValue[] {
  const text = String(value).trim();
  const same = lever.values.filter((legal) => String(legal).toLowerCase() === text.toLowerCase());
  const truth = { '1': true, on: true, yes: true, '0': false, off: false, no: false }[text.toLowerCase()];
  const number = Number(text);
  const numbers = lever.values.filter((legal) => typeof legal === 'number');
  if (numbers.length === 0 || !Number.isFinite(number)) return truth === undefined ? same : [...same, truth];
  const [low, high] = lever.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const inRange = Math.min(high, Math.max(low, Math.round(number)));
  const nearest = [...numbers].sort((a, b) => Math.abs(a - number) - Math.abs(b - number));
  return [...same, inRange, ...nearest.slice(0, 1)];
}

function profileValue(lever: Lever, value: unknown, { profiles }: RepairContext): ValueOutcome {
  const known = profiles.flatMap((profile) => profile[lever.id] ?? []);
  if (known.includes(value as string)) return { value: value as string };
  const strongest = known.at(-1);
  if (strongest === undefined) return 'has no profile in this session';
  return { value: strongest, note: 'takes a profile of this session' };
}

/** Drops levers until those that are left go together. */
function withoutConflicts(
  levers: Readonly<Record<string, LeverValue>>,
  notes: string[],
  { allow, target }: RepairContext,
): Repaired {
  const left = { ...levers };
  for (;;) {
    const check = checkConfiguration(left, { allow }, target);
    if (check.ok) return { configuration: check.configuration, notes };
    const [problem] = check.problems;
    if (problem === undefined || !(problem.id in left)) return { configuration: {}, notes };
    delete left[problem.id];
    notes.push(`${problem.id} ${problem.reason}: dropped`);
  }
}
