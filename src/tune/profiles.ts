import { cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { profileState } from '../build/profile-state.js';
import { profileFileOf, profilePattern, profilesFolder } from '../levers/profiles.js';
import type { Configuration } from '../levers/types.js';
import type { Lock } from '../lock/types.js';
import type { JournalEvent } from './journal.js';
import { type Training, type TrainRequest, train } from './train.js';
import { trainGcc } from './train-gcc.js';
import { trainSampled } from './train-sampled.js';

/** Where a session keeps its profiles. */
export function sessionProfiles(packageRoot: string): string {
  return path.join(packageRoot, '.autopass', 'profiles');
}

/** Trains; a resumed session goes on with the profiles that it began with, as far as they are there. */
export async function trainSession(
  past: readonly JournalEvent[],
  request: Omit<TrainRequest, 'profiles'>,
): Promise<Training> {
  const folder = sessionProfiles(request.packageRoot);
  const first = past.find((event) => event.type === 'profiles');
  if (first === undefined) return trainAll({ ...request, profiles: folder });
  const intact: Configuration[] = [];
  for (const profile of first.profiles) {
    if ((await profileState(folder, profile)) === 'intact') intact.push(profile);
  }
  const isWhole = intact.length === first.profiles.length;
  return { profiles: intact, ...(!isWhole && { problem: 'what the interrupted session used is gone' }) };
}

/** Counts, and then counts with gcc's code and samples, where that leaves time; the roughest profile comes first. */
async function trainAll(request: TrainRequest): Promise<Training> {
  const { recountWithinMs = Number.POSITIVE_INFINITY, now = () => performance.now() } = request;
  const startedAt = now();
  const trainings = [await train(request)];
  for (const next of [trainGcc, trainSampled]) {
    if (now() - startedAt <= recountWithinMs) trainings.push(await next(request));
  }
  const [counted, byGcc, sampled] = trainings;
  const problems = trainings.map(({ problem }) => problem).filter((problem) => problem !== undefined);
  return {
    profiles: [sampled, byGcc, counted].flatMap((training) => training?.profiles ?? []),
    ...(problems.length > 0 && { problem: problems.join('; ') }),
  };
}

/** Many packages ignore `*.profdata` and `*.gcda`, and so would lose theirs: git and npm both let a folder have its own list. */
const ignoreFile = '.gitignore';
const ignoreNothing = '# These profiles belong to autopass.lock.\n!*\n';

/** Puts the profiles of this session that a lock names beside it. */
export async function installProfiles(packageRoot: string, lock: Lock): Promise<void> {
  const [from, to] = [sessionProfiles(packageRoot), path.join(packageRoot, profilesFolder)];
  const names = new Set<string>();
  for (const { levers } of lock.entries) {
    const name = profileFileOf(levers);
    if (name === undefined || names.has(name)) continue;
    if ((await profileState(from, levers)) === 'intact') names.add(name);
  }
  if (names.size === 0) return;
  await mkdir(to, { recursive: true });
  await writeFile(path.join(to, ignoreFile), ignoreNothing);
  for (const name of names) {
    const place = path.join(to, name);
    await rm(`${place}.tmp`, { recursive: true, force: true });
    await cp(path.join(from, name), `${place}.tmp`, { recursive: true });
    await rm(place, { recursive: true, force: true });
    await rename(`${place}.tmp`, place);
  }
}

/** Deletes the profiles beside a lock that it does not name. */
export async function pruneProfiles(packageRoot: string, lock: Lock): Promise<void> {
  const folder = path.join(packageRoot, profilesFolder);
  const kept = new Set(lock.entries.map(({ levers }) => profileFileOf(levers)));
  const files = await readdir(folder).catch(() => []);
  const stray = files.filter((file) => profilePattern.test(file) && !kept.has(file));
  for (const file of stray) await rm(path.join(folder, file), { recursive: true });
  const isEmpty = files.every((file) => file === ignoreFile || stray.includes(file));
  if (isEmpty) await rm(folder, { recursive: true, force: true });
}
