import { z } from 'zod';
import { configurationKey } from '../../levers/configuration-key.js';
import type { PolicyInput, Prediction, Proposal } from '../types.js';
import { converse, type FinalTool } from './converse.js';
import { usualLevers } from './levers-text.js';
import { renderPrompt, untrusted } from './prompts.js';
import { renderConfiguration, renderHistory, renderTrial } from './render-trials.js';
import { type RepairContext, repairConfiguration } from './repair.js';
import { type RankedFunction, renderFunctions } from './score.js';
import type { Speaker } from './speaker.js';
import { createTools } from './tools.js';
import { ancestry, type TreeNode } from './tree.js';

export interface ReasoningContext {
  readonly input: PolicyInput;
  readonly functions: readonly RankedFunction[];
  readonly repair: RepairContext;
  /** The configuration whose children are wanted. */
  readonly parent: TreeNode;
  /** Rendered. */
  readonly findings: string;
  readonly lessons: string;
  readonly hints: string;
  readonly similar: string;
}

/** Proposals of one round, and how many the model had made for them. */
export interface Round {
  readonly proposals: readonly Proposal[];
  readonly made: number;
  readonly repaired: number;
}

const steps = 6;
const longestReason = 300;
const percent = z.number().min(-100).max(10_000).optional();

const proposal = z.strictObject({
  levers: z.record(z.string().max(200), z.unknown()),
  hypothesis: z.string().max(1000),
  instructions: percent.describe('expected change of the hot functions’ instructions, percent'),
  size: percent.describe('expected change of their bytes, percent'),
  time: percent.describe('expected change of the bench’s time, percent; negative is faster'),
});

type WrittenProposal = z.infer<typeof proposal>;

/** Asks for children of a configuration. Everything that comes back is legal, new and different from each other. */
export async function reason(speaker: Speaker, context: ReasoningContext): Promise<Round> {
  const { input, functions, repair, parent } = context;
  const counts = { made: 0, repaired: 0 };
  const tools = createTools({ input, functions, repair, parent: parent.configuration });
  const final: FinalTool<{ proposals: WrittenProposal[] }, readonly Proposal[]> = {
    name: 'propose',
    description: 'Ends the round with whole configurations to measure.',
    schema: z.strictObject({ proposals: z.array(proposal).min(1).max(20) }),
    accept: ({ proposals }) => {
      counts.made += proposals.length;
      const { accepted, repaired, problems } = usable(proposals, context);
      counts.repaired += repaired;
      if (accepted.length > 0) return { ok: true, value: accepted };
      return { ok: false, problem: `none of these can be measured:\n${problems.join('\n')}`.slice(0, 1500) };
    },
  };
  const prompt = reasoningPrompt(context);
  const found = await converse({ ...speaker, prompt, tools, final, steps });
  return { proposals: (found ?? []).slice(0, input.batch), ...counts };
}

function reasoningPrompt({
  input,
  functions,
  parent,
  repair,
  findings,
  lessons,
  hints,
  similar,
}: ReasoningContext): string {
  const { history, evidence, batch } = input;
  const profiles = (input.profiles ?? []).map((profile) => JSON.stringify(profile));
  const way = ancestry(parent).flatMap(({ trial }, index) =>
    trial === undefined ? [] : [renderTrial(trial, index + 1)],
  );
  const score = parent.trial?.speedup;
  return renderPrompt('reasoning', {
    batch,
    subject: untrusted(evidence.file),
    parent: renderConfiguration(parent.configuration),
    parentScore: score === undefined ? 'plain -O3, the baseline' : `${score.toFixed(3)} times as fast as -O3`,
    functions: untrusted(renderFunctions(functions)),
    findings,
    trace: way.length === 0 ? 'it is the baseline' : way.join('\n'),
    triedCount: history.length,
    tried: triedText(input),
    lessons,
    hints,
    similar,
    profiles: profiles.length === 0 ? 'none' : profiles.join(', '),
    levers: usualLevers(repair),
    steps,
  });
}

function triedText({ history, addonTrials = [] }: PolicyInput): string {
  if (addonTrials.length === 0) return renderHistory(history);
  return `${renderHistory(history)}\nOn all hot files at once, before:\n${renderHistory(addonTrials, 0)}`;
}

function usable(
  proposals: readonly WrittenProposal[],
  { input, repair, parent }: ReasoningContext,
): { accepted: Proposal[]; repaired: number; problems: string[] } {
  const tried = new Set(input.history.map(({ configuration }) => configurationKey(configuration)));
  tried.add(configurationKey({}));
  tried.add(configurationKey(input.incumbent));
  const accepted: Proposal[] = [];
  const problems: string[] = [];
  let repaired = 0;
  for (const [index, written] of proposals.entries()) {
    const { configuration, notes } = repairConfiguration(written.levers, repair);
    const key = configurationKey(configuration);
    if (tried.has(key)) {
      const why = Object.keys(configuration).length === 0 ? 'nothing of it is left' : 'was tried before';
      problems.push(`${index + 1}: ${[...notes, why].join('; ')}`);
      continue;
    }
    tried.add(key);
    if (notes.length > 0) repaired++;
    accepted.push({
      configuration,
      reason: oneLine(written.hypothesis),
      origin: 'agents',
      prediction: predictionOf(written, parent),
    });
  }
  return { accepted, repaired, problems };
}

function predictionOf(
  { hypothesis, instructions, size, time }: WrittenProposal,
  parent: TreeNode,
): Prediction {
  return {
    hypothesis: oneLine(hypothesis),
    ...(instructions !== undefined && { instructions }),
    ...(size !== undefined && { size }),
    ...(time !== undefined && { time }),
    parent: parent.configuration,
  };
}

/** For journal and terminal: nothing that a terminal would act on. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, longestReason);
}
