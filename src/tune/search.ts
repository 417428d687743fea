import { createHash } from 'node:crypto';
import os from 'node:os';
import { type EvidenceChange, evidenceChange, joinChanges } from '../evidence/compare.js';
import type { Evidence } from '../evidence/types.js';
import type { Configuration } from '../levers/types.js';
import type { Logger } from '../log.js';
import type { MeasureRequest, VariantResult } from '../measure/types.js';
import type { Inspector, Policy, PolicyTrial, Proposal, SimilarUnit, TrialOutcome } from '../policy/types.js';
import type { Budget } from './budget.js';
import type { Journal } from './journal.js';
import { isGain, type NoiseFloor } from './noise-floor.js';
import { casesOf, onOwnCases } from './on-cases.js';
import { isPlausible } from './plausible.js';
import { mapPool } from './pool.js';
import { nextScope, type Scope } from './scopes.js';
import { seenTrials } from './seen-trials.js';
import { stockLeads } from './stock-leads.js';
import type { Trials } from './trials.js';
import { asTrial, type Incumbent, incumbentAssembly, type TunedUnit, withObjects } from './units.js';
import type { Assembly, CompiledObject, CompileOutcome, Workspace } from './workspace.js';

/** Candidates per batch: they share one process and one baseline. */
const batchSize = 6;
const leastBatch = 3;
/** Part of the search's time that compiling one batch may take: what the first tells, the next can build on. */
const compileShare = 0.1;
/** A screened candidate must look at least this much faster to be raced. */
const raceAbove = 1.003;
const racedPerBatch = 3;

export interface SearchContext {
  readonly units: readonly TunedUnit[];
  readonly scopes: readonly Scope[];
  /** The hot units at plain clang -O3. */
  readonly baseline: Assembly;
  readonly workspace: Workspace;
  readonly policy: Policy;
  readonly arch: 'x64' | 'arm64';
  readonly major: number;
  readonly level: string;
  /** The core that the target names. */
  readonly cpu: string | undefined;
  readonly allow: readonly string[];
  /** The profiles that were trained, each as the configuration that uses it. */
  readonly profiles: readonly Configuration[];
  readonly budget: Budget;
  readonly journal: Journal;
  readonly trials: Trials;
  readonly noise: NoiseFloor;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
  /** Evidence on a unit under a configuration; undefined where it cannot be had. */
  readonly gather: (unit: TunedUnit, configuration: Configuration) => Promise<Evidence | undefined>;
  readonly inspect?: (units: readonly TunedUnit[]) => Inspector;
  readonly similar: (scope: Scope) => Promise<readonly SimilarUnit[]>;
  readonly onTrial: (scope: Scope, trial: PolicyTrial) => void;
}

interface Candidate {
  readonly proposal: Proposal;
  /** One for every unit of the scope. */
  readonly objects: ReadonlyMap<TunedUnit, CompiledObject>;
  /** Of all objects together. */
  readonly hash: string;
}

/** Spends the search share of the budget; afterwards every unit holds its incumbent. */
export async function search(context: SearchContext): Promise<void> {
  const { scopes, budget } = context;
  const leads = await stockLeads(context);
  while (budget.maySearch && !context.signal?.aborted) {
    const scope = nextScope(scopes, budget, leads);
    if (scope === undefined) return;
    await searchScope(context, scope);
  }
}

async function searchScope(context: SearchContext, scope: Scope): Promise<void> {
  const addon = context.scopes.find(({ kind }) => kind === 'addon');
  const proposals = await context.policy.propose({
    scope: scope.kind,
    arch: context.arch,
    major: context.major,
    level: context.level,
    ...(context.cpu !== undefined && { cpu: context.cpu }),
    language: scope.language,
    evidence: scope.evidence,
    incumbent: incumbentOf(scope).configuration,
    history: scope.history,
    ...(addon !== undefined &&
      addon !== scope && { addonTrials: seenTrials(scope.units, context.units, addon.history) }),
    allow: context.allow,
    profiles: context.profiles,
    ...(context.inspect && { inspect: context.inspect(scope.units) }),
    similar: () => context.similar(scope),
    batch: batchFor(scope, context),
  });
  if (proposals.length === 0) {
    scope.exhausted = true;
    return;
  }
  seeIncumbent(scope);
  const { candidates, copies } = await compileBatch(context, scope, proposals);
  const verified = await verifyBatch(context, scope, candidates);
  if (verified.length > 0) await measureBatch(context, scope, verified);
  for (const { proposal, hash } of copies) {
    const copy = scope.seen.get(hash);
    if (copy !== undefined) await finish(context, scope, proposal, copy.outcome, { hash, copy });
  }
}

