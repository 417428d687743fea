import type { CompileCommand, LinkCommand } from '../build/types.js';
import { addressOfOffset, type ElfImage, functionLookup } from './elf.js';
import { type LinkedObjects, ownerLookup } from './linked-objects.js';
import type { Mapping, PerfEvent } from './perf-script.js';

/** A final link and the file that the package loads, which has the same content. */
export interface AddonBinary {
  readonly link: LinkCommand;
  readonly loaded: string;
}

/** The binary with its symbols and the objects it was linked from. */
export interface OpenBinary {
  readonly binary: AddonBinary;
  readonly image: ElfImage | undefined;
  readonly linked: LinkedObjects;
}

/** Where samples fell. */
export interface Tally {
  /** Samples of the processes that loaded the addon, from then on. */
  total: number;
  inAddon: number;
  loaded: boolean;
  readonly functions: Map<CompileCommand, Map<string, number>>;
  /** Samples outside the addon: file, symbol, how many. */
  readonly outside: Map<string, Map<string, number>>;
}

/** Sorts samples into functions of the addon's translation units and everything else. */
export function countSamples(
  events: readonly PerfEvent[],
  binaries: readonly OpenBinary[],
  isAddon: (path: string, binary: AddonBinary) => boolean,
): Tally {
  const tally: Tally = { total: 0, inAddon: 0, loaded: false, functions: new Map(), outside: new Map() };
  const resolvers = new Map(binaries.map((entry) => [entry, resolver(entry)]));
  const mappings = new Map<number, { mapping: Mapping; binary: OpenBinary }[]>();
  for (const event of events) {
    if (event.kind === 'mapping') {
      const { mapping } = event;
      const binary = binaries.find((entry) => isAddon(mapping.path, entry.binary));
      if (binary === undefined) continue;
      const list = mappings.get(mapping.pid);
      if (list === undefined) mappings.set(mapping.pid, [{ mapping, binary }]);
      else list.push({ mapping, binary });
      tally.loaded = true;
      continue;
    }
    const { sample } = event;
    const own = mappings.get(sample.pid);
    if (own === undefined) continue;
    tally.total++;
    const hit = own.find(
      ({ mapping }) => sample.address >= mapping.start && sample.address < mapping.start + mapping.size,
    );
    if (hit === undefined) {
      add(nested(tally.outside, sample.path), sample.symbol);
      continue;
    }
    tally.inAddon++;
    const offset = sample.address - hit.mapping.start + hit.mapping.fileOffset;
    const place = resolvers.get(hit.binary)?.(offset);
    if (place !== undefined) add(nested(tally.functions, place.command), place.name);
  }
  return tally;
}

function nested<K>(map: Map<K, Map<string, number>>, key: K): Map<string, number> {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = new Map<string, number>();
  map.set(key, made);
  return made;
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function resolver(
  open: OpenBinary,
): (offset: number) => { command: CompileCommand; name: string } | undefined {
  const { image, linked } = open;
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
