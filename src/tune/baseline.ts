import type { CompileCommand } from '../build/types.js';
import { AutoPassError, exitCodes } from '../errors.js';
import type { Logger } from '../log.js';
import type { Trials } from './trials.js';
import type { Assembly, CompiledObject, Workspace } from './workspace.js';

/** Above this many translation units a disagreement is not searched one by one. */
const maxCulpritSearch = 40;

/**
 * Compiles the hot translation units with plain clang -O3 and checks that the addon still gives the stock
 * build's outputs. Units that clang cannot compile, or that give other outputs, are left to the stock compiler.
 * @throws AutoPassError `CLANG_DIFFERS` when the outputs differ and no single unit explains it.
 */
export async function compileBaseline(
  commands: readonly CompileCommand[],
  context: { workspace: Workspace; trials: Trials; logger: Logger },
): Promise<Map<string, CompiledObject>> {
  const { workspace, logger } = context;
  const outcomes = await workspace.compileAll(commands.map((command) => ({ command, configuration: {} })));
  const assembly = new Map<string, CompiledObject>();
  for (const [index, command] of commands.entries()) {
    const outcome = outcomes[index];
    if (outcome?.kind === 'compiled') assembly.set(command.output, outcome.object);
    else
      logger.warn(`${command.file} stays with the stock compiler: clang cannot compile it${reason(outcome)}`);
  }
  if (assembly.size === 0) {
    throw new AutoPassError(
      'CLANG_FAILS',
      `clang compiled none of the ${commands.length} translation units.`,
      {
        family: 'toolchain',
        hint: 'See the reasons above; a missing C++ standard library for clang is the usual one.',
      },
    );
  }
  const verdict = await verify(context, assembly);
  if (verdict === undefined) return assembly;
  if (assembly.size <= maxCulpritSearch) {
    for (const [output, object] of [...assembly]) {
      const alone = await verify(context, new Map([[output, object]]));
      if (alone === undefined) continue;
      assembly.delete(output);
      const file = commands.find((command) => command.output === output)?.file ?? output;
      logger.warn(`${file} stays with the stock compiler: built by clang -O3, ${alone}`);
    }
    if (assembly.size > 0 && (await verify(context, assembly)) === undefined) return assembly;
  }
  throw new AutoPassError(
    'CLANG_DIFFERS',
    `Built by clang -O3 the addon differs from the stock build: ${verdict}`,
    {
      exitCode: exitCodes.incorrect,
      hint: 'Floating-point code may differ in the last digit between compilers: set "tolerance" in autopass.config.* if that is acceptable.',
    },
  );
}

async function verify(
  { workspace, trials }: { workspace: Workspace; trials: Trials },
  assembly: Assembly,
): Promise<string | undefined> {
  const [outcome] = await trials.verify([await workspace.variant('o3', assembly)]);
  switch (outcome?.outcome) {
    case undefined:
    case 'equal':
      return undefined;
    case 'incorrect':
      return `case ${outcome.case} returns something else (${outcome.detail})`;
    case 'timed-out':
      return 'the bench does not end';
    case 'crashed':
    case 'not-loaded':
      return outcome.detail;
  }
}

function reason(outcome: { kind: string; stderr?: string } | undefined): string {
  const line = outcome?.stderr?.split('\n').find((text) => /error|timed out/.test(text));
  return line === undefined ? '' : ` (${line.trim()})`;
}
