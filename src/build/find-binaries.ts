import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { elfSection } from '../levers/elf-section.js';
import { addonFiles } from './addon-files.js';
import { isDispatcher, restoreAddon, variantOf } from './dispatch-files.js';
import { isBuildFolder } from './moved-build.js';
import { findPackageRoot } from './package-root.js';
import type { BuildRecord, LinkCommand } from './types.js';

/** An addon file of the package and the recorded command that made it. */
export interface AddonBinary {
  readonly link: LinkCommand;
  /** Absolute path of the file that the package loads. */
  readonly loaded: string;
  /** Every file of the package with the same content or the same code, `loaded` first; copies are made by gyp, node-pre-gyp and prebuildify. */
  readonly copies: readonly string[];
}

/**
 * The addons that the recorded build made and that still exist. A build copies what it links (gyp to
 * `build/Release/x.node`, node-pre-gyp to `lib/binding/...`, prebuildify to `prebuilds/...`): the copies are found by content, stripped ones by
 * their code, or else by name.
 */
export async function findAddonBinaries(record: BuildRecord): Promise<AddonBinary[]> {
  const links = record.links.filter((link) => link.kind === 'link' && /\.node$/.test(link.output));
  const found: AddonBinary[] = [];
  for (const link of links) {
    const content = await readFile(link.output).catch(() => undefined);
    if (content === undefined) continue;
    // A dependency that was built through the package's own exec has a folder of its own.
    const root = findPackageRoot(path.dirname(link.output)) ?? record.packageRoot;
    const copies: string[] = [];
    const namesakes: string[] = [];
    const files = await addonFiles(root);
    for (const file of files) {
      // Variants beside a dispatcher are loaded by it alone.
      if (files.includes(variantOf(file) ?? '')) continue;
      const isNamesake = path.basename(file) === path.basename(link.output);
      if ((await hasContent(file, content)) || (await isStripped(file, content))) copies.push(file);
      else if (isNamesake) ((await isDispatcher(file)) ? copies : namesakes).push(file);
    }
    // What a build changed otherwise is known by its name.
    const candidates = copies.some((file) => file !== link.output) ? copies : [...copies, ...namesakes];
    const ranked = [...new Set([...candidates, link.output])].sort(
      (a, b) => rank(root, a, link) - rank(root, b, link) || a.localeCompare(b),
    );
    found.push({ link, loaded: ranked[0] ?? link.output, copies: ranked });
  }
  return found;
}

/** Puts the plain addons of the recorded build back where dispatchers stand, so that the next build meets its own files. */
export async function restoreAddons(record: BuildRecord): Promise<void> {
  for (const { loaded } of await findAddonBinaries(record)) await restoreAddon(loaded);
}

/** Files of the package that its users get and load: the loaded one, and what lies in `prebuilds/`. */
export function loadedPlaces({ loaded, copies }: AddonBinary, packageRoot: string): string[] {
  const isPrebuild = (file: string): boolean =>
    path.relative(packageRoot, file).split(path.sep).includes('prebuilds');
  return copies.filter((file) => file === loaded || isPrebuild(file));
}

/** node-gyp-build and bindings prefer `build/Release`; a package with its own place for binaries, which it copies or links to, loads from there. */
function rank(packageRoot: string, file: string, link: LinkCommand): number {
  const relative = path.relative(packageRoot, file).split(path.sep);
  const isLinked = file === link.output;
  if (relative[0] === 'prebuilds') return 4;
  if (!isBuildFolder(relative[0])) return isLinked ? 1 : 0;
  if (relative.includes('obj.target')) return 5;
  return isLinked ? 3 : 2;
}

async function hasContent(file: string, content: Buffer): Promise<boolean> {
  const info = await stat(file).catch(() => undefined);
  if (info?.size !== content.length) return false;
  return content.equals(await readFile(file));
}

/** `strip` takes the symbol table and leaves what is loaded. */
async function isStripped(file: string, content: Buffer): Promise<boolean> {
  const info = await stat(file).catch(() => undefined);
  if (info === undefined || info.size >= content.length) return false;
  const bytes = await readFile(file);
  if (sectionOf(bytes, '.text').length === 0) return false;
  return ['.text', '.rodata', '.dynstr'].every((name) =>
    sectionOf(bytes, name).equals(sectionOf(content, name)),
  );
}

function sectionOf(bytes: Buffer, name: string): Buffer {
  const range = elfSection(bytes, name);
  return range === undefined ? Buffer.alloc(0) : bytes.subarray(range.at, range.at + range.size);
}
