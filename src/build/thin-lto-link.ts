import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { ThinLtoTools } from '../levers/thin-lto.js';
import { type Run, run as runCommand } from '../toolchain/run.js';
import { indexCommand, moduleList } from './index-command.js';
import { type LtoInput, type LtoPart, ltoInputs } from './lto-inputs.js';
import { parseCommand } from './parse-command.js';
import { replaceFile } from './replace-file.js';
import { expandResponseFiles } from './response-files.js';
import type { LinkCommand } from './types.js';

export interface ThinLtoRequest {
  /** The project's link command, compiler first. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Of every LLVM whose modules may be met. */
  readonly tools: readonly ThinLtoTools[];
  /** A folder for temporary files. */
  readonly scratch: string;
  /** Where native objects are kept for links to come. */
  readonly cache?: string;
  readonly signal?: AbortSignal;
  readonly run?: Run;
}

/** `unneeded` and `failed`: nothing was linked, and the project's own command does it. */
export type ThinLtoOutcome =
  | { readonly kind: 'linked'; readonly stderr: string }
  | { readonly kind: 'unneeded' }
  | { readonly kind: 'failed'; readonly reason: string };

const timeoutMs = 10 * 60_000;

/**
 * Links an addon file of which at least two units were compiled with the lever `lto-thin`, and optimises those as a whole
 * before, the way a distributed ThinLTO does: ld.lld decides, on the project's own link command, what may be inlined where;
 * clang then compiles every unit with its own levers; the project's linker links the result. The same fat objects give the
 * same native ones, wherever the package lies.
 */
export async function linkThinLto(request: ThinLtoRequest): Promise<ThinLtoOutcome> {
  const command = parseCommand(expandResponseFiles(request), request.cwd);
  if (command?.kind !== 'link') return { kind: 'unneeded' };
  const inputs = await ltoInputs(command);
  const parts = [...inputs.values()].flatMap((input) => input.parts);
  const major = parts.find(({ module }) => module !== undefined)?.module?.major;
  if (major === undefined) return { kind: 'unneeded' };
  const tools = request.tools.find((one) => one.major === major);
  if (tools === undefined) return { kind: 'failed', reason: `LLVM ${major} was not found` };
  let folder: string | undefined;
  try {
    folder = await mkdtemp(path.join(request.scratch, 'thin-lto-'));
    const job = { request, folder, command, inputs, parts, tools };
    const replacements = await replaceInputs(job, await optimise(job));
    const argv = command.argv.map((word) => replacements.get(path.resolve(command.cwd, word)) ?? word);
    const stderr = await must(job, argv, command.cwd);
    await restoreDependencies(command, replacements);
    return { kind: 'linked', stderr };
  } catch (error) {
    request.signal?.throwIfAborted();
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

interface Job {
  readonly request: ThinLtoRequest;
  readonly folder: string;
  readonly command: LinkCommand;
  readonly inputs: ReadonlyMap<string, LtoInput>;
  readonly parts: readonly LtoPart[];
  readonly tools: ThinLtoTools;
}

/** Leaves an object of every part in the folder, and an optimised one of every unit that the link takes in. */
async function optimise(job: Job): Promise<ReadonlySet<string>> {
  const { folder, command, inputs, parts, tools } = job;
  for (const { id, bytes, module } of parts) {
    await writeFile(path.join(folder, `${id}.o`), bytes);
    if (module !== undefined) await writeFile(path.join(folder, `${id}.bc`), module.bitcode);
  }
  await mkdir(path.join(folder, 'bin'));
  await symlink(tools.lld, path.join(folder, 'bin/ld.lld'));
  await must(job, indexCommand(command, inputs, folder));
  // lld leaves out members of archives that nothing refers to.
  const taken = new Set((await readFile(path.join(folder, moduleList), 'utf8')).split('\n'));
  const units = parts.filter(({ id, module }) => module !== undefined && taken.has(`${id}.bc`));
  const width = os.availableParallelism();
  for (let at = 0; at < units.length; at += width) {
    await Promise.all(units.slice(at, at + width).map((part) => compileUnit(job, part)));
  }
  return new Set(units.map(({ id }) => id));
}

async function compileUnit(job: Job, { id, module }: LtoPart): Promise<void> {
  const args = ['-Qunused-arguments', '-fno-crash-diagnostics', '-c', '-x', 'ir', `${id}.bc`];
  const argv = [job.tools.clang, ...(module?.args ?? []), ...args, `-fthinlto-index=${id}.bc.thinlto.bc`];
  const object = path.join(job.folder, `${id}.o`);
  const { cache } = job.request;
  const kept = cache && path.join(cache, `${await cacheKey(job.folder, id, argv)}.o`);
  if (kept !== undefined && (await copied(kept, object))) return;
  await must(job, [...argv, '-o', `${id}.o`]);
  if (kept !== undefined) await replaceFile(kept, await readFile(object));
}

async function copied(from: string, to: string): Promise<boolean> {
  return copyFile(from, to).then(
    () => true,
    () => false,
  );
}

/** Over everything that clang reads: the unit's module and index, and the modules from which it takes functions. */
async function cacheKey(folder: string, id: string, argv: readonly string[]): Promise<string> {
  const imports = (await readFile(path.join(folder, `${id}.bc.imports`), 'utf8')).split('\n').filter(Boolean);
  const hash = createHash('sha256').update(JSON.stringify(argv));
  for (const name of [`${id}.bc`, `${id}.bc.thinlto.bc`, ...imports.sort()]) {
    hash.update(`\0${name}\0`).update(await readFile(path.join(folder, name)));
  }
  return hash.digest('hex').slice(0, 32);
}

/** What stands in for the inputs of the link that hold optimised units; archives are made again. */
async function replaceInputs(job: Job, optimised: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
  const replacements = new Map<string, string>();
  for (const [file, { isArchive, parts }] of job.inputs) {
    if (!parts.some(({ id }) => optimised.has(id))) continue;
    const objects = parts.map(({ id }) => `${id}.o`);
    const replacement = isArchive ? `${parts[0]?.id}.a` : (objects[0] ?? '');
    if (isArchive) await must(job, [job.tools.ar, 'rcs', replacement, ...objects]);
    replacements.set(file, path.join(job.folder, replacement));
  }
  return replacements;
}

/** The linker's dependency file shall name the inputs that make can look at. */
async function restoreDependencies(
  { argv, cwd }: LinkCommand,
  replacements: ReadonlyMap<string, string>,
): Promise<void> {
  const name = argv.map((word) => /^-Wl,--dependency-file[=,](.+)$/.exec(word)?.[1]).find(Boolean);
  if (name === undefined) return;
  const file = path.resolve(cwd, name);
  const escaped = (text: string) => text.replaceAll(' ', '\\ ');
  let text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  for (const [original, used] of replacements) text = text.replaceAll(escaped(used), escaped(original));
  await writeFile(file, text);
}

async function must(job: Job, argv: readonly string[], cwd: string = job.folder): Promise<string> {
  const { signal, run = runCommand } = job.request;
  const result = await run(argv, { cwd, timeoutMs, ...(signal && { signal }) });
  if (result.code === 0) return result.stderr;
  const why = result.timedOut ? 'took too long' : (result.spawnError ?? result.stderr.trim().split('\n')[0]);
  throw new Error(`${path.basename(argv[0] ?? '')}: ${why}`);
}
