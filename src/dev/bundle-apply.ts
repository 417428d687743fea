import { chmod, copyFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleChild, childPrograms } from '../measure/harness-file.js';

/** What `init` copies into other people's packages must stay small. */
const largestFolderBytes = 150_000;

/**
 * Makes the folder that runs in users' builds: the bundled apply path, the launcher and the hooks.
 * @returns the size of the folder in bytes
 */
export async function bundleApply(options: { entry: string; into: string }): Promise<number> {
  const templates = fileURLToPath(new URL('../../templates/apply/', import.meta.url));
  await rm(options.into, { recursive: true, force: true });
  await mkdir(options.into, { recursive: true });
  const { metafile } = await build({
    entryPoints: [options.entry],
    outfile: path.join(options.into, 'apply.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node16',
    minify: true,
    legalComments: 'none',
    banner: { js: '/* AutoPass apply path, https://www.npmjs.com/package/autopass-native, MIT licence */' },
    logLevel: 'warning',
    metafile: true,
  });
  const foreign = Object.keys(metafile.inputs).filter((name) => name.includes('node_modules/'));
  if (foreign.length > 0) throw new Error(`the apply path must not import ${foreign.join(', ')}`);
  for (const name of await readdir(templates)) {
    const target = path.join(options.into, name);
    await copyFile(path.join(templates, name), target);
    if (name === 'launch') await chmod(target, 0o755);
  }
  const sizes = await Promise.all(
    (await readdir(options.into)).map(async (name) => (await stat(path.join(options.into, name))).size),
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total > largestFolderBytes) {
    throw new Error(`${options.into} holds ${total} bytes, more than ${largestFolderBytes}`);
  }
  return total;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
  const total = await bundleApply({
    entry: path.join(dist, 'build/apply-main.js'),
    into: path.join(dist, 'apply'),
  });
  const children = path.join(dist, 'measure/child');
  for (const name of childPrograms) {
    await bundleChild(path.join(children, `${name}.js`), path.join(children, `${name}.mjs`));
  }
  process.stdout.write(`dist/apply: ${total} bytes\n`);
}
