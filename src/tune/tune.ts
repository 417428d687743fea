import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../config/load.js';
import { gatherEvidence } from '../evidence/gather.js';
import type { Evidence } from '../evidence/types.js';
import { isForGcc } from '../levers/gcc.js';
import { isaLevelOf } from '../levers/isa-level.js';
import { renderConfiguration } from '../levers/render.js';
import type { Configuration, RenderTarget } from '../levers/types.js';
import type { Logger } from '../log.js';
import { createPolicy } from '../policy/registry.js';
import type { Policy } from '../policy/types.js';
import type { Run } from '../toolchain/run.js';
import { applyJudgement } from './apply.js';
import { Budget } from './budget.js';
import { esScore } from './es-score.js';
import { findHotUnits, gatherUnits } from './hot-units.js';
import { createInspectors } from './inspector.js';
import {
  Journal,
  type JournalEvent,
  journalFile,
  type SessionIdentity,
  unfinishedSession,
} from './journal.js';
import { type Judgement, judge } from './judge.js';
import { SessionKnowledge } from './knowledge.js';
import { levelGains } from './level-gains.js';
import { NoiseFloor } from './noise-floor.js';
import { type Preparation, prepare } from './prepare.js';
import { sessionProfiles, trainSession } from './profiles.js';
import { type Progress, silentProgress } from './progress.js';
import type { TuneResult, UnitResult } from './result.js';
import { restore } from './resume.js';
import { scopesOf } from './scopes.js';
import { search } from './search.js';
import { withSessionLock } from './session-lock.js';
import { sessionTools } from './session-tools.js';
import type { Site } from './site.js';
import type { Incumbent, TunedUnit } from './units.js';

export interface TuneOptions {
  readonly logger: Logger;
  readonly progress?: Progress;
  /** The machine to tune for; this one when absent. */
  readonly site?: Site;
  readonly signal?: AbortSignal;
  /** Proposes in place of the policy that the config names. */
  readonly policy?: Policy;
  /** Ends the session, by throwing `DryRunEnd`, where a model would be asked first. */
  readonly dryRun?: boolean;
  /** Also measures what higher ISA levels would give. */
  readonly measureLevels?: boolean;
  /** Milliseconds, monotonic; injected by tests. */
  readonly now?: () => number;
}

/** Of the session's minutes; a training that takes longer is not done a second time. */
const trainingShare = 0.1;
/** Of the session's minutes; what finding similar code may take. */
const knowledgeShare = 0.1;

/**
 * One whole session: stock build, scoring, search, judgement, lock and applied build. The journal lets a killed
 * session go on where it was.
 * @throws AutoPassError for everything that makes tuning impossible; the lock is then untouched.
 */
export function tune(config: Config, options: TuneOptions): Promise<TuneResult> {
  const state = path.join(config.packageRoot, '.autopass');
  return withSessionLock(state, async () => {
    const workDir = path.join(state, 'work');
    await rm(workDir, { recursive: true, force: true });
    try {
      return await runSession(config, workDir, options);
    } finally {
      await rm(workDir, { recursive: true, force: true });
    }
  });
}

async function runSession(config: Config, workDir: string, options: TuneOptions): Promise<TuneResult> {
  const { logger, signal, progress = silentProgress, now = () => performance.now() } = options;
  const startedAt = now();
  const dryRun = options.dryRun === true;
  const policy =
    options.policy ?? createPolicy(config.policy, config.seed, { config, logger, signal, dryRun });
  await policy.prepare?.();
  progress.phase('build');
  const { site } = options;
  const prep = await prepare(config, { ...(site && { site }), workDir, logger, signal });
  const level = isaLevelOf(prep.target);
  const { target, workspace, frontEnds, trials } = sessionTools(config, prep, {
    workDir,
    profiles: sessionProfiles(config.packageRoot),
    logger,
    signal,
  });

  progress.phase('score');
  const hot = await findHotUnits({ config, prep, workspace, trials }, { workDir, logger, signal });
  const { score, baseline } = hot;
  const { run } = frontEnds;
  const units = await gatherUnits(prep, hot, { workDir, level, run, signal });

  const identity: SessionIdentity = {
    target: prep.target,
    compiler: prep.clang.identity,
    policy: config.policy,
    seed: config.seed,
    fingerprint: prep.fingerprint,
  };
  const file = journalFile(config.packageRoot);
  const past = await unfinishedSession(file, identity);
  const isTrained = past?.some(({ type }) => type === 'profiles') ?? false;
  if (!isTrained && prep.isLocal) progress.step('running the bench with instrumented code for a profile');
  const recountWithinMs = config.budget.minutes * 60_000 * trainingShare;
  const profiles = await trainedProfiles(prep, units, past ?? [], { level, logger, recountWithinMs, now });

  progress.phase('search');
  const noise = new NoiseFloor();
  const budget = new Budget(config.budget, now, elapsedOf(past ?? []));
  const scopes = scopesOf(units);
  const gather = (unit: TunedUnit, configuration: Configuration): Promise<Evidence | undefined> =>
    gatherUnder(configuration, { prep, target, allow: config.allow, unit, workDir, run, signal });
  const knowledge = new SessionKnowledge({
    workspace,
    clang: prep.clang,
    target,
    allow: config.allow,
    profiles,
    packageRoot: config.packageRoot,
    env: process.env,
    logger,
    signal,
    limitMs: config.budget.minutes * 60_000 * knowledgeShare,
    now,
  });
  const resumedTrials = past === undefined ? 0 : await restore(past, scopes, workspace, budget);
  const journal = await Journal.open(file);
  try {
    if (past === undefined) await journal.append({ type: 'session', identity, at: new Date().toISOString() });
    if (!isTrained) await journal.append({ type: 'profiles', profiles });
    await search({
      units,
      scopes,
      baseline,
      workspace,
      policy,
      arch: prep.host.arch,
      major: prep.clang.major,
      level,
      gcc: prep.gcc !== undefined,
      cpu: prep.cpu,
      allow: config.allow,
      profiles,
      budget,
      journal,
      trials,
      noise,
      logger,
      signal,
      gather,
      inspect: createInspectors({
        workspace,
        clang: prep.clang,
        cpu: prep.modelledCpu,
        target,
        allow: config.allow,
        workDir,
        signal,
        gather,
      }),
      similar: (scope) => knowledge.similarTo(scope),
      onTrial: (scope, trial) => progress.trial(scope.key, trial, budget.trials),
    });
    signal?.throwIfAborted();

    progress.phase('judge');
    const judging = {
      units,
      scopes,
      baseline,
      workspace,
      trials,
      noise,
      budget,
      onStep: (message: string) => progress.step(message),
      signal,
    };
    const judgement = await judge(judging);
    const kept = judgement.kept.map(({ unit }) => unit);
    const levels = options.measureLevels ? await levelGains(judging, { host: prep.host, kept }) : undefined;

    progress.phase('apply');
    const agents = policy.report?.();
    const es = esScore(
      scopes.flatMap(({ history }) => history),
      0,
    );
    const applied = await applyJudgement({
      config,
      prep,
      units,
      judgement,
      trials,
      logger,
      signal,
      agents,
    });
    const result: TuneResult = {
      target: identity.target,
      tus: unitResults(units, judgement),
      leverGains: Object.fromEntries(judgement.leverGains),
      addon: { vsO3: judgement.vsO3, vsStock: judgement.vsStock },
      noiseFloor: judgement.noiseFloor,
      ...(levels && { levels }),
      trials: budget.trials,
      elapsedMs: Math.round(now() - startedAt),
      policy: config.policy,
      verdict: judgement.verdict,
      sameInputs: trials.sameInputs,
      estimate: trials.isEstimate,
      ...(judgement.instructions && { instructions: judgement.instructions }),
      compiler: `clang ${prep.clang.version}`,
      resumedTrials,
      processes: trials.processes,
      warnings: [...score.warnings, ...trials.warnings, ...applied.warnings, ...(agents?.notes ?? [])],
      ...(es !== undefined && { esScore: es }),
      ...(agents && { agents }),
    };
    await journal.append({ type: 'end', elapsedMs: budget.elapsedMs, summary: result });
    // Others learn from measurements only.
    if (!result.estimate) await knowledge.learn(scopes, result);
    return result;
  } finally {
    await journal.close();
  }
}

