import { z } from 'zod';
import { renderRemark } from '../../evidence/render.js';
import type { Configuration } from '../../levers/types.js';
import type { Inspection, PolicyInput } from '../types.js';
import { renderComparison } from './compare-facts.js';
import type { Tool } from './converse.js';
import { describeLever, findLevers, type LeverScope } from './levers-text.js';
import { renderHistory } from './render-trials.js';
import { type RepairContext, repairConfiguration } from './repair.js';
import { type RankedFunction, renderFunctions } from './score.js';

export interface ToolContext {
  readonly input: PolicyInput;
  readonly functions: readonly RankedFunction[];
  readonly repair: RepairContext;
  /** The configuration that proposals are derived from. */
  readonly parent: Configuration;
}

const levers = z.record(z.string().max(200), z.unknown()).describe('object from lever id to value');
const functionName = z.string().min(1).max(600).describe('name of a hot function');
const shownRemarks = 25;

/** What the model may ask while it works. Nothing here runs a command or reads a file that the model names. */
export function createTools(context: ToolContext): Tool[] {
  const { input } = context;
  const scope: LeverScope = context.repair;
  return [
    tool('hot_functions', 'The hot functions and their shares of time.', z.strictObject({}), async () =>
      renderFunctions(context.functions),
    ),
    tool(
      'remarks',
      'Optimization remarks of a function under -O3.',
      z.strictObject({ function: functionName, pass: z.string().max(60).optional() }),
      async (args) => remarksOf(args.function, args.pass, input),
    ),
    tool(
      'describe',
      'What a lever or pass does, its values, default, and whether it can be used here.',
      z.strictObject({ id: z.string().max(200) }),
      async ({ id }) => describeLever(id, scope),
    ),
    tool(
      'find_levers',
      'Levers whose id, effect or evidence has all these words.',
      z.strictObject({ query: z.string().min(1).max(200) }),
      async ({ query }) => findLevers(query, scope),
    ),
    tool('trials', 'What was tried, with predictions and results.', z.strictObject({}), async () =>
      renderHistory(input.history),
    ),
    ...compilerTools(context),
  ];
}

/** Tools that ask the compiler; none where nobody can. */
function compilerTools({ input, functions, repair, parent }: ToolContext): Tool[] {
  const { inspect } = input;
  if (inspect === undefined) return [];
  const named = async (name: string, ask: (exact: string) => Promise<Inspection>): Promise<string> => {
    const exact = resolveFunction(name, input, functions);
    return exact.ok ? textOf(await ask(exact.text)) : exact.reason;
  };
  return [
    tool(
      'ir',
      'LLVM IR of a function, before optimization or after it under a configuration (by default the parent).',
      z.strictObject({
        function: functionName,
        stage: z.enum(['before', 'after']),
        levers: levers.optional(),
      }),
      async (args) => {
        const { configuration } =
          args.levers === undefined ? { configuration: parent } : repairConfiguration(args.levers, repair);
        return named(args.function, (name) => inspect.ir(name, args.stage, configuration));
      },
    ),
    tool(
      'assembly',
      'Innermost loops of a function with static cost, under a configuration (by default the parent).',
      z.strictObject({ function: functionName, levers: levers.optional() }),
      async (args) => {
        const { configuration } =
          args.levers === undefined ? { configuration: parent } : repairConfiguration(args.levers, repair);
        return named(args.function, (name) => inspect.assembly(name, configuration));
      },
    ),
    tool(
      'list_loops',
      'Loops of a function with the keys that loop levers md:… take.',
      z.strictObject({ function: functionName }),
      async (args) => named(args.function, (name) => inspect.loops(name)),
    ),
    tool('pipeline', 'The passes of -O3 in their order.', z.strictObject({}), async () =>
      textOf(await inspect.pipeline()),
    ),
    tool(
      'compile',
      'Compiles a configuration and tells what changes against the parent: instructions, size, static cost, remarks.',
      z.strictObject({ levers }),
      async (args) => {
        const { configuration, notes } = repairConfiguration(args.levers, repair);
        const [before, after] = [await inspect.compile(parent), await inspect.compile(configuration)];
        return [...notes, renderComparison(before, after)].join('\n');
      },
    ),
    tool(
      'compare',
      'The difference between two configurations.',
      z.strictObject({ first: levers, second: levers }),
      async (args) => {
        const [first, second] = [
          repairConfiguration(args.first, repair),
          repairConfiguration(args.second, repair),
        ];
        const [before, after] = [
          await inspect.compile(first.configuration),
          await inspect.compile(second.configuration),
        ];
        return [...first.notes, ...second.notes, renderComparison(before, after)].join('\n');
      },
    ),
  ];
}

/** Ties the type of a schema to its function; conversations see tools of unknown arguments. */
function tool<T>(
  name: string,
  description: string,
  schema: z.ZodType<T>,
  run: (args: T) => Promise<string>,
): Tool {
  // Arguments reach `run` only through this very schema.
  return { name, description, schema, run: (args) => run(args as T) };
}

function remarksOf(name: string, pass: string | undefined, input: PolicyInput): string {
  const exact = resolveFunction(name, input, []);
  if (!exact.ok) return exact.reason;
  const all = input.evidence.remarks.filter(
    (remark) => remark.function === exact.text && (pass === undefined || remark.pass === pass),
  );
  if (all.length === 0)
    return `no remarks of ${pass ?? 'any pass'} (${input.evidence.sources.remarks ?? 'not asked'})`;
  const more = all.length > shownRemarks ? [`… ${all.length - shownRemarks} more: name a pass`] : [];
  return [...all.slice(0, shownRemarks).map(renderRemark), ...more].join('\n');
}

/** The one hot function that a model means: by its whole name, or by a part that only one has. */
function resolveFunction(
  name: string,
  { evidence }: PolicyInput,
  shown: readonly RankedFunction[],
): Inspection {
  const names = evidence.hot.map((entry) => entry.name);
  if (names.includes(name)) return { ok: true, text: name };
  const alike = names.filter((known) => known.includes(name));
  const [only] = alike;
  if (alike.length === 1 && only !== undefined) return { ok: true, text: only };
  const known = shown.length > 0 ? shown.map((entry) => entry.name) : names.slice(0, 10);
  return { ok: false, reason: `${name.slice(0, 100)} is not one of the hot functions: ${known.join(', ')}` };
}

function textOf(inspection: Inspection): string {
  return inspection.ok ? inspection.text : inspection.reason;
}
