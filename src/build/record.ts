import { existsSync } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterMove } from './moved-build.js';
import { parseCommand } from './parse-command.js';
import { parseCalls } from './record-format.js';
import { replaceFile } from './replace-file.js';
import { expandResponseFiles } from './response-files.js';
import { type StatePaths, statePaths } from './state.js';
import type { BuildRecord, CompileCommand, LinkCommand, RecordedCommand } from './types.js';

interface StoredCall extends RecordedCommand {
  readonly seenMs: number;
}

/** A launcher may still be writing a file that is younger than this. */
const settledAfterMs = 2_000;

/**
 * What the launcher saw of the package's builds: for every output the latest command that made it. Commands whose
 * source or working directory is gone (configure checks, moved files) are left out.
 */
export async function loadRecord(packageRoot: string): Promise<BuildRecord> {
  const calls = await readCalls(statePaths(packageRoot));
  return toRecord(packageRoot, calls.stored.concat(calls.fresh));
}

/** Folds the files of single launcher processes into `record.json`. */
export async function compactRecord(packageRoot: string, nowMs: number = Date.now()): Promise<void> {
  const state = statePaths(packageRoot);
  const { stored, fresh, files } = await readCalls(state);
  const settled = files.filter((file) => nowMs - file.modifiedMs > settledAfterMs);
  if (settled.length === 0) return;
  const latest = new Map<string, StoredCall>();
  for (const call of bySeen(stored.concat(fresh))) {
    const command = currentCommand(call, packageRoot);
    if (command !== undefined) latest.set(command.output, call);
  }
  await replaceFile(state.recordFile, `${JSON.stringify({ version: 1, calls: [...latest.values()] })}\n`);
  await Promise.all(settled.map((file) => rm(file.path, { force: true })));
}

/** Forgets everything, before a build from scratch. */
export async function resetRecord(packageRoot: string): Promise<void> {
  const state = statePaths(packageRoot);
  await rm(state.recordFile, { force: true });
  for (const name of await readdir(state.record).catch(() => [])) {
    await rm(path.join(state.record, name), { force: true, recursive: true });
  }
}

function toRecord(packageRoot: string, calls: readonly StoredCall[]): BuildRecord {
  const latest = new Map<string, CompileCommand | LinkCommand>();
  for (const call of bySeen(calls)) {
    const command = currentCommand(call, packageRoot);
    if (command === undefined) continue;
    latest.delete(command.output);
    latest.set(command.output, command);
  }
  const commands = [...latest.values()];
  return {
    packageRoot,
    compiles: commands.filter((command) => command.kind === 'compile'),
    links: commands.filter((command) => command.kind !== 'compile'),
  };
}

function bySeen(calls: readonly StoredCall[]): StoredCall[] {
  return [...calls].sort((a, b) => a.seenMs - b.seenMs);
}

/** The command as it would be given now; undefined when its source or working directory is gone. */
function currentCommand(call: StoredCall, packageRoot: string): CompileCommand | LinkCommand | undefined {
  const command = parseCommand(afterMove(call), packageRoot);
  if (command === undefined || !existsSync(command.cwd)) return undefined;
  return command.kind === 'compile' && !existsSync(command.source) ? undefined : command;
}

interface CallFiles {
  stored: StoredCall[];
  fresh: StoredCall[];
  files: { path: string; modifiedMs: number }[];
}

async function readCalls(state: StatePaths): Promise<CallFiles> {
  const stored = await readStored(state.recordFile);
  const found: CallFiles = { stored, fresh: [], files: [] };
  for (const name of await readdir(state.record).catch(() => [])) {
    const file = path.join(state.record, name);
    try {
      const { mtimeMs } = await stat(file);
      for (const call of parseCalls(await readFile(file))) {
        // They lie in the build folder, which may have been renamed; the call stays as it was given.
        const { argv } = expandResponseFiles(afterMove(call));
        found.fresh.push({ ...call, argv, seenMs: mtimeMs });
      }
      found.files.push({ path: file, modifiedMs: mtimeMs });
    } catch {
      // Another sync step compacted it meanwhile, or it is not a readable file.
    }
  }
  return found;
}

async function readStored(file: string): Promise<StoredCall[]> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    const calls = (value as { version?: unknown; calls?: unknown }).calls;
    return Array.isArray(calls) ? calls.filter(isStoredCall) : [];
  } catch {
    return [];
  }
}

function isStoredCall(value: unknown): value is StoredCall {
  const call = value as StoredCall;
  return (
    typeof call === 'object' &&
    call !== null &&
    typeof call.cwd === 'string' &&
    typeof call.seenMs === 'number' &&
    Array.isArray(call.argv) &&
    call.argv.every((word) => typeof word === 'string')
  );
}
