import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packageFiles } from '../../../src/measure/device/package-files.js';
import { tarArchive } from '../../../src/measure/device/tar.js';
import { runProcess } from '../../../src/measure/run-process.js';

let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'autopass-files ')));
});

afterEach(() => rm(folder, { recursive: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

/** What `tar` makes of the archive: relative path → text. */
async function unpacked(root: string, bench: string): Promise<Record<string, string>> {
  const out = path.join(folder, 'out');
  await mkdir(out);
  const entries = await packageFiles(
    {
      packageRoot: path.join(folder, root),
      bench: path.join(folder, bench),
      workDir: path.join(folder, root, 'work'),
    },
    'tree',
  );
  const { code } = await runProcess({
    argv: ['tar', '-xf', '-'],
    cwd: out,
    env: process.env,
    timeoutMs: 600_000,
    input: Readable.from(tarArchive(entries)),
  });
  expect(code).toBe(0);
  const found: Record<string, string> = {};
  const base = path.join(out, 'tree', folder);
  for (const name of await readdir(base, { recursive: true })) {
    const text = await readFile(path.join(base, name), 'utf8').catch(() => undefined);
    if (text !== undefined) found[name] = text;
  }
  return found;
}

it('takes what runs and leaves what only builds', async () => {
  const deep = `lib/${'long-name/'.repeat(14)}${'x'.repeat(120)}.js`;
  await write({
    'pkg/package.json': '{"dependencies":{"used":"1"},"devDependencies":{"compiler":"1","seeds":"1"}}',
    'pkg/index.js': 'a',
    [`pkg/${deep}`]: 'deep',
    'pkg/src/addon.cc': '',
    'pkg/build/Release/addon.node': 'elf',
    'pkg/build/Release/obj.target/addon.o': '',
    'pkg/build/types.d.ts': 'd',
    'pkg/.git/HEAD': '',
    'pkg/.autopass/journal.jsonl': '',
    'pkg/work/copy.node': '',
    'pkg/bench/bench.mjs': "import seeds from 'seeds/sub.js';\nimport '../shared';\n",
    'pkg/shared.js': 'const fs = require("node:fs");',
    'pkg/node_modules/used/package.json': '{"dependencies":{"deeper":"1"}}',
    'pkg/node_modules/seeds/package.json': '{}',
    'pkg/node_modules/compiler/package.json': '{}',
    'node_modules/deeper/package.json': '{}',
    'node_modules/other/package.json': '{}',
  });
  expect(Object.keys(await unpacked('pkg', 'pkg/bench/bench.mjs')).sort()).toEqual(
    [
      'node_modules/deeper/package.json',
      'pkg/bench/bench.mjs',
      'pkg/build/Release/addon.node',
      'pkg/build/types.d.ts',
      'pkg/index.js',
      `pkg/${deep}`,
      'pkg/node_modules/seeds/package.json',
      'pkg/node_modules/used/package.json',
      'pkg/package.json',
      'pkg/shared.js',
    ].sort(),
  );
});

it('keeps links between packages, and takes a bench from outside with what lies beside it', async () => {
  await write({
    'pkg/package.json': '{"dependencies":{"@scope/linked":"1"}}',
    'linked/package.json': '{"name":"@scope/linked"}',
    'linked/index.js': 'linked',
    'benches/package.json': '{"type":"module"}',
    'benches/hash/bench.js': "import { readFileSync } from 'node:fs';",
    'benches/hash/input.txt': 'data',
    'benches/other/bench.js': '',
  });
  await mkdir(path.join(folder, 'store/@scope'), { recursive: true });
  await symlink('../../linked', path.join(folder, 'store/@scope/linked'));
  // As in a copy of the sources for a cross build: all dependencies are shared.
  await symlink(path.join(folder, 'store'), path.join(folder, 'pkg/node_modules'));
  await symlink('.', path.join(folder, 'pkg/itself'));
  expect(await unpacked('pkg', 'benches/hash/bench.js')).toMatchObject({
    'pkg/node_modules/@scope/linked/index.js': 'linked',
    'pkg/itself/package.json': expect.any(String),
    'benches/package.json': '{"type":"module"}',
    'benches/hash/input.txt': 'data',
  });
});
