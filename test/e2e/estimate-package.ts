import path from 'node:path';
import type { AddonBinary } from '../../src/build/find-binaries.js';
import type { BuildRecord, CompileCommand, LinkCommand } from '../../src/build/types.js';
import type { BenchTarget, Variant } from '../../src/measure/types.js';
import { runCommand, temporaryFolder, testClang, writeFiles } from '../build/support.js';

const mixSource = `
#include <stddef.h>
#include <stdint.h>
#ifndef WORK
#define WORK 1
#endif
static uint32_t step(uint32_t hash, uint8_t byte) { return (hash ^ byte) * 16777619u; }
uint32_t mix(const uint8_t *data, size_t length) {
  uint32_t hash = 2166136261u;
  for (int pass = 0; pass < WORK; pass++)
    for (size_t i = 0; i < length; i++) hash = step(hash, data[i]);
  return hash;
}
`;

const addonSource = `
#include <node_api.h>
#include <stdint.h>
#include <stdlib.h>
uint32_t mix(const uint8_t *data, size_t length);
static napi_value call(napi_env env, napi_callback_info info) {
  size_t argc = 1, length;
  napi_value argument, result;
  void *data;
  napi_get_cb_info(env, info, &argc, &argument, NULL, NULL);
  napi_get_buffer_info(env, argument, &data, &length);
#ifdef CRASH
  abort();
#endif
  napi_create_uint32(env, mix(data, length), &result);
  return result;
}
NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "mix", NAPI_AUTO_LENGTH, call, NULL, &function);
  napi_set_named_property(env, exports, "mix", function);
  return exports;
}
`;

const bench = `export default (addon, inputs) => {
  const data = Buffer.alloc(20000, inputs);
  return { long: () => addon.mix(data), short: () => addon.mix(data.subarray(0, 1000)) };
};`;

export interface EstimatedVariant extends Variant {
  readonly record: BuildRecord;
  readonly addon: AddonBinary;
}

/** A package of two C files, compiled for any Linux by clang alone. */
export interface EstimatePackage {
  readonly target: BenchTarget;
  variant(id: string, triple: string, flags: readonly string[]): Promise<EstimatedVariant>;
}

export async function makeEstimatePackage(): Promise<EstimatePackage> {
  const root = await temporaryFolder('estimate');
  const loaded = path.join(root, 'addon.node');
  await writeFiles(root, {
    'package.json': '{"name": "test-addon"}',
    'index.js': "module.exports = require('./addon.node');",
    'bench.mjs': bench,
    'mix.c': mixSource,
    'addon.c': addonSource,
    // Never loaded itself: a variant takes its place.
    'addon.node': '',
  });
  const { cc, tools } = await testClang();
  const include = path.join(path.dirname(path.dirname(process.execPath)), 'include/node');
  const must = async (argv: readonly string[]): Promise<void> => {
    const ran = await runCommand(argv, { cwd: root });
    if (ran.code !== 0) throw new Error(ran.stderr);
  };
  return {
    target: {
      packageRoot: root,
      bench: { kind: 'module', path: path.join(root, 'bench.mjs') },
      workDir: path.join(root, 'work'),
    },
    async variant(id, triple, flags) {
      const clang = [cc, `--target=${triple}`, '-fPIC', `-I${include}`];
      const compiles: CompileCommand[] = [];
      for (const file of ['mix.c', 'addon.c']) {
        const output = path.join(root, `${id}-${file}.o`);
        const argv = [...clang, ...flags, '-c', file, '-o', output];
        const paths = { source: path.join(root, file), output, file, object: output };
        compiles.push({ kind: 'compile', cwd: root, argv, compilerIndex: 0, language: 'c', ...paths });
        await must(argv);
      }
      const output = path.join(root, `${id}.node`);
      const inputs = compiles.map((command) => command.output);
      const argv = [...clang, `--ld-path=${tools.lld}`, '-shared', '-o', output, ...inputs];
      const link: LinkCommand = { kind: 'link', cwd: root, argv, output, inputs };
      await must(argv);
      return {
        id,
        binaries: { [loaded]: output },
        record: { packageRoot: root, compiles, links: [link] },
        addon: { link, loaded, copies: [loaded] },
      };
    },
  };
}
