import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type LtoModule, readFatObject } from '../levers/fat-object.js';
import { readArchive } from './archive.js';
import type { LinkCommand } from './types.js';

/** One object of a link, named inside the folder in which ThinLTO works. */
export interface LtoPart {
  /** The same whenever the same command links the same inputs. */
  readonly id: string;
  readonly bytes: Buffer;
  /** Only of an object that takes part. */
  readonly module?: LtoModule;
}

/** An object or archive of a link with something in it for ThinLTO. */
export interface LtoInput {
  readonly isArchive: boolean;
  readonly parts: readonly LtoPart[];
}

/**
 * The inputs of a link that ThinLTO changes, by absolute path. Units of the newest LLVM take part, because an older one
 * cannot read their modules; with fewer than two there is nothing to do and the map is empty.
 */
export async function ltoInputs(command: LinkCommand): Promise<ReadonlyMap<string, LtoInput>> {
  const found = new Map<string, LtoInput>();
  for (const [index, file] of command.inputs.entries()) {
    if (!found.has(file)) found.set(file, await readInput(file, String(index)));
  }
  const modules = [...found.values()].flatMap(({ parts }) => parts.flatMap(({ module }) => module ?? []));
  const major = Math.max(...modules.map((module) => module.major));
  if (modules.filter((module) => module.major === major).length < 2) return new Map();
  return new Map(
    [...found]
      .map(([file, input]) => [file, ofMajor(input, major)] as const)
      .filter(([, { parts }]) => parts.some(({ module }) => module !== undefined)),
  );
}

function ofMajor(input: LtoInput, major: number): LtoInput {
  const parts = input.parts.map(({ module, ...part }) =>
    module?.major === major ? { ...part, module } : part,
  );
  return { ...input, parts };
}

/** What cannot be read has no parts: the linker will say what is wrong with it. */
async function readInput(file: string, id: string): Promise<LtoInput> {
  const bytes = await readFile(file).catch(() => Buffer.alloc(0));
  if (!file.endsWith('.a')) return { isArchive: false, parts: [part(id, bytes)] };
  const parts: LtoPart[] = [];
  for (const [index, { content }] of (readArchive(bytes, path.dirname(file)) ?? []).entries()) {
    const member = typeof content === 'string' ? await readFile(content).catch(() => undefined) : content;
    if (member === undefined) return { isArchive: true, parts: [] };
    parts.push(part(`${id}.${index}`, member));
  }
  return { isArchive: true, parts };
}

function part(id: string, bytes: Buffer): LtoPart {
  const module = readFatObject(bytes);
  return { id, bytes, ...(module && { module }) };
}
