import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Programs that run in processes of their own, `agent` and `harness` also on devices. */
export const childPrograms = ['harness', 'preload', 'agent'] as const;
export type ChildProgram = (typeof childPrograms)[number];

/**
 * The one JavaScript file of a child program, without dependencies. Run from the TypeScript sources, as the tests do, there is none
 * beside this file: it is then bundled into `folder`.
 */
export async function childProgram(name: ChildProgram, folder: string): Promise<string> {
  const shipped = fileURLToPath(new URL(`./child/${name}.mjs`, import.meta.url));
  if (existsSync(shipped)) return shipped;
  const outfile = join(folder, `${name}.mjs`);
  if (!existsSync(outfile)) await bundleChild(shipped.replace(/\.mjs$/, '.ts'), outfile);
  return outfile;
}

/** Makes one file of a child program and all it imports. */
export async function bundleChild(entry: string, outfile: string): Promise<void> {
  const { build } = await import('esbuild');
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
  });
}
