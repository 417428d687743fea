import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Programs that run in processes of their own. */
export type ChildProgram = 'harness' | 'preload';

/**
 * The JavaScript file of a child program. Run from the TypeScript sources, as the tests do, there is none beside this file: it is then
 * bundled into `folder`.
 */
export async function childProgram(name: ChildProgram, folder: string): Promise<string> {
  const compiled = fileURLToPath(new URL(`./child/${name}.js`, import.meta.url));
  if (existsSync(compiled)) return compiled;
  const outfile = join(folder, `${name}.mjs`);
  if (existsSync(outfile)) return outfile;
  const { build } = await import('esbuild');
  await build({
    entryPoints: [compiled.replace(/\.js$/, '.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
  return outfile;
}
