import { readFile } from 'node:fs/promises';

/** What is put into an archive, under a relative path. */
export type ArchiveEntry =
  | { readonly path: string; readonly content: Buffer }
  | { readonly path: string; readonly file: string; readonly isExecutable?: boolean }
  | { readonly path: string; readonly link: string };

const block = 512;
const types = { file: '0', link: '2', longName: 'L', longLink: 'K' } as const;

/** A tar archive (POSIX ustar, with GNU's entries for paths of more than 100 bytes). Files that are gone by now are left out. */
export async function* tarArchive(entries: Iterable<ArchiveEntry>): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    const content = await contentOf(entry);
    if (content === undefined) continue;
    if (Buffer.byteLength(entry.path) > 100) yield longName(types.longName, entry.path);
    if ('link' in entry) {
      if (Buffer.byteLength(entry.link) > 100) yield longName(types.longLink, entry.link);
      yield header({ path: entry.path, type: types.link, link: entry.link });
      continue;
    }
    const mode = 'file' in entry && entry.isExecutable ? 0o755 : 0o644;
    yield header({ path: entry.path, type: types.file, size: content.length, mode });
    yield padded(content);
  }
  yield Buffer.alloc(2 * block);
}

async function contentOf(entry: ArchiveEntry): Promise<Buffer | undefined> {
  if ('link' in entry) return Buffer.alloc(0);
  if ('content' in entry) return entry.content;
  return readFile(entry.file).catch(() => undefined);
}

function longName(type: string, text: string): Buffer {
  const content = Buffer.from(`${text}\0`);
  return Buffer.concat([header({ path: '././@LongLink', type, size: content.length }), padded(content)]);
}

function padded(content: Buffer): Buffer {
  const rest = content.length % block;
  return rest === 0 ? content : Buffer.concat([content, Buffer.alloc(block - rest)]);
}

function header(entry: { path: string; type: string; size?: number; mode?: number; link?: string }): Buffer {
  const bytes = Buffer.alloc(block);
  const octal = (value: number, at: number, length: number) =>
    bytes.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1');
  bytes.write(entry.path, 0, 100);
  octal(entry.mode ?? 0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(entry.size ?? 0, 124, 12);
  octal(Math.floor(Date.now() / 1000), 136, 12);
  bytes.fill(' ', 148, 156);
  bytes.write(entry.type, 156);
  bytes.write(entry.link ?? '', 157, 100);
  bytes.write('ustar\x0000', 257, 'latin1');
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes;
}
