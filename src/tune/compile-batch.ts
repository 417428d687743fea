import { createHash } from 'node:crypto';
import type { Proposal } from '../policy/types.js';
import type { Scope } from './scopes.js';
import type { TunedUnit } from './units.js';
import type { CompiledObject, CompileOutcome, Workspace } from './workspace.js';

export interface Candidate {
  readonly proposal: Proposal;
  /** One for every unit of the scope. */
  readonly objects: ReadonlyMap<TunedUnit, CompiledObject>;
  /** Of all objects together. */
  readonly hash: string;
}

export interface Batch {
  /** Code that was not seen before, each by its shortest proposal. */
  readonly candidates: readonly Candidate[];
  /** The proposals that give the code of a candidate or of an earlier trial. */
  readonly copies: readonly Pick<Candidate, 'proposal' | 'hash'>[];
  /** What needs neither measuring nor comparing: refused, failed, or the code of -O3. */
  readonly settled: readonly Settled[];
}

interface Settled {
  readonly proposal: Proposal;
  readonly outcome: 'refused' | 'failed' | 'identical';
  readonly hash?: string;
}

/** Compiles proposals for a scope; of those that give the same code, the shortest is the candidate. */
export async function compileBatch(
  workspace: Workspace,
  scope: Scope,
  proposals: readonly Proposal[],
): Promise<Batch> {
  const outcomes = await workspace.compileAll(
    proposals.flatMap(({ configuration }) => scope.units.map(({ command }) => ({ command, configuration }))),
  );
  const plain = hashOf(scope.units.map(({ baseline }) => baseline));
  const fresh = new Map<string, Candidate>();
  const copies: Candidate[] = [];
  const settled: Settled[] = [];
  for (const [index, proposal] of proposals.entries()) {
    const own = outcomes.slice(index * scope.units.length, (index + 1) * scope.units.length);
    const compiled = candidateOf(scope, proposal, own);
    if (typeof compiled === 'string') settled.push({ proposal, outcome: compiled });
    else if (compiled.hash === plain && !isReturn(scope, proposal)) {
      settled.push({ proposal, outcome: 'identical', hash: compiled.hash });
    } else if (scope.seen.has(compiled.hash)) copies.push(compiled);
    else {
      const [shorter, longer] = byLength(compiled, fresh.get(compiled.hash));
      fresh.set(compiled.hash, shorter);
      if (longer !== undefined) copies.push(longer);
    }
  }
  return { candidates: [...fresh.values()], copies, settled };
}

function byLength(candidate: Candidate, twin: Candidate | undefined): [Candidate, Candidate?] {
  if (twin === undefined) return [candidate];
  const levers = ({ proposal }: Candidate): number => Object.keys(proposal.configuration).length;
  return levers(candidate) < levers(twin) ? [candidate, twin] : [twin, candidate];
}

/** Whether the proposal is plain -O3 for code that has something else. */
function isReturn({ units }: Scope, { configuration }: Proposal): boolean {
  const isPlain = Object.keys(configuration).length === 0;
  return isPlain && units.some(({ incumbent, baseline }) => incumbent.object.hash !== baseline.hash);
}

function candidateOf(
  scope: Scope,
  proposal: Proposal,
  outcomes: readonly CompileOutcome[],
): Candidate | 'refused' | 'failed' {
  const objects = new Map<TunedUnit, CompiledObject>();
  for (const [index, unit] of scope.units.entries()) {
    const outcome = outcomes[index];
    if (outcome?.kind !== 'compiled') return outcome?.kind ?? 'failed';
    objects.set(unit, outcome.object);
  }
  return { proposal, objects, hash: hashOf([...objects.values()]) };
}

/** Of all objects together. */
export function hashOf(objects: readonly CompiledObject[]): string {
  const [first, ...others] = objects;
  if (first !== undefined && others.length === 0) return first.hash;
  return createHash('sha256')
    .update(objects.map(({ hash }) => hash).join())
    .digest('hex');
}
