import os from 'node:os';
import { type EvidenceChange, evidenceChange, joinChanges } from '../evidence/compare.js';
import type { Evidence } from '../evidence/types.js';
import { isForGcc } from '../levers/gcc.js';
import type { Configuration } from '../levers/types.js';
import type { Logger } from '../log.js';
import { verdict } from '../measure/sequential.js';
import type { Variant, VariantResult } from '../measure/types.js';
import type { Inspector, Policy, PolicyTrial, Proposal, SimilarUnit, TrialOutcome } from '../policy/types.js';
import type { Verification } from '../verify/verify.js';
import type { Budget } from './budget.js';
import { type Build, buildsOf, idOf, type Part } from './builds.js';
import { type Batch, type Candidate, compileBatch, hashOf } from './compile-batch.js';
import type { Journal } from './journal.js';
import { isGain, type NoiseFloor } from './noise-floor.js';
import { casesOf, onOwnCases } from './on-cases.js';
import { isPlausible } from './plausible.js';
import { mapPool } from './pool.js';
import { nextScopes, type Scope } from './scopes.js';
import { seenTrials } from './seen-trials.js';
import { stockLeads } from './stock-leads.js';
import type { Trials } from './trials.js';
import {
  addRival,
  asTrial,
  type Incumbent,
  incumbentAssembly,
  type TunedUnit,
  withObjects,
} from './units.js';
import type { Assembly, Workspace } from './workspace.js';

/** Candidates per batch: they share one process and one baseline. */
const batchSize = 6;
const leastBatch = 3;
/** Part of the search's time that compiling one batch may take: what the first tells, the next can build on. */
const compileShare = 0.1;
/** Part of the search's time that a look at what a trial did to the code may take, which is about a compilation. */
const lookShare = 0.02;
/** A screened candidate must look at least this much faster to be raced. */
const raceAbove = 1.003;
const racedPerBatch = 3;
/** The same of what gcc makes, which takes nobody's place: what it is ahead by says nothing of levers of clang. */
const racedOfGcc = 2;

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
  /** Configurations may be for the project's own gcc. */
  readonly gcc: boolean;
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

/** Spends the search share of the budget; afterwards every unit holds its incumbent. */
export async function search(context: SearchContext): Promise<void> {
  const { scopes, budget } = context;
  const leads = await stockLeads(context);
  let trialMs: number | undefined;
  while (budget.maySearch && !context.signal?.aborted) {
    const chosen = nextScopes(scopes, budget, leads);
    if (chosen.length === 0) return;
    const { elapsedMs, trials } = budget;
    await searchScopes(context, chosen, batchFor(chosen, context, trialMs));
    trialMs = (budget.elapsedMs - elapsedMs) / Math.max(1, budget.trials - trials);
  }
}

async function searchScopes(context: SearchContext, scopes: readonly Scope[], batch: number): Promise<void> {
  const parts: (Part & Batch)[] = [];
  for (const scope of scopes) {
    const proposals = await propose(context, scope, batch);
    if (proposals.length === 0) {
      scope.exhausted = true;
      continue;
    }
    seeIncumbent(scope);
    const compiled = await compileBatch(context.workspace, scope, proposals);
    for (const { proposal, outcome, hash } of compiled.settled) {
      await finish(context, scope, proposal, outcome, hash === undefined ? {} : { hash });
    }
    parts.push({ scope, ...compiled });
  }
  const verified = await verifyBatch(context, parts);
  if (verified.length > 0) await measureBatch(context, verified);
  for (const { scope, copies } of parts) {
    for (const { proposal, hash } of copies) {
      const copy = scope.seen.get(hash);
      if (copy !== undefined) await finish(context, scope, proposal, copy.outcome, { hash, copy });
    }
  }
}

function propose(context: SearchContext, scope: Scope, batch: number): Promise<readonly Proposal[]> {
  const addon = context.scopes.find(({ kind }) => kind === 'addon');
  return context.policy.propose({
    scope: scope.kind,
    arch: context.arch,
    major: context.major,
    level: context.level,
    gcc: context.gcc,
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
    batch,
  });
}

