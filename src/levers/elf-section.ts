/** Where a section's bytes stand in a file. */
export interface SectionRange {
  readonly at: number;
  readonly size: number;
}

/** Finds a section of a 64-bit little-endian ELF file by its name; `undefined` when there is none. */
export function elfSection(bytes: Buffer, name: string): SectionRange | undefined {
  const isElf64 =
    bytes.length >= 64 && bytes.readUInt32BE(0) === 0x7f454c46 && bytes.readUInt16BE(4) === 0x0201;
  if (!isElf64) return undefined;
  try {
    const header = (index: number): number => word(bytes, 0x28) + index * bytes.readUInt16LE(0x3a);
    const names = word(bytes, header(bytes.readUInt16LE(0x3e)) + 0x18);
    const wanted = Buffer.from(`${name}\0`);
    for (let index = 1; index < bytes.readUInt16LE(0x3c); index++) {
      const at = names + bytes.readUInt32LE(header(index));
      if (!bytes.subarray(at, at + wanted.length).equals(wanted)) continue;
      const range = { at: word(bytes, header(index) + 0x18), size: word(bytes, header(index) + 0x20) };
      return range.at + range.size <= bytes.length ? range : undefined;
    }
  } catch {
    // Cut off or damaged: the linker will say so.
  }
  return undefined;
}

function word(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}
