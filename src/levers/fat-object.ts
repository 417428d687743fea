import { createHash } from 'node:crypto';
import { elfSection } from './elf-section.js';

/** What the link needs to optimise a translation unit once more, together with others of the same binary. */
export interface LtoModule {
  /** LLVM major that wrote the bitcode and has to read it. */
  readonly major: number;
  /** Arguments of the back end, as of the compile. */
  readonly args: readonly string[];
  readonly bitcode: Buffer;
}

/**
 * Section of an object that holds its `LtoModule`. Linkers leave it out, so a fat object is an ordinary object wherever
 * AutoPass has no part in the link.
 */
export const ltoSection = '.autopass.thinlto';

const mark = 'autopass-thinlto 1\n';
const unsealed = '0'.repeat(64);

/** The content of the section, before the object that holds it is sealed. */
export function formatLtoModule({ major, args, bitcode }: LtoModule): Buffer {
  return Buffer.concat([Buffer.from(`${mark}${unsealed}\n${JSON.stringify({ major, args })}\n`), bitcode]);
}

/** Writes into a fat object the hash of all its bytes, so that one that was edited afterwards counts as an ordinary object. */
export function sealFatObject(bytes: Buffer): void {
  const section = elfSection(bytes, ltoSection);
  if (section !== undefined) bytes.write(sealOf(bytes, section.at), section.at + mark.length, 'latin1');
}

/** The module in a fat object; `undefined` for every other file. */
export function readFatObject(bytes: Buffer): LtoModule | undefined {
  const section = elfSection(bytes, ltoSection);
  if (section === undefined) return undefined;
  const content = bytes.subarray(section.at, section.at + section.size);
  const argsAt = mark.length + unsealed.length + 1;
  const bitcodeAt = content.indexOf('\n', argsAt) + 1;
  const seal = content.toString('latin1', mark.length, argsAt - 1);
  if (content.toString('latin1', 0, mark.length) !== mark || bitcodeAt === 0) return undefined;
  if (seal !== sealOf(bytes, section.at)) return undefined;
  // Only `formatLtoModule` writes what carries this seal.
  const { major, args } = JSON.parse(content.toString('utf8', argsAt, bitcodeAt)) as Omit<
    LtoModule,
    'bitcode'
  >;
  return { major, args, bitcode: content.subarray(bitcodeAt) };
}

/** SHA-256 (hex) of the object with an empty seal. */
function sealOf(bytes: Buffer, sectionAt: number): string {
  const at = sectionAt + mark.length;
  return createHash('sha256')
    .update(bytes.subarray(0, at))
    .update(unsealed)
    .update(bytes.subarray(at + unsealed.length))
    .digest('hex');
}
