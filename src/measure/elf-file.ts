/** What is read of an ELF file (64 bit, little endian: all that Node runs on and AutoPass tunes for). */
export interface ElfFile {
  /** `e_machine`: 62 is x86-64, 183 is AArch64. */
  readonly machine: number;
  readonly dynamicSymbols: readonly ElfSymbol[];
  /** `DT_NEEDED`, in order. */
  readonly needed: readonly string[];
  /** `DT_RPATH` and `DT_RUNPATH`, split at colons. */
  readonly runPath: readonly string[];
  /** Versions of other libraries' symbols that it needs (`GLIBC_2.17`, `GLIBCXX_3.4`), each once. */
  readonly versions: readonly string[];
}

export interface ElfSymbol {
  readonly name: string;
  readonly binding: 'local' | 'global' | 'weak' | 'unique' | 'other';
  readonly defined: boolean;
  /** Visible to other files: neither hidden nor internal. */
  readonly exported: boolean;
  /** Offset of the symbol's `st_info` byte in the file. */
  readonly infoOffset: number;
}

const sectionTypes = { dynamic: 6, dynsym: 11, versionNeeds: 0x6ffffffe } as const;
const dynamicTags = { needed: 1, rpath: 15, runpath: 29 } as const;
const bindings: Readonly<Record<number, ElfSymbol['binding']>> = {
  0: 'local',
  1: 'global',
  2: 'weak',
  10: 'unique',
};

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

/** Reads headers and the dynamic tables; undefined for what is not a readable ELF file. Layout: System V gABI, chapters 4 and 5. */
export function readElf(file: Buffer): ElfFile | undefined {
  const isElf64 = file.length >= 64 && file.readUInt32BE(0) === 0x7f454c46 && file[4] === 2 && file[5] === 1;
  if (!isElf64) return undefined;
  try {
    const sections = readSections(file);
    const dynamic = readDynamic(file, sections);
    return {
      machine: file.readUInt16LE(18),
      dynamicSymbols: readSymbols(file, sections),
      needed: dynamic.filter(({ tag }) => tag === dynamicTags.needed).map(({ text }) => text),
      runPath: dynamic
        .filter(({ tag }) => tag === dynamicTags.rpath || tag === dynamicTags.runpath)
        .flatMap(({ text }) => text.split(':')),
      versions: readVersionNeeds(file, sections),
    };
  } catch (error) {
    // Truncated: an offset points behind the end.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * The same file with its `STB_GNU_UNIQUE` symbols made weak. gcc gives that binding to static data in inline functions and templates, and
 * the loader then shares the data between all copies in a process: a function pointer kept there would make every variant run the code of the first.
 */
export function withoutUniqueSymbols(file: Buffer): Buffer {
  const unique = readElf(file)?.dynamicSymbols.filter(({ binding }) => binding === 'unique') ?? [];
  if (unique.length === 0) return file;
  const copy = Buffer.from(file);
  for (const { infoOffset } of unique) copy[infoOffset] = (2 << 4) | ((copy[infoOffset] ?? 0) & 0xf);
  return copy;
}

function readSections(file: Buffer): Section[] {
  const table = Number(file.readBigUInt64LE(40));
  const entrySize = file.readUInt16LE(58);
  return Array.from({ length: file.readUInt16LE(60) }, (_, index) => {
    const at = table + index * entrySize;
    return {
      type: file.readUInt32LE(at + 4),
      offset: Number(file.readBigUInt64LE(at + 24)),
      size: Number(file.readBigUInt64LE(at + 32)),
      link: file.readUInt32LE(at + 40),
    };
  });
}

function readSymbols(file: Buffer, sections: readonly Section[]): ElfSymbol[] {
  const table = sections.find(({ type }) => type === sectionTypes.dynsym);
  const names = table && sections[table.link];
  if (table === undefined || names === undefined) return [];
  const symbols: ElfSymbol[] = [];
  // The first entry is reserved.
  for (let at = table.offset + 24; at < table.offset + table.size; at += 24) {
    const visibility = file.readUInt8(at + 5) & 3;
    symbols.push({
      name: readText(file, names.offset + file.readUInt32LE(at)),
      binding: bindings[file.readUInt8(at + 4) >> 4] ?? 'other',
      defined: file.readUInt16LE(at + 6) !== 0,
      exported: visibility === 0 || visibility === 3,
      infoOffset: at + 4,
    });
  }
  return symbols;
}

function readDynamic(file: Buffer, sections: readonly Section[]): { tag: number; text: string }[] {
  const table = sections.find(({ type }) => type === sectionTypes.dynamic);
  const names = table && sections[table.link];
  if (table === undefined || names === undefined) return [];
  const textTags: readonly number[] = Object.values(dynamicTags);
  const entries: { tag: number; text: string }[] = [];
  for (let at = table.offset; at < table.offset + table.size; at += 16) {
    const tag = Number(file.readBigUInt64LE(at));
    if (tag === 0) break;
    if (textTags.includes(tag)) {
      entries.push({ tag, text: readText(file, names.offset + Number(file.readBigUInt64LE(at + 8))) });
    }
  }
  return entries;
}

/** Two chained tables, each entry with the offset of the next one: libraries, and the versions needed of each. */
function readVersionNeeds(file: Buffer, sections: readonly Section[]): string[] {
  const table = sections.find(({ type }) => type === sectionTypes.versionNeeds);
  const names = table && sections[table.link];
  if (table === undefined || names === undefined) return [];
  const versions = new Set<string>();
  for (let library = table.offset, next = -1; next !== 0; library += next) {
    next = file.readUInt32LE(library + 12);
    let version = library + file.readUInt32LE(library + 8);
    for (let left = file.readUInt16LE(library + 2); left > 0; left--) {
      versions.add(readText(file, names.offset + file.readUInt32LE(version + 8)));
      version += file.readUInt32LE(version + 12);
    }
  }
  return [...versions];
}

function readText(file: Buffer, start: number): string {
  const end = file.indexOf(0, start);
  if (end < 0) throw new RangeError('a name without an end');
  return file.toString('latin1', start, end);
}
