import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { AddonBinary } from '../build/find-binaries.js';
import type { BuildRecord, CompileCommand } from '../build/types.js';
import type { Logger } from '../log.js';
import type { Clang } from '../toolchain/types.js';
import { type ElfImage, readElf } from './elf.js';
import { type LinkedObject, readLinkedObjects } from './linked-objects.js';
import { type ProfiledCommand, runPerf } from './perf.js';
import type { PerfEvent } from './perf-script.js';
import { countSamples, type OpenBinary, sourceFunction, type Tally } from './samples.js';
import { shareWarnings } from './score-warnings.js';
import type { HotFunction } from './types.js';

export interface ScoreRequest {
  readonly packageRoot: string;
  readonly record: BuildRecord;
  readonly binaries: readonly AddonBinary[];
  readonly profile: ProfiledCommand;
  /** Recorded object path → the object that was linked in its place into what is profiled. */
  readonly objects?: ReadonlyMap<string, string>;
  readonly workDir: string;
  readonly clang?: Clang;
  readonly logger: Logger;
  readonly signal?: AbortSignal;
  /** Tells whether a mapped file is (a copy of) the binary; by default files of the same name are. */
  readonly isAddonDso?: (path: string, binary: AddonBinary) => boolean;
}

/** One translation unit and its share of the time spent in the addon, 0 to 1. */
export interface ScoredUnit {
  readonly command: CompileCommand;
  readonly share: number;
  /** Hottest first. */
  readonly hot: readonly HotFunction[];
}

export interface Score {
  /** Hottest first; units without a share are left out. */
  readonly units: readonly ScoredUnit[];
  /** Share of the process's samples in the addon, counted from when it was loaded; unknown without perf. */
  readonly addonShare: number | undefined;
  /** Part of the samples in the addon that fell into functions of known units; unknown without perf. */
  readonly matched?: number;
  /** Where the shares come from. */
  readonly source: 'perf' | 'counts' | 'text-size';
  readonly warnings: readonly string[];
}

const functionsPerUnit = 24;

/**
 * Finds the translation units in which the benchmark spends its time, by sampling a process that runs it. Where
 * perf cannot be used, shares are those of the machine code's size, and the score says so.
 */
export async function scoreTranslationUnits(request: ScoreRequest): Promise<Score> {
  const recorded = await Promise.all(request.binaries.map((binary) => openBinary(request, binary)));
  const run = await runPerf(request.profile, request.workDir, request.signal);
  if (run.kind === 'unavailable') return scoreBySize(recorded, `perf cannot be used (${run.reason})`);
  const isAddon = request.isAddonDso ?? sameName;
  const binaries = await Promise.all(recorded.map((entry) => withMappedImages(entry, run.events, isAddon)));
  const tally = countSamples(run.events, binaries, isAddon, await request.profile.phases?.());
  const addonShare = tally.total === 0 ? 0 : tally.inAddon / tally.total;
  const warnings = shareWarnings(tally, addonShare, binaries);
  const units = byWeight(tally.functions, tally.cases);
  request.logger.debug(
    `${tally.inAddon} of ${tally.total} samples in the addon, ${units.length} units have some`,
  );
  if (units.length === 0) {
    const reason = 'no sample could be matched to a source file';
    return { ...scoreBySize(binaries, reason, warnings), addonShare, matched: 0 };
  }
  const matched = samplesIn(tally.functions) / tally.inAddon;
  return {
    units,
    addonShare,
    matched,
    source: 'perf',
    warnings: [...unreadableObjects(binaries), ...warnings],
  };
}

/** Ranks by code size, and says for which reason beside other warnings. */
export function scoreBySize(
  binaries: readonly OpenBinary[],
  reason: string,
  others: readonly string[] = [],
): Score {
  const warning = `${reason}: translation units are ranked by code size instead of time`;
  return {
    units: bySize(binaries),
    addonShare: undefined,
    source: 'text-size',
    warnings: [...unreadableObjects(binaries), ...others, warning],
  };
}