/** The session's profiles; without any the session goes on and says why. */
async function trainedProfiles(
  prep: Preparation,
  units: readonly TunedUnit[],
  past: readonly JournalEvent[],
  options: { level: string; logger: Logger; recountWithinMs: number; now: () => number },
): Promise<readonly Configuration[]> {
  if (!prep.isLocal) return [];
  const { logger, ...training } = options;
  const { profiles, problem } = await trainSession(past, {
    ...prep.bench,
    record: prep.record,
    binaries: prep.binaries,
    clang: prep.clang,
    gcc: prep.gcc,
    commands: units.map(({ command }) => command),
    ...training,
  });
  if (problem !== undefined) {
    logger.info(
      `${profiles.length === 0 ? 'no profiles are used' : 'not every profile is used'}: ${problem}`,
    );
  }
  return profiles;
}

/** Evidence under a configuration that one call of clang compiles; undefined otherwise. */
async function gatherUnder(
  configuration: Configuration,
  options: {
    prep: Preparation;
    target: RenderTarget;
    allow: readonly string[];
    unit: TunedUnit;
    workDir: string;
    run: Run;
    signal: AbortSignal | undefined;
  },
): Promise<Evidence | undefined> {
  const { prep, target, allow, unit, workDir, run, signal } = options;
  const rendered = renderConfiguration(configuration, { allow }, target);
  if (!rendered.ok || rendered.plan.kind !== 'flags' || rendered.plan.gcc) return undefined;
  return gatherEvidence({
    command: unit.command,
    clang: prep.clang,
    flags: rendered.plan.args,
    hot: unit.evidence.hot,
    share: unit.share,
    workDir,
    run,
    ...(signal && { signal }),
  });
}

function unitResults(units: readonly TunedUnit[], judgement: Judgement): UnitResult[] {
  return units.map((unit) => {
    const judged = judgement.kept.find((kept) => kept.unit === unit);
    return {
      file: unit.command.file,
      ...(unit.isAmbiguous && { object: unit.command.object }),
      share: unit.share,
      levers: judged === undefined ? {} : unit.incumbent.configuration,
      speedup: judged?.vsO3.ratio ?? 1,
      ci: judged?.vsO3.ci ?? [1, 1],
      vsStock: judged?.vsStock ?? { ratio: 1, ci: [1, 1] },
      verdict: judged === undefined ? 'stock' : 'tuned',
      reason: judged === undefined ? (judgement.dropped.get(unit) ?? '') : explain(unit.incumbent),
      ...(judgement.overfitted.has(unit) && {
        note: 'with a profile it was faster on the tuning inputs, and slower on the check inputs',
      }),
    };
  });
}

function explain({ configuration }: Incumbent): string {
  const levers = Object.keys(configuration).length;
  if (levers === 0) return 'plain clang -O3 beats the stock compiler';
  return `${levers} lever${levers === 1 ? '' : 's'} ${isForGcc(configuration) ? "of the project's own gcc" : 'over clang -O3'}`;
}

function elapsedOf(events: readonly JournalEvent[]): number {
  return events.reduce((most, event) => Math.max(most, 'elapsedMs' in event ? event.elapsedMs : 0), 0);
}
