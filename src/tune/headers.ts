import path from 'node:path';
import { compileArgs } from '../build/compile-args.js';
import { isGenerated } from '../build/moved-build.js';
import type { CompileCommand } from '../build/types.js';
import { run } from '../toolchain/run.js';

/**
 * Headers that a source includes from its own package (not from the system, not from another package, not made by the build: a
 * config.h may hold the day), relative to the package root and sorted. They belong to what an entry was tuned for.
 */
export async function localHeaders(
  command: CompileCommand,
  compiler: string,
  packageRoot: string,
): Promise<string[]> {
  const argv = compileArgs(command, { compiler, output: '-', extra: ['-MM', '-w'] });
  const result = await run(argv, { cwd: command.cwd, timeoutMs: 60_000 });
  if (result.code !== 0) return [];
  const home = packageFolder(command.file);
  const headers = new Set<string>();
  for (const name of parseDependencies(result.stdout)) {
    const file = path.relative(packageRoot, path.resolve(command.cwd, name)).split(path.sep).join('/');
    if (file === command.file || file.startsWith('../') || path.isAbsolute(file) || isGenerated(file))
      continue;
    if (packageFolder(file) === home) headers.add(file);
  }
  return [...headers].sort();
}

/** Prerequisites of a make rule, with escaped spaces and continued lines undone. */
export function parseDependencies(rule: string): string[] {
  const colon = rule.indexOf(': ');
  if (colon === -1) return [];
  return (rule.slice(colon + 1).match(/(?:\\\r?\n|\\.|[^\\\s])+/g) ?? [])
    .map((name) => name.replace(/\\\r?\n/g, '').replace(/\\(.)/g, '$1'))
    .filter((name) => name !== '');
}

/** The innermost `node_modules/<name>/` that a file lies in; empty for the package itself. */
function packageFolder(file: string): string {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+\//.exec(file)?.[0] ?? '';
}