/** A batch that leaves trials for the units which had none, and is small where files take long to compile. */
function batchFor(scope: Scope, { scopes, budget, workspace }: SearchContext): number {
  const left = budget.remainingTrials;
  const untried = scopes.filter(
    ({ kind, history, exhausted }) => kind === 'unit' && history.length === 0 && !exhausted,
  ).length;
  const fair = scope.kind === 'unit' && untried > 1 ? Math.max(leastBatch, Math.ceil(left / untried)) : left;
  const compileMs = workspace.compileMs(scope.units.map(({ command }) => command));
  const affordable = Math.max(leastBatch, Math.floor((budget.searchMs * compileShare) / compileMs));
  return Math.min(batchSize, affordable, fair, left);
}

/** All units of a scope have the same incumbent until single units are searched, and then no other scope is. */
function incumbentOf(scope: Scope): TunedUnit['incumbent'] {
  const [unit] = scope.units;
  if (unit === undefined) throw new Error('a scope without units');
  return unit.incumbent;
}

/** What a single file has from a trial on all files is code that need not be measured there. */
function seeIncumbent(scope: Scope): void {
  const hash = hashOf(scope.units.map(({ incumbent }) => incumbent.object));
  if (!scope.seen.has(hash)) scope.seen.set(hash, asTrial(incumbentOf(scope)));
}

interface Batch {
  /** Code that was not seen before, each by its shortest proposal. */
  readonly candidates: readonly Candidate[];
  /** The proposals that give the code of a candidate or of an earlier trial. */
  readonly copies: readonly Pick<Candidate, 'proposal' | 'hash'>[];
}

