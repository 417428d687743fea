import type { AddonBinary } from '../build/find-binaries.js';
import type { CompileCommand } from '../build/types.js';
import type { CasePhase } from '../measure/child/protocol.js';
import { addressOfOffset, type ElfImage, functionLookup } from './elf.js';
import { type LinkedObjects, ownerLookup } from './linked-objects.js';
import type { Mapping, PerfEvent } from './perf-script.js';

/** The binary with its symbols and the objects it was linked from. */
export interface OpenBinary {
  readonly binary: AddonBinary;
  readonly linked: LinkedObjects;
  /** Symbols of the files by path: of the mapped ones where they can be read, else of the recorded one under ''. */
  readonly images: ReadonlyMap<string, ElfImage>;
}

export type FunctionCounts = Map<CompileCommand, Map<string, number>>;

/** Where samples fell. */
export interface Tally {
  /** Samples of the processes that loaded the addon, from then on. */
  total: number;
  inAddon: number;
  loaded: boolean;
  readonly functions: FunctionCounts;
  /** The same for the time in which each case was at work, where that is known. */
  readonly cases: Map<string, { total: number; readonly functions: FunctionCounts }>;
  /** Samples outside the addon: file, symbol, how many. */
  readonly outside: Map<string, Map<string, number>>;
}

/** Sorts samples into functions of the addon's translation units and everything else. */
export function countSamples(
  events: readonly PerfEvent[],
  binaries: readonly OpenBinary[],
  isAddon: (path: string, binary: AddonBinary) => boolean,
  phases: readonly CasePhase[] = [],
): Tally {
  const tally: Tally = {
    ...{ total: 0, inAddon: 0, loaded: false },
    ...{ functions: new Map(), cases: new Map(), outside: new Map() },
  };
  const resolvers = new Map<string, Resolver>();
  const mappings = new Map<number, { mapping: Mapping; resolve: Resolver }[]>();
  for (const event of events) {
    if (event.kind === 'mapping') {
      const { mapping } = event;
      const binary = binaries.find((entry) => isAddon(mapping.path, entry.binary));
      if (binary === undefined) continue;
      const list = mappings.get(mapping.pid);
      const resolve = resolvers.get(mapping.path) ?? resolver(binary, mapping.path);
      resolvers.set(mapping.path, resolve);
      if (list === undefined) mappings.set(mapping.pid, [{ mapping, resolve }]);
      else list.push({ mapping, resolve });
      tally.loaded = true;
      continue;
    }
    const { sample } = event;
    const own = mappings.get(sample.pid);
    if (own === undefined) continue;
    tally.total++;
    const phase = phaseAt(phases, sample.time);
    const inCase = phase && entryOf(tally.cases, phase.case, () => ({ total: 0, functions: new Map() }));
    if (inCase !== undefined) inCase.total++;
    const hit = own.find(
      ({ mapping }) => sample.address >= mapping.start && sample.address < mapping.start + mapping.size,
    );
    if (hit === undefined) {
      add(nested(tally.outside, sample.path), sample.symbol);
      continue;
    }
    tally.inAddon++;
    const offset = sample.address - hit.mapping.start + hit.mapping.fileOffset;
    const place = hit.resolve(offset);
    if (place === undefined) continue;
    add(nested(tally.functions, place.command), place.name);
    if (inCase !== undefined) add(nested(inCase.functions, place.command), place.name);
  }
  return tally;
}

/** The phase in which the time lies, by bisection. */
function phaseAt(phases: readonly CasePhase[], time: number | undefined): CasePhase | undefined {
  if (time === undefined) return undefined;
  let [low, high] = [0, phases.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((phases[middle]?.end ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  const found = phases[low];
  return found !== undefined && found.begin <= time ? found : undefined;
}

function nested<K>(map: Map<K, Map<string, number>>, key: K): Map<string, number> {
  return entryOf(map, key, () => new Map());
}

/** What the map holds; made where it holds nothing. */
function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** From an offset in a mapped file to the unit and the function. */
export type Resolver = (offset: number) => { command: CompileCommand; name: string } | undefined;

/** Finds functions of a mapped file by its own symbols, or by those of the recorded one. */
export function resolver({ images, linked }: OpenBinary, path: string): Resolver {
  const image = images.get(path) ?? images.get('');
  if (image === undefined) return () => undefined;
  const find = functionLookup(image);
  const owner = ownerLookup(linked.objects);
  return (offset) => {
    const address = addressOfOffset(image, offset);
    const entry = address === undefined ? undefined : find(address);
    const command = entry === undefined ? undefined : owner(entry);
    return entry === undefined || command === undefined
      ? undefined
      : { command, name: sourceFunction(entry.name) };
  };
}

/** Removes the suffixes gcc gives to clones and parts of a function, which clang does not know. */
export function sourceFunction(symbol: string): string {
  return symbol.replace(/(\.(constprop|isra|part|cold|lto_priv|localalias)(\.\d+)?)+$/, '');
}
