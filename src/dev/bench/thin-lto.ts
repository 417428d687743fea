import { mkdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { compileArgs } from '../../build/compile-args.js';
import { tunedBaseArgs } from '../../build/plan-file.js';
import { type LinkStep, relink } from '../../build/relink.js';
import type { CompileCommand } from '../../build/types.js';
import type { Variant } from '../../measure/types.js';
import { run } from '../../toolchain/run.js';
import type { Clang } from '../../toolchain/types.js';
import { failureText } from '../../tune/link.js';
import { mapPool } from '../../tune/pool.js';
import type { Preparation } from '../../tune/prepare.js';

const timeoutMs = 300_000;

/**
 * The addon with these units as ThinLTO bitcode, linked by clang with lld in place of the project's own linker; the other
 * objects are the recorded ones.
 */
export async function linkThin(
  prep: Preparation,
  commands: readonly CompileCommand[],
  folder: string,
): Promise<Variant['binaries']> {
  const replacements = await compileBitcode(prep.clang, commands, folder);
  const binaries: Record<string, string> = {};
  for (const [index, { link, loaded }] of prep.binaries.entries()) {
    const into = path.join(folder, String(index));
    await mkdir(into, { recursive: true });
    const { steps, output } = relink(prep.record, { replacements, output: link.output, into });
    for (const step of steps) await must(thinStep(step, output, prep.clang));
    binaries[loaded] = output;
  }
  return binaries;
}

async function compileBitcode(
  clang: Clang,
  commands: readonly CompileCommand[],
  folder: string,
): Promise<Map<string, string>> {
  await mkdir(folder, { recursive: true });
  const extra = [...tunedBaseArgs, '-flto=thin'];
  const objects = await mapPool([...commands.entries()], os.availableParallelism(), async ([at, command]) => {
    const output = path.join(folder, `${at}.o`);
    const compiler = command.language === 'c' ? clang.cc : clang.cxx;
    await must({ argv: compileArgs(command, { compiler, output, extra }), cwd: command.cwd });
    return [command.output, output] as const;
  });
  return new Map(objects);
}

/** The last step, which makes the addon, goes to clang; archives stay as they are, lld finds bitcode in them by itself. */
function thinStep(step: LinkStep, addon: string, clang: Clang): Pick<LinkStep, 'argv' | 'cwd'> {
  if (step.output !== addon) return step;
  // Behind the compiler, and a wrapper before it, everything begins with a dash.
  const args = step.argv.slice(step.argv.findIndex((word) => word.startsWith('-')));
  return { cwd: step.cwd, argv: [clang.cxx, ...args, '-flto=thin', '-O3', '-fuse-ld=lld'] };
}

async function must({ argv, cwd }: Pick<LinkStep, 'argv' | 'cwd'>): Promise<void> {
  const result = await run(argv, { cwd, timeoutMs });
  if (result.code === 0) return;
  throw new Error(`${path.basename(argv[0] ?? '')} failed: ${failureText(result).split('\n')[0]}`);
}