/** Compiles proposals; what needs neither measuring nor comparing (refused, failed, the code of -O3) becomes a finished trial. */
async function compileBatch(
  context: SearchContext,
  scope: Scope,
  proposals: readonly Proposal[],
): Promise<Batch> {
  const outcomes = await context.workspace.compileAll(
    proposals.flatMap(({ configuration }) => scope.units.map(({ command }) => ({ command, configuration }))),
  );
  const plain = hashOf(scope.units.map(({ baseline }) => baseline));
  const fresh = new Map<string, Candidate>();
  const copies: Candidate[] = [];
  for (const [index, proposal] of proposals.entries()) {
    const own = outcomes.slice(index * scope.units.length, (index + 1) * scope.units.length);
    const compiled = candidateOf(scope, proposal, own);
    if (typeof compiled === 'string') await finish(context, scope, proposal, compiled);
    else if (compiled.hash === plain && !isReturn(scope, proposal)) {
      await finish(context, scope, proposal, 'identical', { hash: compiled.hash });
    } else if (scope.seen.has(compiled.hash)) copies.push(compiled);
    else {
      const [shorter, longer] = byLength(compiled, fresh.get(compiled.hash));
      fresh.set(compiled.hash, shorter);
      if (longer !== undefined) copies.push(longer);
    }
  }
  return { candidates: [...fresh.values()], copies };
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

function hashOf(objects: readonly CompiledObject[]): string {
  const [first, ...others] = objects;
  if (first !== undefined && others.length === 0) return first.hash;
  return createHash('sha256')
    .update(objects.map(({ hash }) => hash).join())
    .digest('hex');
}

/** The candidates that give the stock build's outputs; the others become finished trials. */
async function verifyBatch(
  context: SearchContext,
  scope: Scope,
  candidates: readonly Candidate[],
): Promise<Candidate[]> {
  if (candidates.length === 0) return [];
  const incumbent = incumbentAssembly(context.baseline, context.units);
  const variants = await mapPool(candidates, os.availableParallelism(), ({ hash, objects }) =>
    context.workspace.variant(hash, withObjects(incumbent, objects)),
  );
  const verdicts = await context.trials.verify(variants);
  context.signal?.throwIfAborted();
  const passed: Candidate[] = [];
  for (const [index, candidate] of candidates.entries()) {
    const outcome = verdicts[index]?.outcome;
    if (outcome === 'equal') passed.push(candidate);
    else {
      await finish(context, scope, candidate.proposal, outcome === 'incorrect' ? 'incorrect' : 'failed', {
        hash: candidate.hash,
        measured: true,
      });
    }
  }
  return passed;
}

/** Screens all on one baseline, races the best on fresh samples beside a placebo, and promotes the winner. */
async function measureBatch(
  context: SearchContext,
  scope: Scope,
  candidates: readonly Candidate[],
): Promise<void> {
  const screened = await compare(context, scope, candidates, 'screen');
  const promising = candidates
    .filter((candidate) => ratioOf(screened, candidate) > raceAbove)
    .sort((a, b) => ratioOf(screened, b) - ratioOf(screened, a))
    .slice(0, racedPerBatch);
  const raced =
    promising.length > 0
      ? await compare(context, scope, promising, 'race')
      : new Map<string, VariantResult>();
  const base = incumbentOf(scope);
  for (const candidate of promising) await recheck(context, scope, candidate, raced);
  for (const candidate of candidates) {
    const race = raced.get(candidate.hash);
    const result = race ?? screened.get(candidate.hash);
    if (result === undefined) continue;
    const outcome = outcomeOf(result, isGain(race, context.noise.value));
    const change = outcome === 'slower' ? await changeOf(context, scope, candidate) : undefined;
    await finish(context, scope, candidate.proposal, outcome, {
      hash: candidate.hash,
      result,
      base,
      measured: true,
      ...(change && { change }),
    });
  }
  const winner = promising
    .filter((candidate) => isGain(raced.get(candidate.hash), context.noise.value))
    .sort((a, b) => ratioOf(raced, b) - ratioOf(raced, a))[0];
  scope.sinceGain += candidates.length;
  const won = winner && raced.get(winner.hash);
  if (winner !== undefined && won !== undefined) await promote(context, scope, winner, over(base, won));
}

/** A speedup beyond what the scope's share of time allows is measured again, and the lower result stands. */
async function recheck(
  context: SearchContext,
  scope: Scope,
  candidate: Candidate,
  raced: Map<string, VariantResult>,
): Promise<void> {
  // Where other code became faster, what is left of the time is this code's to a larger part.
  const share = Math.min(1, scope.evidence.share * incumbentOf(scope).speedup);
  const first = raced.get(candidate.hash);
  if (first === undefined || isPlausible(first.ratio, share)) return;
  const again = (await compare(context, scope, [candidate], 'race')).get(candidate.hash);
  if (again === undefined) return;
  if (again.outcome === 'failed' || again.ratio < first.ratio) raced.set(candidate.hash, again);
  if (again.outcome === 'failed' || isPlausible(again.ratio, share)) return;
  context.trials.warnings.add(
    `${scope.key}: a speedup of ${again.ratio.toFixed(2)} was measured twice, more than its share of the time explains; look at the bench`,
  );
}

function outcomeOf(result: VariantResult, isFaster: boolean): TrialOutcome {
  if (result.outcome === 'failed') return 'failed';
  if (isFaster) return 'faster';
  return result.outcome === 'slower' && result.ci[1] < 1 ? 'slower' : 'within-noise';
}

/** What the levers did to code and remarks of the hot functions, from which a policy sees why the trial lost. */
async function changeOf(
  context: SearchContext,
  scope: Scope,
  { proposal }: Candidate,
): Promise<EvidenceChange | undefined> {
  const changes = await mapPool(scope.units, os.availableParallelism(), async (unit) => {
    const after = await context.gather(unit, proposal.configuration);
    return after === undefined ? undefined : evidenceChange(unit.evidence, after);
  });
  context.signal?.throwIfAborted();
  return changes.every((change) => change !== undefined) ? joinChanges(changes) : undefined;
}

async function promote(
  context: SearchContext,
  scope: Scope,
  winner: Candidate,
  gain: Pick<Incumbent, 'speedup' | 'cases'>,
): Promise<void> {
  const { configuration } = winner.proposal;
  scope.sinceGain = 0;
  for (const [unit, object] of winner.objects) unit.incumbent = { configuration, object, ...gain };
  await context.journal.append({
    type: 'incumbent',
    unit: scope.key,
    configuration,
    ...gain,
    elapsedMs: context.budget.elapsedMs,
  });
}

/** Speedups over -O3 of what was measured against an incumbent. */
function over(
  base: Incumbent | undefined,
  { ratio, cases }: VariantResult,
): Required<Pick<Incumbent, 'speedup' | 'cases'>> {
  const byCase = Object.entries(cases).map(([name, one]) => [name, (base?.cases?.[name] ?? 1) * one.ratio]);
  return { speedup: (base?.speedup ?? 1) * ratio, cases: { ...base?.cases, ...Object.fromEntries(byCase) } };
}

/** On the cases that run the scope's code; the ratios are those of the whole bench, whose other cases stay as they are. */
async function compare(
  context: SearchContext,
  scope: Scope,
  candidates: readonly Candidate[],
  goal: MeasureRequest['goal'],
): Promise<Map<string, VariantResult>> {
  const own = scope.kind === 'unit' ? casesOf(scope.units) : undefined;
  const incumbent = incumbentAssembly(context.baseline, context.units);
  const baseline = await context.workspace.variant('incumbent', incumbent);
  const variants = await Promise.all(
    candidates.map(({ hash, objects }) => context.workspace.variant(hash, withObjects(incumbent, objects))),
  );
  const placebo =
    goal === 'race' ? [await context.workspace.variant('placebo', incumbent, context.trials.nextSeed())] : [];
  const measured = await context.trials.measure({
    baseline,
    candidates: [...variants, ...placebo],
    goal,
    inputs: 'tune',
    maxMs: context.budget.searchingMs,
    ...(own && { cases: own.names }),
    // Two processes that both see a loss: what is left of it is not worth a third.
    ...(goal === 'screen' ? { stopBelow: 0.99 } : { contest: { control: 'placebo' } }),
  });
  context.signal?.throwIfAborted();
  const results = measured.results.map((result) => onOwnCases(result, own));
  for (const result of results) if (result.id === 'placebo') context.noise.add(result.ratio);
  return new Map(results.map((result) => [result.id, result]));
}

function ratioOf(results: ReadonlyMap<string, VariantResult>, candidate: Candidate): number {
  return results.get(candidate.hash)?.ratio ?? 0;
}

interface TrialFacts {
  readonly hash?: string;
  readonly result?: VariantResult;
  /** What this was measured against; -O3 when absent. */
  readonly base?: Incumbent;
  readonly copy?: PolicyTrial;
  readonly change?: EvidenceChange;
  readonly measured?: boolean;
}

async function finish(
  context: SearchContext,
  scope: Scope,
  proposal: Proposal,
  outcome: TrialOutcome,
  facts: TrialFacts = {},
): Promise<void> {
  const { result, base, copy, change } = facts;
  const { speedup: baseSpeedup = 1 } = base ?? {};
  const numbers =
    result !== undefined && result.outcome !== 'failed'
      ? { ...over(base, result), ci: [baseSpeedup * result.ci[0], baseSpeedup * result.ci[1]] as const }
      : copy?.speedup !== undefined && copy.ci !== undefined
        ? { speedup: copy.speedup, ci: copy.ci, ...(copy.cases && { cases: copy.cases }) }
        : {};
  const { configuration, origin, prediction } = proposal;
  const trial: PolicyTrial = {
    configuration,
    origin,
    outcome,
    ...numbers,
    ...(change && { change }),
    ...(prediction && { prediction }),
  };
  scope.history.push(...seenTrials(scope.units, context.units, [trial]));
  if (facts.hash !== undefined && !scope.seen.has(facts.hash)) scope.seen.set(facts.hash, trial);
  if (facts.measured) context.budget.countTrials(1);
  await context.journal.append({
    type: 'trial',
    unit: scope.key,
    trial,
    reason: proposal.reason,
    measured: facts.measured ?? false,
    elapsedMs: context.budget.elapsedMs,
    ...(facts.hash !== undefined && { objectHash: facts.hash }),
  });
  context.onTrial(scope, trial);
}
