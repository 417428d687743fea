import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { resolveEntry } from '../../src/measure/child/load.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function resolved(manifest: object, files: readonly string[], entry?: string): [string, string] {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'autopass-load-')));
  folders.push(folder);
  const root = join(folder, 'package');
  mkdirSync(root);
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'p', ...manifest }));
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), '');
  }
  const { file, format } = resolveEntry(root, entry);
  return [relative(root, file), format];
}

describe('resolveEntry', () => {
  it('follows main', () => {
    expect(resolved({ main: './lib/a' }, ['lib/a.js'])).toEqual(['lib/a.js', 'commonjs']);
  });

  it('falls back to index.js', () => {
    expect(resolved({}, ['index.js'])).toEqual(['index.js', 'commonjs']);
  });

  it('is not led astray by a file beside the folder that has its name', () => {
    expect(resolved({}, ['index.js', '../package.js', '../package.json'])).toEqual(['index.js', 'commonjs']);
  });

  it('prefers what require gives where exports offer both', () => {
    const exports = { '.': { import: './a.mjs', require: './a.cjs' } };
    expect(resolved({ exports }, ['a.mjs', 'a.cjs'])).toEqual(['a.cjs', 'commonjs']);
  });

  it('takes what import gives where exports offer nothing else', () => {
    const exports = { '.': { types: './a.d.ts', import: { node: './a.mjs' } } };
    expect(resolved({ exports }, ['a.mjs'])).toEqual(['a.mjs', 'module']);
  });

  it('knows ES modules by the type of the nearest package.json', () => {
    expect(resolved({ type: 'module', main: 'a.js' }, ['a.js'])).toEqual(['a.js', 'module']);
    expect(resolved({ type: 'module', exports: './a.cjs' }, ['a.cjs'])).toEqual(['a.cjs', 'commonjs']);
  });

  it('takes the entry that the caller names', () => {
    expect(resolved({}, ['index.js', 'lib/native.js'], './lib/native.js')).toEqual([
      'lib/native.js',
      'commonjs',
    ]);
  });
});
