import path from 'node:path';

/** One object of an archive. */
export interface ArchiveMember {
  readonly name: string;
  /** For a thin archive the path of the file that stands for the member, else the member itself. */
  readonly content: string | Buffer;
}

const headerSize = 60;

/**
 * The members of a GNU archive, thin ones included, in their order. `undefined` for what is no such archive or has parts
 * that only other tools write.
 * @param folder where the archive lies; members of thin archives are named from there
 */
export function readArchive(bytes: Buffer, folder: string): ArchiveMember[] | undefined {
  const magic = bytes.toString('latin1', 0, 8);
  if (magic !== '!<arch>\n' && magic !== '!<thin>\n') return undefined;
  const isThin = magic === '!<thin>\n';
  const members: ArchiveMember[] = [];
  let longNames = '';
  let at = magic.length;
  while (at + headerSize <= bytes.length) {
    const field = (from: number, to: number) => bytes.toString('latin1', at + from, at + to).trimEnd();
    const [name, size, end] = [
      field(0, 16),
      Number(field(48, 58)),
      bytes.toString('latin1', at + 58, at + 60),
    ];
    if (end !== '`\n' || !Number.isSafeInteger(size)) return undefined;
    const content = bytes.subarray(at + headerSize, at + headerSize + size);
    const isTable = name === '/' || name === '//' || name === '/SYM64/';
    at += headerSize + (isTable || !isThin ? size + (size % 2) : 0);
    if (name === '//') longNames = content.toString('utf8');
    if (isTable) continue;
    const member = memberName(name, longNames);
    if (member === undefined) return undefined;
    members.push({ name: path.basename(member), content: isThin ? path.resolve(folder, member) : content });
  }
  return members;
}

/** `name/`, or `/12` for the name at that place of the table of long names. */
function memberName(name: string, longNames: string): string | undefined {
  if (/^[^/]+\/$/.test(name)) return name.slice(0, -1);
  const at = /^\/(\d+)$/.exec(name)?.[1];
  const end = at === undefined ? -1 : longNames.indexOf('/\n', Number(at));
  return end < 0 ? undefined : longNames.slice(Number(at), end);
}
