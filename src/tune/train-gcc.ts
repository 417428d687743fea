import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { baseArgsOf } from '../build/plan-file.js';
import { countsArgs, countsName, gccLevel } from '../levers/gcc.js';
import { gccProfile } from '../levers/profiles.js';
import { linkAddon } from './link.js';
import { filesIn, runInstrumented, type Training, type TrainRequest } from './train.js';
import { compileForTraining, keepProfile } from './training-files.js';

/**
 * Runs the bench, on the inputs for tuning, with code that the project's gcc instrumented at -O3: early inlining, before the counters, depends on
 * the level. A training that fails never ends a session.
 */
export async function trainGcc(request: TrainRequest): Promise<Training> {
  const { gcc, commands, workDir, profiles, signal } = request;
  if (gcc === undefined) return { profiles: [] };
  if (commands.some(({ argv }) => writesBeside(argv)))
    return without('its options make gcc write files beside the object, which would land in the profile');
  if (new Set(commands.map(({ object }) => countsName(object))).size < commands.length)
    return without('two of the hot files have objects of one name');
  const folder = path.join(workDir, 'training-by-gcc');
  const counts = path.join(folder, 'counts');
  try {
    await mkdir(counts, { recursive: true });
    const flags = [
      ...baseArgsOf({ kind: 'flags', args: [], gcc: true }),
      '-O3',
      '-fprofile-generate',
      '-fprofile-update=prefer-atomic',
      ...['-dumpdir', `${counts}/`],
    ];
    const binaries = await linkAddon(request.record, request.binaries, {
      replacements: await compileForTraining(request, gcc, folder, ({ object }) => [
        ...flags,
        ...countsArgs(object),
      ]),
      into: path.join(folder, 'addon'),
      extra: ['-lgcov'],
    });
    await runInstrumented(request, folder, binaries);
    await filesIn(counts);
    const name = await keepProfile(gccProfile, counts, profiles);
    return { profiles: [{ [gccLevel]: '-O3', [gccProfile]: name }] };
  } catch (error) {
    signal?.throwIfAborted();
    return without(error instanceof Error ? error.message : String(error));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Besides the object and a dependency file that is named. */
function writesBeside(argv: readonly string[]): boolean {
  const isUnnamed =
    argv.some((arg) => arg === '-MD' || arg === '-MMD') && !argv.some((arg) => arg.startsWith('-MF'));
  return (
    isUnnamed ||
    argv.some((arg) => /^-(?:gsplit-dwarf|fstack-usage|fcallgraph-info|fdump-|fopt-info)/.test(arg))
  );
}

function without(reason: string): Training {
  return { profiles: [], problem: `no profile for gcc: ${reason}` };
}
