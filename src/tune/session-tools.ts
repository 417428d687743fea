import path from 'node:path';
import type { Config } from '../config/load.js';
import { isaLevelOf } from '../levers/isa-level.js';
import type { RenderTarget } from '../levers/types.js';
import type { Logger } from '../log.js';
import { FrontEnds } from './front-ends.js';
import type { Preparation } from './prepare.js';
import { Trials } from './trials.js';
import { Workspace } from './workspace.js';

/** What compiles configurations and what judges them. */
export interface SessionTools {
  readonly target: RenderTarget;
  readonly workspace: Workspace;
  readonly frontEnds: FrontEnds;
  readonly trials: Trials;
}

/** @param options `level` is the ISA level of the code, the target's when absent; `profiles` the folder that profiles are read from. */
export function sessionTools(
  config: Config,
  prep: Preparation,
  options: {
    workDir: string;
    level?: string;
    profiles: string;
    logger: Logger;
    signal: AbortSignal | undefined;
  },
): SessionTools {
  const { record, binaries, clang, gcc, host } = prep;
  const { workDir, level = isaLevelOf(prep.target), profiles, logger, signal } = options;
  const target = { arch: host.arch, major: clang.major, profiles, level, gcc: gcc !== undefined };
  const frontEnds = new FrontEnds(path.join(workDir, 'front-ends'));
  const workspace = new Workspace({
    folder: path.join(workDir, 'variants'),
    record,
    binaries,
    clang,
    gcc,
    target,
    leverPolicy: { allow: config.allow },
    signal,
    frontEnds,
  });
  const isOtherLevel = level !== host.levels.at(-1);
  return { target, workspace, frontEnds, trials: new Trials(config, prep, logger, isOtherLevel) };
}
