import { copyFile, link, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { elfSection } from '../levers/elf-section.js';
import { isaLevels } from '../target/isa.js';

/** Above this no file is a dispatcher of ours. */
const largestDispatcherBytes = 256 * 1024;

/**
 * Where the variant of an addon for an ISA level lies: `addon.x86-64-v3.node`, `addon.v8.2-a.node`. Loaders such as
 * node-gyp-build take the first `.node` file of a folder, so these names sort behind the addon's own.
 */
export function variantFile(addon: string, level: string): string {
  return path.join(path.dirname(addon), `${path.basename(addon, '.node')}.${suffixOf(level)}.node`);
}

/** The addon that a file is named as a variant of; undefined when the name is an ordinary one. */
export function variantOf(file: string): string | undefined {
  const suffix = allSuffixes.find((one) => file.endsWith(`.${one}.node`));
  return suffix === undefined ? undefined : `${file.slice(0, -`.${suffix}.node`.length)}.node`;
}

/** Whether a file is a dispatcher that AutoPass made, also a stripped one. */
export async function isDispatcher(file: string): Promise<boolean> {
  const info = await stat(file).catch(() => undefined);
  if (info === undefined || !info.isFile() || info.size > largestDispatcherBytes) return false;
  return elfSection(await readFile(file), '.autopass.dispatch') !== undefined;
}

/**
 * Puts variants beside an addon and the dispatcher in its place. The addon itself becomes the variant for every processor, as a hard
 * link that keeps its time, so that make finds it unchanged after {@link restoreAddon}. The dispatcher comes last: until then the addon works as it was.
 * @param variants level to the file to copy, without the baseline
 */
export async function installDispatcher(
  addon: string,
  options: { baseline: string; variants: ReadonlyMap<string, string>; dispatcher: string },
): Promise<void> {
  const { baseline, variants, dispatcher } = options;
  const generic = variantFile(addon, baseline);
  await rm(generic, { force: true });
  await link(addon, generic);
  const present = new Set([generic]);
  for (const [level, file] of variants) {
    const to = variantFile(addon, level);
    await replaceByCopy(to, file);
    present.add(to);
  }
  await removeVariants(addon, present);
  await replaceByCopy(addon, dispatcher);
}

/** Undoes {@link installDispatcher}. Where the variant for every processor is gone the dispatcher goes too, and make makes the addon again. */
export async function restoreAddon(addon: string): Promise<void> {
  if (!(await isDispatcher(addon))) return;
  const generics = Object.values(isaLevels).flatMap(([lowest]) => (lowest === undefined ? [] : [lowest]));
  let isRestored = false;
  for (const level of generics) {
    isRestored ||= await rename(variantFile(addon, level), addon).then(
      () => true,
      () => false,
    );
  }
  if (!isRestored) await rm(addon, { force: true });
  await removeVariants(addon, new Set());
}

async function removeVariants(addon: string, kept: ReadonlySet<string>): Promise<void> {
  for (const level of Object.values(isaLevels).flat()) {
    const file = variantFile(addon, level);
    if (!kept.has(file)) await rm(file, { force: true });
  }
}

/** Whoever loads `to` meanwhile sees the old or the new file, whole. */
async function replaceByCopy(to: string, from: string): Promise<void> {
  await copyFile(from, `${to}.tmp`);
  await rename(`${to}.tmp`, to);
}

function suffixOf(level: string): string {
  return level.replace(/^armv/, 'v');
}

const allSuffixes: readonly string[] = Object.values(isaLevels).flat().map(suffixOf);
