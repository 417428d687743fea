import { readFile } from 'node:fs/promises';
import type { Clang } from '../toolchain/types.js';
import { blockCounts, blocksOf, type CodeBlock, contradiction } from './block-counts.js';
import { disassemble } from './disassembly.js';
import { addressOfOffset, type ElfFunction, type ElfImage, functionLookup, readElf } from './elf.js';
import type { Mapping, PerfEvent } from './perf-script.js';
import { SampleProfile } from './sample-profile.js';
import { symbolize } from './symbolize.js';

export interface SampledRequest {
  /** What was loaded: addon files with symbols, and with line tables for what is to be profiled; real paths. */
  readonly files: readonly string[];
  readonly events: readonly PerfEvent[];
  readonly clang: Clang;
  /** llvm-symbolizer. */
  readonly symbolizer: string;
  readonly signal?: AbortSignal;
}

export type SampledProfile =
  /** In LLVM's text format. */
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

/** Fewer say little about single blocks. */
const leastSamples = 500;
/** Of the counts; the rest must agree with what surrounds it. */
const mostContradiction = 0.5;
/** Counts are whole numbers: this many for a sample in every instruction. */
const scale = 100;

/**
 * What samples of the instruction pointer say about how often code runs. A timer sees a block in proportion to the time that it
 * takes, so samples are counted per instruction.
 * @throws Error when the code cannot be read
 */
export async function profileOfSamples(request: SampledRequest): Promise<SampledProfile> {
  const reading: Reading = { profile: new SampleProfile(), samples: 0, counts: 0, contradicted: 0 };
  for (const file of request.files) await addFile(request, reading, file);
  const { profile, samples, counts, contradicted } = reading;
  if (samples < leastSamples) {
    const reason = `only ${samples} samples fell into the hot files, ${leastSamples} are needed`;
    return { ok: false, reason };
  }
  const share = contradicted / counts;
  if (share > mostContradiction) {
    return { ok: false, reason: `${Math.round(share * 100)} % of the counts contradict the others` };
  }
  return { ok: true, text: profile.toString() };
}

interface Reading {
  readonly profile: SampleProfile;
  samples: number;
  counts: number;
  contradicted: number;
}

async function addFile(request: SampledRequest, reading: Reading, file: string): Promise<void> {
  const image = readElf(await readFile(file));
  if (image === undefined) return;
  const samples = samplesIn(request.events, file, image);
  const functions = sampledFunctions(image, samples);
  const names = new Set(functions.map(({ name }) => name));
  const code = await disassemble(file, names, request.clang, request.signal);
  if (code.kind === 'unavailable') throw new Error(code.reason);
  for (const entry of functions) {
    const blocks = blocksOf(code.functions.get(entry.name) ?? []);
    await addFunction(request, reading, { file, entry, blocks, samples });
  }
}

/** Samples of every address of a file. */
function samplesIn(events: readonly PerfEvent[], file: string, image: ElfImage): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  const places = new Map<number, Mapping[]>();
  for (const event of events) {
    if (event.kind === 'mapping') {
      const { pid } = event.mapping;
      if (event.mapping.path === file) places.set(pid, [...(places.get(pid) ?? []), event.mapping]);
      continue;
    }
    const { pid, address: at } = event.sample;
    const mapping = places.get(pid)?.find(({ start, size }) => at >= start && at < start + size);
    const address = mapping && addressOfOffset(image, at - mapping.start + mapping.fileOffset);
    if (address !== undefined) counts.set(address, (counts.get(address) ?? 0) + 1);
  }
  return counts;
}

/** Disassemblers name functions; static ones of several units that have one name cannot be told apart. */
function sampledFunctions(image: ElfImage, samples: ReadonlyMap<number, number>): ElfFunction[] {
  const find = functionLookup(image);
  const sampled = new Set([...samples.keys()].flatMap((address) => find(address) ?? []));
  const places = new Map<string, Set<number>>();
  for (const { name, address } of image.functions) {
    places.set(name, (places.get(name) ?? new Set()).add(address));
  }
  return [...sampled].filter(({ name }) => places.get(name)?.size === 1);
}

interface SampledFunction {
  readonly file: string;
  readonly entry: ElfFunction;
  readonly blocks: readonly CodeBlock[];
  readonly samples: ReadonlyMap<number, number>;
}

async function addFunction(
  { symbolizer, signal }: SampledRequest,
  reading: Reading,
  { file, entry, blocks, samples }: SampledFunction,
): Promise<void> {
  const { name, address } = entry;
  const addresses = blocks.flatMap(({ instructions }) => instructions.map(({ offset }) => address + offset));
  const places = await symbolize(symbolizer, file, addresses, signal);
  // The other units of the addon have no line tables.
  if (places.size === 0) return;
  const counts = blockCounts(blocks, (offset) => samples.get(address + offset) ?? 0);
  for (const [position, { instructions }] of blocks.entries()) {
    const count = counts[position] ?? 0;
    for (const { offset } of instructions) {
      const found = places.get(address + offset);
      if (found !== undefined) reading.profile.add(found, count * scale);
      reading.samples += samples.get(address + offset) ?? 0;
    }
    reading.counts += count;
  }
  reading.contradicted += contradiction(blocks, counts);
  reading.profile.addEntries(name, (counts[0] ?? 0) * scale);
}
