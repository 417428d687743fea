import type { CompileCommand } from '../../build/types.js';
import type { ProfileLever } from '../../levers/profiles.js';
import type { Configuration } from '../../levers/types.js';
import type { Variant } from '../../measure/types.js';
import type { Preparation } from '../../tune/prepare.js';
import type { Training } from '../../tune/train.js';
import type { Assembly, CompiledObject, Workspace } from '../../tune/workspace.js';
import type { PlainMethod } from './methods.js';

export interface PlainRequest {
  readonly prep: Preparation;
  readonly workspace: Workspace;
  /** The hot units at plain clang -O3. */
  readonly baseline: Assembly;
  readonly commands: readonly CompileCommand[];
  /** Trains once, when first asked. */
  readonly training: () => Promise<Training>;
}

/** One build of the addon by a plain method: one thing done to all hot units, nothing measured on the way. */
export function plainBuild(method: PlainMethod, request: PlainRequest): Promise<Variant> {
  return builders[method](request);
}

const builders: Readonly<Record<PlainMethod, (request: PlainRequest) => Promise<Variant>>> = {
  stock: async ({ prep }) => ({ ...prep.stock, id: 'stock' }),
  pgo: (request) => profiled('pgo', 'pgo-ir', request),
  cspgo: (request) => profiled('cspgo', 'pgo-cs', request),
  thinlto: async (request) =>
    request.workspace.variant('thinlto', await assemble(request, { 'lto-thin': true })),
};

async function profiled(id: string, lever: ProfileLever, request: PlainRequest): Promise<Variant> {
  const { profiles, problem } = await request.training();
  const profile = profiles.find((configuration) => lever in configuration);
  if (profile === undefined) throw new Error(problem ?? 'there is no such profile');
  return request.workspace.variant(id, await assemble(request, profile));
}

/** Every hot unit under the configuration; units that do not compile under it stay at -O3, unless it is refused. */
async function assemble(request: PlainRequest, configuration: Configuration): Promise<Assembly> {
  const { workspace, baseline, commands } = request;
  const outcomes = await workspace.compileAll(commands.map((command) => ({ command, configuration })));
  const assembly = new Map<string, CompiledObject>(baseline);
  for (const [index, command] of commands.entries()) {
    const outcome = outcomes[index];
    if (outcome?.kind === 'compiled') assembly.set(command.output, outcome.object);
  }
  const [first] = outcomes;
  if (first?.kind === 'refused' && outcomes.every(({ kind }) => kind === 'refused')) {
    throw new Error(first.problems.map(({ id, reason }) => `${id}: ${reason}`).join('; '));
  }
  return assembly;
}
