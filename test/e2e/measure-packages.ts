import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Bench, Variant } from '../../src/measure/types.js';

/** A package with an addon made for one test, and ways to build variants of it. */
export interface TestPackage {
  readonly root: string;
  readonly workDir: string;
  readonly bench: Bench;
  /** Builds the addon anew with these macros. */
  variant(id: string, macros?: Readonly<Record<string, string | number>>): Variant;
}

const napiSource = `
#include <node_api.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#ifndef WORK
#define WORK 1
#endif
#ifdef MISSING
extern int nobody_defines_this;
static int* volatile missing = &nobody_defines_this;
#endif
#ifdef EXPORTED
extern "C" int additional() { return 1; }
#endif
extern "C" __attribute__((noinline)) uint32_t mix(const uint8_t* data, size_t length, uint32_t seed) {
#ifdef SABOTAGE
  return 0;
#endif
  uint32_t hash = seed;
  for (int pass = 0; pass < WORK; pass++) {
    hash = seed;
    for (size_t i = 0; i < length; i++) {
      hash = (hash ^ data[i]) * 16777619u;
      __asm__ volatile("" : "+r"(hash));
    }
  }
  return hash;
}
static napi_value Hash(napi_env env, napi_callback_info info) {
  size_t argc = 1; napi_value argv[1]; void* data; size_t length; napi_value result;
  napi_get_cb_info(env, info, &argc, argv, nullptr, nullptr);
  napi_get_buffer_info(env, argv[0], &data, &length);
#ifdef CRASH
  abort();
#endif
#ifdef HANG
  for (;;) usleep(1000);
#endif
#ifdef RANDOM
  napi_create_uint32(env, (uint32_t)getpid() ^ (uint32_t)(uintptr_t)data, &result);
#else
  napi_create_uint32(env, mix((const uint8_t*)data, length, 2166136261u), &result);
#endif
  return result;
}
static napi_value Init(napi_env env, napi_value exports) {
  napi_value fn;
  napi_create_function(env, "hash", NAPI_AUTO_LENGTH, Hash, nullptr, &fn);
  napi_set_named_property(env, exports, "hash", fn);
  return exports;
}
NAPI_MODULE(addon, Init)
`;

/** Registers itself from a static constructor, as addons did before Node 10; one instance per file and process. */
const oldSource = `
#include <node.h>
static void Hash(const v8::FunctionCallbackInfo<v8::Value>& args) {
  args.GetReturnValue().Set(static_cast<uint32_t>(42));
}
static void Init(v8::Local<v8::Object> exports) { NODE_SET_METHOD(exports, "hash", Hash); }
NODE_MODULE(addon, Init)
`;

/** Keeps a function pointer in static data of an inline function, which gcc makes unique in a process. */
const sharedDataSource = napiSource
  .replace(
    'mix((const uint8_t*)data, length, 2166136261u)',
    'chosen()((const uint8_t*)data, length, 2166136261u)',
  )
  .replace(
    'static napi_value Hash',
    `typedef uint32_t (*Mix)(const uint8_t*, size_t, uint32_t);
inline Mix& chosen() { static Mix function = getenv("NEVER_SET") ? nullptr : mix; return function; }
static napi_value Hash`,
  );

type Source = 'napi' | 'old' | 'sharedData';
const sources: Readonly<Record<Source, string>> = {
  napi: napiSource,
  old: oldSource,
  sharedData: sharedDataSource,
};

export interface PackageOptions {
  readonly source?: Source;
  /** Files of the package; the addon is `build/Release/addon.node`. */
  readonly files?: Readonly<Record<string, string>>;
  readonly bench?: string;
  readonly command?: readonly string[];
}

const eagerFiles = {
  'package.json': '{"name": "test-addon", "version": "1.0.0"}',
  'index.js': "module.exports = require('./build/Release/addon.node');",
};

const hashBench = `export default (addon, inputs) => {
  const data = Buffer.alloc(20000, inputs);
  return { hash: () => addon.hash(data), short: () => addon.hash(data.subarray(0, 5000)) };
};`;

/** Writes a package to a temporary folder and builds its stock addon. */
export function makePackage(options: PackageOptions = {}): TestPackage {
  const root = mkdtempSync(join(tmpdir(), 'autopass-measure '));
  const files = { ...(options.files ?? eagerFiles), 'bench.mjs': options.bench ?? hashBench };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  writeFileSync(join(root, 'addon.cc'), sources[options.source ?? 'napi']);
  const loaded = join(root, 'build', 'Release', 'addon.node');
  mkdirSync(dirname(loaded), { recursive: true });
  build(root, loaded, {});
  return {
    root,
    workDir: join(root, 'work'),
    bench: options.command
      ? { kind: 'command', command: options.command }
      : { kind: 'module', path: join(root, 'bench.mjs') },
    variant(id, macros = {}) {
      const file = join(root, `${id}.node`);
      build(root, file, macros);
      return { id, binaries: { [loaded]: file } };
    },
  };
}

/** What was compiled before in this test file, by source and macros. */
const built = new Map<string, Buffer>();

function build(root: string, output: string, macros: Readonly<Record<string, string | number>>): void {
  const source = readFileSync(join(root, 'addon.cc'), 'utf8');
  const key = JSON.stringify([source, macros]);
  const known = built.get(key);
  if (known !== undefined) {
    writeFileSync(output, known);
    return;
  }
  const include = join(dirname(dirname(process.execPath)), 'include', 'node');
  const defines = Object.entries(macros).map(([name, value]) => `-D${name}=${value}`);
  const flags = ['-O1', '-shared', '-fPIC', '-w', '-std=c++17', `-I${include}`];
  execFileSync('g++', [...flags, ...defines, '-o', output, join(root, 'addon.cc')]);
  built.set(key, readFileSync(output));
}
