import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { identifyTool } from '../build/compilers.js';
import { isDispatcher, variantFile } from '../build/dispatch-files.js';
import type { LinkCommand } from '../build/types.js';
import { AutoPassError } from '../errors.js';
import { readElf } from '../measure/elf-file.js';
import { failureText, run } from '../toolchain/run.js';

const source = fileURLToPath(new URL('../../templates/dispatch/dispatch.c', import.meta.url));
const timeoutMs = 120_000;

/** The symbols by which Node finds a module that does not register from a static constructor. */
const entrySymbol =
  /^(?:napi_register_module_v\d+|node_api_module_get_api_version_v\d+|node_register_module_v\d+)$/;

/** No library and no hardening that needs one; nothing of the package's flags, and no ISA level. */
const flags = [
  ...['-x', 'c', '-std=gnu11', '-O2', '-fPIC', '-shared', '-nostdlib', '-fvisibility=hidden', '-w'],
  ...['-fno-stack-protector', '-fno-lto', '-U_FORTIFY_SOURCE', '-Wl,--build-id=none', '-Wl,-z,noexecstack'],
];

export interface DispatcherRequest {
  /** The command that linked the addon; its compiler is used. */
  readonly link: LinkCommand;
  /** The addon as every processor runs it. */
  readonly addon: string;
  /** Levels that have variants, best first, the baseline last. */
  readonly levels: readonly string[];
  readonly output: string;
}

/**
 * Compiles the file that stands in the addon's place. It exports of Node's well-known symbols exactly those that the addon exports,
 * because Node calls every one that it finds.
 * @throws AutoPassError `DISPATCHER_FAILED`
 */
export async function compileDispatcher({ link, addon, levels, output }: DispatcherRequest): Promise<void> {
  const symbols = await entrySymbols(addon);
  const tool = identifyTool(link.argv);
  const compiler = tool.kind === 'compiler' && tool.known ? link.argv[tool.index] : undefined;
  if (symbols === undefined || compiler === undefined) {
    throw failure(`${path.basename(addon)} is not an addon that a known compiler linked for this machine`);
  }
  const variants = levels.map(
    (level) => `{${JSON.stringify(level)}, ${JSON.stringify(path.basename(variantFile(addon, level)))}}`,
  );
  const defines = [
    `-DVARIANTS=${variants.join(', ')}`,
    `-DEXPORTS=${symbols.map((name) => `FORWARD(${name})`).join(' ')}`,
  ];
  const argv = [compiler, ...flags, ...defines, '-o', output, source];
  const result = await run(argv, { cwd: link.cwd, timeoutMs });
  if (result.code !== 0) throw failure(failureText(result));
  const exported = await entrySymbols(output);
  if (exported?.join() !== symbols.join() || !(await isDispatcher(output))) {
    throw failure(`${compiler} made another file than was asked for`);
  }
}

async function entrySymbols(file: string): Promise<string[] | undefined> {
  const elf = readElf(await readFile(file));
  return elf?.dynamicSymbols
    .filter(({ name, defined, exported }) => defined && exported && entrySymbol.test(name))
    .map(({ name }) => name)
    .sort();
}

function failure(reason: string): AutoPassError {
  return new AutoPassError('DISPATCHER_FAILED', `The dispatcher could not be made: ${reason}`, {
    family: 'toolchain',
  });
}
