import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CommandDef } from 'citty';
import { applyFolder } from '../build/apply-folder.js';
import { type BuildSystem, detectBuildSystem } from '../build/detect-build-system.js';
import { type PackageJson, readPackageJson } from '../config/load.js';
import { setJsonField } from '../config/set-json-field.js';
import { exitCodes } from '../errors.js';
import { profilesFolder } from '../levers/profiles.js';
import { isHooked } from '../tune/build-package.js';
import { command } from './command.js';

type Hook = 'vendored' | 'dependency' | 'none';

interface InitResult {
  readonly buildSystem: BuildSystem;
  readonly hook: Hook;
  readonly written: readonly string[];
  readonly kept: readonly string[];
  readonly next: readonly string[];
}

export const init: CommandDef = command(
  'init',
  'Write a config and a starter bench, and show how to hook into the build',
  {
    hook: {
      type: 'enum',
      options: ['vendored', 'dependency', 'none'],
      default: 'vendored',
      description:
        'vendored: copy the apply path into the package, so that its users install nothing more (for published packages); dependency: use autopass-native as a dependency; none: builds go through autopass exec',
    },
  },
  async (args, io) => {
    const result = await initialise(path.resolve(args.dir), args.hook as Hook);
    io.print(format(result), result);
    return exitCodes.ok;
  },
);

async function initialise(packageRoot: string, hook: Hook): Promise<InitResult> {
  const manifest = await readPackageJson(packageRoot);
  const buildSystem = await detectBuildSystem(packageRoot);
  const written: string[] = [];
  const kept: string[] = [];
  const write = async (name: string, text: string): Promise<void> => {
    const isNew = await writeFile(path.join(packageRoot, name), text, { flag: 'wx' }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false;
        throw error;
      },
    );
    (isNew ? written : kept).push(name);
  };
  await write('autopass.config.json', `${JSON.stringify(starterConfig(manifest), undefined, 2)}\n`);
  await write('autopass.bench.mjs', (await template('bench.mjs')).replace('{{name}}', manifest.name ?? '.'));
  if (hook === 'vendored') {
    await cp(applyFolder(), path.join(packageRoot, 'autopass'), { recursive: true });
    written.push('autopass/');
  }
  if (await publishFiles(packageRoot, manifest, hook)) written.push('package.json (files)');
  const hooked = hook === 'none' || (await isHooked(packageRoot));
  return { buildSystem, hook, written, kept, next: nextSteps(manifest, buildSystem, hook, hooked) };
}

function starterConfig(manifest: PackageJson): object {
  const install = `${manifest.scripts?.install ?? ''} ${manifest.scripts?.rebuild ?? ''}`;
  return {
    bench: './autopass.bench.mjs',
    ...(install.includes('node-pre-gyp') && { build: ['node-pre-gyp', 'rebuild', '--build-from-source'] }),
    ...(manifest.scripts?.test !== undefined &&
      !/no test specified/.test(manifest.scripts.test) && { test: ['npm', 'test'] }),
  };
}

/** A package that lists its files must list the lock, the profiles and the hook, or its users build without them. */
async function publishFiles(packageRoot: string, manifest: PackageJson, hook: Hook): Promise<boolean> {
  if (manifest.files === undefined) return false;
  const missing = ['autopass.lock', profilesFolder, ...(hook === 'vendored' ? ['autopass'] : [])].filter(
    (name) => !manifest.files?.includes(name),
  );
  if (missing.length === 0) return false;
  await setJsonField(path.join(packageRoot, 'package.json'), 'files', [...manifest.files, ...missing]);
  return true;
}

function nextSteps(manifest: PackageJson, buildSystem: BuildSystem, hook: Hook, hooked: boolean): string[] {
  const from = hook === 'vendored' ? './autopass' : 'autopass-native';
  const steps: string[] = [];
  if (hook === 'dependency') steps.push('npm install autopass-native');
  if (!hooked && buildSystem === 'node-gyp') {
    steps.push(
      `add to every target in binding.gyp:\n       "dependencies": ["<!(node -p \\"require('${from}').targets\\"):autopass"]`,
    );
  } else if (!hooked) {
    const file =
      hook === 'vendored'
        ? 'autopass/autopass.cmake'
        : 'node_modules/autopass-native/dist/apply/autopass.cmake';
    steps.push(`add to CMakeLists.txt, after project():\n       include(${file})`);
  }
  steps.push('fill in autopass.bench.mjs with what your users do most');
  steps.push('npx autopass build     (the first build tunes; later ones apply)');
  steps.push(
    `commit autopass.lock${hook === 'vendored' ? ', autopass/' : ''} and, where there is one, ${profilesFolder}/`,
  );
  if (hook === 'none') steps.push('build everywhere with: npx autopass exec -- <your build command>');
  const approve = `npm approve-scripts ${manifest.name ?? '<package>'}`;
  steps.push(
    `publish prebuilds: npm 12 builds a dependency from source only after ${approve}\n       (a workflow for GitHub Actions is in node_modules/autopass-native/templates/ci)`,
  );
  return steps;
}

async function template(name: string): Promise<string> {
  return readFile(fileURLToPath(new URL(`../../templates/${name}`, import.meta.url)), 'utf8');
}

function format(result: InitResult): string {
  return [
    `This package builds with ${result.buildSystem}.`,
    ...(result.written.length > 0 ? [`Wrote ${result.written.join(', ')}.`] : []),
    ...(result.kept.length > 0 ? [`Left as it was: ${result.kept.join(', ')}.`] : []),
    '',
    'Next:',
    ...result.next.map((step, index) => `  ${index + 1}. ${step}`),
  ].join('\n');
}