/**
 * A batch that leaves trials for the units which had none, is small where files take long to compile, and there ends about when the search's time does.
 * @param trialMs what a trial of the last batch took
 */
function batchFor(
  chosen: readonly Scope[],
  { scopes, budget, workspace }: SearchContext,
  trialMs: number | undefined,
): number {
  const fitting = trialMs === undefined ? leastBatch : Math.ceil(budget.searchingMs / trialMs);
  const least = Math.min(leastBatch, Math.max(1, fitting));
  const left = budget.remainingTrials;
  const waiting = scopes.filter(
    (scope) =>
      scope.kind === 'unit' && scope.history.length === 0 && !scope.exhausted && !chosen.includes(scope),
  ).length;
  const isFine = chosen.every(({ kind }) => kind === 'unit');
  const fair = isFine && waiting > 0 ? Math.max(least, Math.ceil(left / (waiting + 1))) : left;
  const commands = chosen.flatMap(({ units }) => units.map(({ command }) => command));
  const compileMs = workspace.compileMs(commands);
  const affordable = Math.max(least, Math.floor((budget.searchMs * compileShare) / compileMs));
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

function variantOf({ workspace, baseline, units }: SearchContext, build: Build): Promise<Variant> {
  const objects = new Map(build.flatMap(({ candidate }) => [...candidate.objects]));
  return workspace.variant(idOf(build), withObjects(incumbentAssembly(baseline, units), objects));
}

async function verdictsOn(
  context: SearchContext,
  builds: readonly Build[],
): Promise<Verification['outcome'][]> {
  const variants = await mapPool(builds, os.availableParallelism(), (build) => variantOf(context, build));
  const verdicts = await context.trials.verify(variants);
  context.signal?.throwIfAborted();
  return verdicts.map(({ outcome }) => outcome);
}

/** The candidates that give the stock build's outputs; the others become finished trials. */
async function verifyBatch(context: SearchContext, parts: readonly Part[]): Promise<Part[]> {
  const builds = buildsOf(parts);
  if (builds.length === 0) return [];
  const passed = new Set<Candidate>();
  const verdicts = await verdictsOn(context, builds);
  for (const [index, build] of builds.entries()) {
    const isEqual = verdicts[index] === 'equal';
    // Whose fault it is, is told by each alone.
    const single = build.map((one): Build => [one]);
    const own = isEqual || build.length === 1 ? undefined : await verdictsOn(context, single);
    for (const [place, { scope, candidate }] of build.entries()) {
      const outcome = own?.[place] ?? verdicts[index];
      if (outcome === 'equal') passed.add(candidate);
      else {
        await finish(context, scope, candidate.proposal, outcome === 'incorrect' ? 'incorrect' : 'failed', {
          hash: candidate.hash,
          measured: true,
          sameBuild: place > 0,
        });
      }
    }
  }
  return parts.flatMap(({ scope, candidates }) => {
    const sound = candidates.filter((candidate) => passed.has(candidate));
    return sound.length === 0 ? [] : [{ scope, candidates: sound }];
  });
}

/** Screens all on one baseline, races the best on fresh samples beside a placebo, and promotes the winners. */
async function measureBatch(context: SearchContext, parts: readonly Part[]): Promise<void> {
  const counted = new Set(buildsOf(parts).map(([first]) => first?.candidate));
  const screened = await compare(context, parts, 'screen');
  const promising = parts.flatMap(({ scope, candidates }): Part[] => {
    const sorted = candidates
      .filter((candidate) => ratioOf(screened, candidate) > raceAbove)
      .sort((a, b) => ratioOf(screened, b) - ratioOf(screened, a));
    const best = [
      ...sorted.filter((candidate) => !isByGcc(candidate)).slice(0, racedPerBatch),
      ...sorted.filter(isByGcc).slice(0, racedOfGcc),
    ];
    return best.length === 0 ? [] : [{ scope, candidates: best }];
  });
  const raced: Map<Candidate, VariantResult> =
    promising.length > 0 ? await compare(context, promising, 'race') : new Map();
  for (const { scope, candidates } of promising) {
    for (const candidate of candidates) await recheck(context, scope, candidate, raced);
  }
  const winners: Winner[] = [];
  for (const { scope, candidates } of parts) {
    const base = incumbentOf(scope);
    for (const candidate of candidates) {
      const race = raced.get(candidate);
      const result = race ?? screened.get(candidate);
      if (result === undefined) continue;
      const outcome = outcomeOf(result, isGain(race, context.noise.value));
      // With several scopes there are too many.
      const isAsked = outcome === 'slower' && parts.length === 1 && isLookCheap(context, scope);
      const change = isAsked ? await changeOf(context, scope, candidate) : undefined;
      await finish(context, scope, candidate.proposal, outcome, {
        hash: candidate.hash,
        result,
        base,
        measured: true,
        sameBuild: !counted.has(candidate),
        ...(change && { change }),
      });
    }
    const gains = candidates
      .filter((candidate) => isGain(raced.get(candidate), context.noise.value))
      .sort((a, b) => ratioOf(raced, b) - ratioOf(raced, a));
    scope.sinceGain += candidates.length;
    const winnerOf = (candidate: Candidate | undefined): Winner[] => {
      const won = candidate && raced.get(candidate);
      return won ? [{ scope, candidate, ratio: won.ratio, gain: over(base, won) }] : [];
    };
    winners.push(...winnerOf(gains.find((candidate) => !isByGcc(candidate))));
    for (const rival of winnerOf(gains.find(isByGcc))) await keepRival(context, rival);
  }
  for (const winner of await fittingTogether(context, winners)) await promote(context, winner);
}

function isByGcc({ proposal }: Candidate): boolean {
  return isForGcc(proposal.configuration);
}

interface Winner {
  readonly scope: Scope;
  readonly candidate: Candidate;
  /** Over the scope's incumbent. */
  readonly ratio: number;
  /** Over -O3. */
  readonly gain: Required<Pick<Incumbent, 'speedup' | 'cases'>>;
}

/** Winners of several builds were not verified together; where they are not right together, the best goes on alone. */
async function fittingTogether(
  context: SearchContext,
  winners: readonly Winner[],
): Promise<readonly Winner[]> {
  if (winners.length < 2) return winners;
  const [outcome] = await verdictsOn(context, [winners]);
  return outcome === 'equal' ? winners : [...winners].sort((a, b) => b.ratio - a.ratio).slice(0, 1);
}

/** A speedup beyond what the scope's share of time allows is measured again, and the lower result stands. */
async function recheck(
  context: SearchContext,
  scope: Scope,
  candidate: Candidate,
  raced: Map<Candidate, VariantResult>,
): Promise<void> {
  // Where other code became faster, what is left of the time is this code's to a larger part.
  const share = Math.min(1, scope.evidence.share * incumbentOf(scope).speedup);
  const first = raced.get(candidate);
  if (first === undefined || isPlausible(first.ratio, share)) return;
  const again = (await compare(context, [{ scope, candidates: [candidate] }], 'race')).get(candidate);
  if (again === undefined) return;
  if (again.outcome === 'failed' || again.ratio < first.ratio) raced.set(candidate, again);
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

function isLookCheap({ workspace, budget }: SearchContext, { units }: Scope): boolean {
  return workspace.compileMs(units.map(({ command }) => command)) < budget.searchMs * lookShare;
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

async function promote(context: SearchContext, { scope, candidate, gain }: Winner): Promise<void> {
  const { configuration } = candidate.proposal;
  scope.sinceGain = 0;
  for (const [unit, object] of candidate.objects) unit.incumbent = { configuration, object, ...gain };
  await context.journal.append({
    type: 'incumbent',
    unit: scope.key,
    configuration,
    ...gain,
    elapsedMs: context.budget.elapsedMs,
  });
}

/** What gcc makes is kept aside: levers of clang cannot be built on it. */
async function keepRival(context: SearchContext, { scope, candidate, gain }: Winner): Promise<void> {
  const { configuration } = candidate.proposal;
  let isBest = false;
  for (const [unit, object] of candidate.objects) {
    isBest = addRival(unit, scope.kind, { configuration, object, ...gain }) || isBest;
  }
  if (!isBest) return;
  scope.sinceGain = 0;
  const { elapsedMs } = context.budget;
  await context.journal.append({ type: 'incumbent', unit: scope.key, configuration, ...gain, elapsedMs });
}

/** Speedups over -O3 of what was measured against an incumbent. */
function over(
  base: Incumbent | undefined,
  { ratio, cases }: VariantResult,
): Required<Pick<Incumbent, 'speedup' | 'cases'>> {
  const byCase = Object.entries(cases).map(([name, one]) => [name, (base?.cases?.[name] ?? 1) * one.ratio]);
  return { speedup: (base?.speedup ?? 1) * ratio, cases: { ...base?.cases, ...Object.fromEntries(byCase) } };
}

/** Each scope on the cases that run its code; the ratios are those of the whole bench, whose other cases stay as they are. */
async function compare(
  context: SearchContext,
  parts: readonly Part[],
  goal: 'screen' | 'race',
): Promise<Map<Candidate, VariantResult>> {
  const { baseline, units, workspace, trials, noise, signal } = context;
  const builds = buildsOf(parts);
  const owns = new Map(
    parts.map(({ scope }) => [scope, scope.kind === 'unit' ? casesOf(scope.units) : undefined]),
  );
  const cases = [...owns.values()].flatMap((own) => own?.names ?? []);
  const incumbent = incumbentAssembly(baseline, units);
  const variants = await Promise.all(builds.map((build) => variantOf(context, build)));
  const placebo = goal === 'race' ? [await workspace.variant('placebo', incumbent, trials.nextSeed())] : [];
  const { results } = await trials.measure({
    baseline: await workspace.variant('incumbent', incumbent),
    candidates: [...variants, ...placebo],
    goal,
    inputs: 'tune',
    maxMs: context.budget.searchingMs,
    ...(cases.length > 0 && { cases }),
    ...(parts.length === 1 && ending[goal]),
  });
  signal?.throwIfAborted();
  const byId = new Map(results.map((result) => [result.id, result]));
  const found = new Map<Candidate, VariantResult>();
  for (const build of builds) {
    const result = byId.get(idOf(build));
    for (const { scope, candidate } of build) {
      if (result === undefined) continue;
      const own = onOwnCases(result, owns.get(scope));
      const isAlone = build.length === 1 || own.outcome === 'failed';
      found.set(candidate, isAlone ? own : { ...own, outcome: verdict(own, noise.value) });
    }
  }
  const control = byId.get('placebo');
  if (control !== undefined) for (const own of owns.values()) noise.add(onOwnCases(control, own).ratio);
  return found;
}

/**
 * When a candidate needs no more processes. Two that both see a loss: what is left of it is not worth a third. Builds with candidates for several scopes
 * are measured to the end: what one of them loses says nothing of the others.
 */
const ending = { screen: { stopBelow: 0.99 }, race: { contest: { control: 'placebo' } } } as const;

function ratioOf(results: ReadonlyMap<Candidate, VariantResult>, candidate: Candidate): number {
  return results.get(candidate)?.ratio ?? 0;
}

interface TrialFacts {
  readonly hash?: string;
  readonly result?: VariantResult;
  /** What this was measured against; -O3 when absent. */
  readonly base?: Incumbent;
  readonly copy?: PolicyTrial;
  readonly change?: EvidenceChange;
  readonly measured?: boolean;
  /** It is not the first of its build, which counts as one trial. */
  readonly sameBuild?: boolean;
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
  if (facts.measured && !facts.sameBuild) context.budget.countTrials(1);
  await context.journal.append({
    type: 'trial',
    unit: scope.key,
    trial,
    reason: proposal.reason,
    measured: facts.measured ?? false,
    ...(facts.sameBuild && { sameBuild: true }),
    elapsedMs: context.budget.elapsedMs,
    ...(facts.hash !== undefined && { objectHash: facts.hash }),
  });
  context.onTrial(scope, trial);
}
