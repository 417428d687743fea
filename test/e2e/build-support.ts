import { chmod, cp, realpath, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleApply } from '../../src/dev/bundle-apply.js';
import { compilerOf, type Ran, runCommand, temporaryFolder, writeFiles } from '../build/support.js';

const require = createRequire(import.meta.url);
export const nodeGyp: readonly string[] = [process.execPath, require.resolve('node-gyp/bin/node-gyp.js')];
export const cmakeJs: readonly string[] = [process.execPath, require.resolve('cmake-js/bin/cmake-js')];

/** What a small C and C++ addon consists of; `run()` gives 64 * 63 / 2 + 2 + 5. */
export const addonSources: Readonly<Record<string, string>> = {
  'package.json': '{"name":"small-addon","version":"1.0.0","binary":{"napi_versions":[8]}}',
  'src/addon.c': `#include <node_api.h>
int hot(const int *a, int n);
double twice(double x);
int helper(void);
static napi_value run(napi_env env, napi_callback_info info) {
  int a[64];
  napi_value value;
  for (int i = 0; i < 64; i++) a[i] = i;
  napi_create_double(env, hot(a, 64) + twice(1.0) + helper(), &value);
  return value;
}
NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "run", NAPI_AUTO_LENGTH, run, NULL, &function);
  napi_set_named_property(env, exports, "run", function);
  return exports;
}
`,
  'src/hot.c':
    'int hot(const int *a, int n) { int s = 0; for (int i = 0; i < n; i++) s += a[i]; return s; }\n',
  'src/twice.cc': 'extern "C" double twice(double x) { return x * 2; }\n',
  'src/helper.c': 'int two(void);\nint helper(void) { return two() + 3; }\n',
  'src/two.c': 'int two(void) { return 2; }\n',
};

export const expectedRun = 2023;

/** Two targets that share a static library; the dependency line stands in one of them. */
export function bindingGyp(hooked: boolean): string {
  const hook = `"<!(node -p \\"require('./autopass').targets\\"):autopass", `;
  return `{"targets": [
  {"target_name": "helper", "type": "static_library", "sources": ["src/helper.c", "src/two.c"]},
  {"target_name": "addon", "dependencies": [${hooked ? hook : ''}"helper"], "sources": ["src/addon.c", "src/hot.c", "src/twice.cc"]},
  {"target_name": "second", "dependencies": ["helper"], "sources": ["src/addon.c", "src/hot.c", "src/twice.cc"]}
]}
`;
}

export function cmakeLists(include: string): string {
  return `cmake_minimum_required(VERSION 3.15)
project(addon C CXX)
${include}
include_directories(\${CMAKE_JS_INC})
add_library(helper STATIC src/helper.c src/two.c)
set_property(TARGET helper PROPERTY POSITION_INDEPENDENT_CODE ON)
add_library(addon SHARED src/addon.c src/hot.c src/twice.cc)
set_target_properties(addon PROPERTIES PREFIX "" SUFFIX ".node")
target_link_libraries(addon helper)
`;
}

/** A package in a folder of its own, with the vendored apply path. */
export async function makePackage(
  name: string,
  apply: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const root = path.join(await temporaryFolder('e2e'), name);
  await writeFiles(root, { ...addonSources, ...files });
  await cp(apply, path.join(root, 'autopass'), { recursive: true });
  // As a folder that came through a zip file.
  await chmod(path.join(root, 'autopass/launch'), 0o644);
  return root;
}

/** Removes the temporary folder that holds this path, and refuses every other. */
export async function removePackage(root: string): Promise<void> {
  const [folder = ''] = path.relative(await realpath(os.tmpdir()), root).split(path.sep);
  if (!folder.startsWith('autopass-')) throw new Error(`${root} is not in a temporary folder of a test`);
  await rm(path.join(os.tmpdir(), folder), { recursive: true, force: true });
}

/** The folder that `init` vendors, made from the sources under test. */
export async function makeApplyFolder(): Promise<string> {
  const into = path.join(await temporaryFolder('apply'), 'apply');
  const entry = fileURLToPath(new URL('../../src/build/apply-main.ts', import.meta.url));
  await bundleApply({ entry, into });
  return into;
}

export interface Built extends Ran {
  /** Base names of the objects that were compiled, sorted. */
  compiled: string[];
  /** What AutoPass said. */
  said: string[];
}

/** Runs a build that must succeed. */
export async function build(
  argv: readonly string[],
  root: string,
  env: Record<string, string | undefined> = {},
): Promise<Built> {
  const ran = await runCommand(argv, { cwd: root, env });
  if (ran.code !== 0) throw new Error(`${argv.join(' ')} failed:\n${ran.stdout}${ran.stderr}`);
  const text = ran.stdout + ran.stderr;
  const objects = text.matchAll(/(?:(?:CC|CXX)\(target\)|Building (?:C|CXX) object) (\S+)/g);
  return {
    ...ran,
    compiled: [...objects].map((match) => path.basename(match[1] ?? '')).sort(),
    said: text.split('\n').filter((line) => line.startsWith('autopass:')),
  };
}

/** Loads the addon in a fresh process. */
export async function runAddon(file: string): Promise<number> {
  const ran = await runCommand([process.execPath, '-p', `require(${JSON.stringify(file)}).run()`], {
    cwd: '/',
  });
  return Number(ran.stdout);
}

export async function compilersOf(root: string, objects: readonly string[]): Promise<string[]> {
  return Promise.all(objects.map((object) => compilerOf(path.join(root, object))));
}
