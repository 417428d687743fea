import { dependencyOptions, separateValueOptions } from './arguments.js';
import type { CompileCommand } from './types.js';

/**
 * The command line, compiler first, that compiles the same source with another compiler to another place. Wrappers
 * (ccache) and dependency-file options are left out; everything else keeps its order, with `extra` at the end, as
 * the launcher does it, so that the object is the one that the build will make.
 */
export function compileArgs(
  command: CompileCommand,
  options: { compiler: string; output: string; extra: readonly string[] },
): string[] {
  const args = command.argv.slice(command.compilerIndex + 1);
  const kept: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    const joined = dependencyOptions.withValue.find((option) => arg.startsWith(option));
    if (joined !== undefined) {
      if (arg === joined) at++;
    } else if (arg === '-o') {
      at++;
      kept.push('-o', options.output);
    } else if (arg.startsWith('-o')) kept.push('-o', options.output);
    else if (separateValueOptions.has(arg)) kept.push(arg, args[++at] ?? '');
    else if (!dependencyOptions.alone.has(arg) && !/^-Wp,-MM?D,/.test(arg)) kept.push(arg);
  }
  return [options.compiler, ...kept, ...options.extra];
}
