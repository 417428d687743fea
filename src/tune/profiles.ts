import { copyFile, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { profileState } from '../build/profile-state.js';
import { profileFile, profileOf, profilesFolder } from '../levers/profiles.js';
import type { Configuration } from '../levers/types.js';
import type { Lock } from '../lock/types.js';
import type { JournalEvent } from './journal.js';
import { type Training, type TrainRequest, train } from './train.js';
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
    if ((await profileState(folder, profileOf(profile) ?? '')) === 'intact') intact.push(profile);
  }
  const isWhole = intact.length === first.profiles.length;
  return { profiles: intact, ...(!isWhole && { problem: 'what the interrupted session used is gone' }) };
}

/** Counts, and then samples where that leaves time; the roughest profile comes first. */
async function trainAll(request: TrainRequest): Promise<Training> {
  const { recountWithinMs = Number.POSITIVE_INFINITY, now = () => performance.now() } = request;
  const startedAt = now();
  const counted = await train(request);
  const sampled = now() - startedAt > recountWithinMs ? undefined : await trainSampled(request);
  const problems = [counted.problem, sampled?.problem].filter((problem) => problem !== undefined);
  return {
    profiles: [...(sampled?.profiles ?? []), ...counted.profiles],
    ...(problems.length > 0 && { problem: problems.join('; ') }),
  };
}

/** Puts the profiles of this session that a lock names beside it. */
export async function installProfiles(packageRoot: string, lock: Lock): Promise<void> {
  const [from, to] = [sessionProfiles(packageRoot), path.join(packageRoot, profilesFolder)];
  for (const name of namedProfiles(lock)) {
    if ((await profileState(from, name)) !== 'intact') continue;
    const file = path.join(to, profileFile(name));
    await mkdir(to, { recursive: true });
    await copyFile(path.join(from, profileFile(name)), `${file}.tmp`);
    await rename(`${file}.tmp`, file);
  }
}

/** Deletes the profiles beside a lock that it does not name. */
export async function pruneProfiles(packageRoot: string, lock: Lock): Promise<void> {
  const folder = path.join(packageRoot, profilesFolder);
  const kept = new Set(namedProfiles(lock).map(profileFile));
  for (const file of await readdir(folder).catch(() => [])) {
    if (/^[0-9a-f]{16}\.profdata$/.test(file) && !kept.has(file)) {
      await rm(path.join(folder, file), { recursive: true });
    }
  }
  // Stays when something else is in it.
  await rmdir(folder).catch(() => {});
}

function namedProfiles(lock: Lock): string[] {
  const names = lock.entries.map(({ levers }) => profileOf(levers)).filter((name) => name !== undefined);
  return [...new Set(names)];
}
