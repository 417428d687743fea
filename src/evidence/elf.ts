/** A defined function in an ELF symbol table. */
export interface ElfFunction {
  readonly name: string;
  readonly address: number;
  readonly size: number;
  readonly binding: 'local' | 'global' | 'weak';
  /** For local symbols: the source name of the preceding FILE symbol, without folders. */
  readonly sourceName?: string;
}

/** A loadable segment: where file bytes are mapped. */
export interface ElfSegment {
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
}

export interface ElfImage {
  readonly segments: readonly ElfSegment[];
  readonly functions: readonly ElfFunction[];
  /** `dynamic` when the file is stripped and only exported names are left. */
  readonly table: 'full' | 'dynamic' | 'none';
}

const symbolTable = 2;
const dynamicTable = 11;
const loadable = 1;
const fileSymbol = 4;
const functionTypes = new Set([2, 10]);

/** Reads segments and functions of a little-endian 64-bit ELF file; `undefined` when it is something else or damaged. */
export function readElf(data: Buffer): ElfImage | undefined {
  if (data.length < 64 || data.readUInt32BE(0) !== 0x7f454c46 || data[4] !== 2 || data[5] !== 1)
    return undefined;
  try {
    const sections = readSections(data);
    const full = sections.find((section) => section.type === symbolTable);
    const table = full ?? sections.find((section) => section.type === dynamicTable);
    return {
      segments: readSegments(data),
      functions: table === undefined ? [] : readFunctions(data, table, sections[table.link]),
      table: full !== undefined ? 'full' : table !== undefined ? 'dynamic' : 'none',
    };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

function readSections(data: Buffer): Section[] {
  const start = Number(data.readBigUInt64LE(0x28));
  const entry = data.readUInt16LE(0x3a);
  if (start === 0 || entry < 64) return [];
  const section = (index: number): Section => {
    const at = start + index * entry;
    return {
      type: data.readUInt32LE(at + 4),
      offset: Number(data.readBigUInt64LE(at + 24)),
      size: Number(data.readBigUInt64LE(at + 32)),
      link: data.readUInt32LE(at + 40),
    };
  };
  // -ffunction-sections can pass 65,279 sections; the true count is then the size of section 0.
  const count = data.readUInt16LE(0x3c) || section(0).size;
  return Array.from({ length: Math.min(count, Math.floor((data.length - start) / entry)) }, (_, index) =>
    section(index),
  );
}

function readSegments(data: Buffer): ElfSegment[] {
  const start = Number(data.readBigUInt64LE(0x20));
  const entry = data.readUInt16LE(0x36);
  const segments: ElfSegment[] = [];
  for (let index = 0; index < data.readUInt16LE(0x38); index++) {
    const at = start + index * entry;
    if (data.readUInt32LE(at) !== loadable) continue;
    segments.push({
      offset: Number(data.readBigUInt64LE(at + 8)),
      address: Number(data.readBigUInt64LE(at + 16)),
      fileSize: Number(data.readBigUInt64LE(at + 32)),
    });
  }
  return segments;
}

function readFunctions(data: Buffer, table: Section, strings: Section | undefined): ElfFunction[] {
  if (strings === undefined) return [];
  const text = data.subarray(strings.offset, strings.offset + strings.size);
  const functions: ElfFunction[] = [];
  let sourceName: string | undefined;
  for (let at = table.offset; at + 24 <= table.offset + table.size; at += 24) {
    const info = data.readUInt8(at + 4);
    const type = info & 0xf;
    if (type === fileSymbol) {
      sourceName = nameAt(text, data.readUInt32LE(at)).split('/').pop();
      continue;
    }
    if (!functionTypes.has(type) || data.readUInt16LE(at + 6) === 0) continue;
    const bind = info >> 4;
    const binding = bind === 0 ? 'local' : bind === 2 ? 'weak' : 'global';
    functions.push({
      name: nameAt(text, data.readUInt32LE(at)),
      address: Number(data.readBigUInt64LE(at + 8)),
      size: Number(data.readBigUInt64LE(at + 16)),
      binding,
      ...(binding === 'local' && sourceName !== undefined ? { sourceName } : {}),
    });
  }
  return functions;
}

function nameAt(text: Buffer, offset: number): string {
  const end = text.indexOf(0, offset);
  return text.toString('utf8', offset, end < 0 ? undefined : end);
}

/** Turns a file offset into an address of the image's own numbering. */
export function addressOfOffset(image: ElfImage, offset: number): number | undefined {
  const segment = image.segments.find(
    (candidate) => offset >= candidate.offset && offset < candidate.offset + candidate.fileSize,
  );
  return segment === undefined ? undefined : offset - segment.offset + segment.address;
}

/** A lookup from an address to the function that covers it. */
export function functionLookup(image: ElfImage): (address: number) => ElfFunction | undefined {
  const sorted = image.functions.filter((entry) => entry.size > 0).sort((a, b) => a.address - b.address);
  return (address) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle]?.address ?? 0) <= address) low = middle + 1;
      else high = middle;
    }
    for (let index = low - 1; index >= 0 && index >= low - 4; index--) {
      const candidate = sorted[index];
      if (candidate !== undefined && address < candidate.address + candidate.size) return candidate;
    }
    return undefined;
  };
}