/** Warnings about objects that take no part in the score. */
export function unreadableObjects(binaries: readonly OpenBinary[]): string[] {
  return binaries
    .flatMap(({ linked }) => linked.unreadable)
    .map((path) => `${path} could not be read as an ELF object; build again so that it can be scored`);
}

/** Reads the objects of a binary and its symbols. */
export async function openBinary(
  request: Pick<ScoreRequest, 'record' | 'objects'>,
  binary: AddonBinary,
): Promise<OpenBinary> {
  const linked = await readLinkedObjects(request.record, binary.link, request.objects);
  // Some packages strip the file that they load but not the linker's own output.
  const image = await bestImage([binary.loaded, binary.link.output]);
  return { binary, linked, images: new Map(image === undefined ? [] : [['', image]]) };
}

/** What ran may have been linked from other objects than the recorded file: its own symbols are the right ones. */
async function withMappedImages(
  open: OpenBinary,
  events: readonly PerfEvent[],
  isAddon: (path: string, binary: AddonBinary) => boolean,
): Promise<OpenBinary> {
  const images = new Map(open.images);
  for (const event of events) {
    if (event.kind !== 'mapping' || images.has(event.mapping.path)) continue;
    if (!isAddon(event.mapping.path, open.binary)) continue;
    const image = await bestImage([event.mapping.path]);
    const known = images.get('');
    if (image !== undefined && (image.table === 'full' || known === undefined))
      images.set(event.mapping.path, image);
  }
  return { ...open, images };
}

/** The first of the files that has all its symbols, else the first that can be read. */
export async function bestImage(paths: readonly string[]): Promise<ElfImage | undefined> {
  const images = await Promise.all(paths.map((path) => readFile(path).then(readElf, () => undefined)));
  return images.find((image) => image?.table === 'full') ?? images.find((image) => image !== undefined);
}

function sameName(path: string, binary: AddonBinary): boolean {
  const name = basename(path);
  return name === basename(binary.loaded) || name === basename(binary.link.output);
}

/** Units by the weight of their functions, hottest first. */
export function byWeight(functions: Tally['functions'], cases: Tally['cases'] = new Map()): ScoredUnit[] {
  const total = samplesIn(functions);
  return [...functions]
    .map(([command, counts]) => {
      const { hot, ...unit } = unitOf(command, [...counts], total);
      return { ...unit, hot: hot.map((entry) => withCases(entry, command, cases)) };
    })
    .sort((a, b) => b.share - a.share);
}

function samplesIn(functions: Tally['functions']): number {
  return sum([...functions.values()].flatMap((counts) => [...counts.values()]));
}

function withCases(entry: HotFunction, command: CompileCommand, cases: Tally['cases']): HotFunction {
  if (cases.size === 0) return entry;
  const shares = [...cases].map(([name, { total, functions }]) => [
    name,
    (functions.get(command)?.get(entry.name) ?? 0) / total,
  ]);
  return { ...entry, cases: Object.fromEntries(shares) };
}

/** Units by the size of their machine code, largest first. */
function bySize(binaries: readonly OpenBinary[]): ScoredUnit[] {
  const objects = binaries.flatMap(({ linked }) => linked.objects);
  const sizes = (object: LinkedObject): [string, number][] =>
    object.functions.map((entry) => [sourceFunction(entry.name), entry.size]);
  const total = sum(objects.flatMap(sizes).map(([, size]) => size));
  return objects
    .map((object) => unitOf(object.command, sizes(object), total))
    .filter((unit) => unit.share > 0)
    .sort((a, b) => b.share - a.share);
}

function unitOf(command: CompileCommand, weights: readonly [string, number][], total: number): ScoredUnit {
  const merged = new Map<string, number>();
  for (const [name, weight] of weights) merged.set(name, (merged.get(name) ?? 0) + weight);
  const hot = [...merged]
    .map(([name, weight]) => ({ name, share: weight / total }))
    .sort((a, b) => b.share - a.share);
  return { command, share: sum(hot.map(({ share }) => share)), hot: hot.slice(0, functionsPerUnit) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
