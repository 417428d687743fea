import type { Evidence } from '../../evidence/types.js';
import type { Logger } from '../../log.js';
import type { ModelClient } from '../../model/client.js';
import { ModelError } from '../../model/errors.js';
import type { Role } from '../../model/types.js';
import { renderTargetOf } from '../render-target.js';
import type { Inspector, Policy, PolicyInput, PolicyReport, Proposal } from '../types.js';
import { analyse, renderFindings } from './analysis.js';
import { calibrationOf, knownTrials, type TrialGroup } from './calibration.js';
import { chooseFunctions } from './choose-functions.js';
import { diagnose, renderLessons, renderResults } from './evaluation.js';
import { renderPrompt, untrusted } from './prompts.js';
import { type Round, reason } from './reasoning.js';
import { renderSimilar } from './render-similar.js';
import { renderConfiguration } from './render-trials.js';
import type { RepairContext } from './repair.js';
import { type RankedFunction, rankFunctions } from './score.js';
import type { Speaker } from './speaker.js';
import { buildTree, chooseParent, type SearchShape } from './tree.js';

export interface AgentsOptions {
  /** Called when the session begins. */
  readonly connect: () => ModelClient;
  readonly shape: SearchShape;
  /** Gives hints, fills batches, and carries on where the endpoint fails. */
  readonly expert: Policy;
  readonly logger: Logger;
  readonly signal?: AbortSignal | undefined;
}

/** What is known of a scope besides its history. A resumed session works it out again. */
interface ScopeState {
  functions?: readonly RankedFunction[];
  findings?: string;
  similar?: string;
  readonly diagnoses: string[];
  /** Trials that were evaluated. */
  evaluated: number;
  group: TrialGroup;
  inspect: Inspector | undefined;
}

/** Failed rounds in a row after which the endpoint is not asked again. */
const mostFailures = 2;
/** Trials of a scope in a row without a gain after which it has nothing left to try. */
const patience = 20;
const shownHints = 8;
const keptDiagnoses = 3;

/**
 * Four roles around one loop: Score ranks functions (with a model only where one is named for it), Analysis finds what limits them, Reasoning asks the
 * compiler and proposes, Evaluation compares what was measured with what was predicted. Measuring, verifying and accepting is
 * none of their business. Where the endpoint fails, the expert carries on.
 */
export function createAgents(options: AgentsOptions): Policy {
  return new Agents(options);
}

class Agents implements Policy {
  readonly name = 'agents';
  private client: ModelClient | undefined;
  private readonly scopes = new Map<Evidence, ScopeState>();
  private readonly notes: string[] = [];
  private readonly proposals = { made: 0, valid: 0, repaired: 0 };
  private failures = 0;
  private isDown = false;

  constructor(private readonly options: AgentsOptions) {}

  async prepare(): Promise<void> {
    await this.connected().probe();
  }

  async propose(input: PolicyInput): Promise<readonly Proposal[]> {
    const state = this.stateOf(input);
    if (this.isDown || this.connected().settings.roles.reasoning === 'off')
      return this.options.expert.propose(input);
    if (hasStalled(input)) return [];
    try {
      const { proposals, made, repaired } = await this.round(input, state);
      this.failures = 0;
      this.proposals.made += made;
      this.proposals.valid += proposals.length;
      this.proposals.repaired += repaired;
      if (proposals.length === 0)
        this.note(`the model proposed nothing usable for ${input.evidence.file}; the expert fills in`);
      return await this.filled(proposals, input);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      this.failed(error);
      return this.options.expert.propose(input);
    }
  }

  report(): PolicyReport | undefined {
    const { client } = this;
    if (client === undefined) return undefined;
    const { calls, inputTokens, outputTokens, cost } = client.spending.spent;
    const calibration = calibrationOf([...this.scopes.values()].map(({ group }) => group));
    return {
      model: client.settings.roles.reasoning,
      transcript: client.transcript.digest,
      calls,
      inputTokens,
      outputTokens,
      ...(cost !== undefined && { cost }),
      proposals: { ...this.proposals },
      ...(calibration && { calibration }),
      sources: this.sources(),
      notes: [...this.notes],
    };
  }

  private connected(): ModelClient {
    this.client ??= this.options.connect();
    return this.client;
  }

  private stateOf(input: PolicyInput): ScopeState {
    const group = { trials: input.history, known: knownTrials(input) };
    const { inspect } = input;
    let state = this.scopes.get(input.evidence);
    if (state === undefined) {
      state = { diagnoses: [], evaluated: input.history.length, group, inspect };
      this.scopes.set(input.evidence, state);
    }
    state.group = group;
    state.inspect = inspect;
    return state;
  }

  private sources(): Readonly<Record<string, string>> {
    const all = [...this.scopes].map(([{ sources }, { inspect }]) => ({ ...sources, ...inspect?.sources }));
    return Object.assign({}, ...all);
  }

  private async round(input: PolicyInput, state: ScopeState): Promise<Round> {
    state.functions ??= await this.ranked(input);
    state.similar ??= renderSimilar((await input.similar?.()) ?? []);
    const hints = await this.hints(input);
    state.findings ??= await this.findings(input, state.functions, hints);
    await this.evaluate(input, state);
    const parent = chooseParent(buildTree(knownTrials(input)), this.options.shape, input.incumbent);
    const repair: RepairContext = {
      target: renderTargetOf(input),
      allow: input.allow,
      profiles: input.profiles ?? [],
    };
    return reason(this.speaker('reasoning', input), {
      input,
      functions: state.functions,
      repair,
      parent,
      findings: state.findings,
      lessons: renderLessons(state.diagnoses.slice(-keptDiagnoses), input),
      hints,
      similar: state.similar,
    });
  }

  private async ranked(input: PolicyInput): Promise<readonly RankedFunction[]> {
    const ranked = await rankFunctions(input.evidence, input.inspect);
    if (this.connected().settings.roles.score === 'off' || ranked.length < 2) return ranked;
    const { file } = input.evidence;
    let problem = 'it gave no usable order';
    try {
      const chosen = await chooseFunctions(this.speaker('score', input), file, ranked);
      if (chosen !== undefined) return chosen;
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      problem = error.message;
    }
    this.note(`functions of ${file} are ranked without the model: ${problem}`);
    return ranked;
  }

  private async hints(input: PolicyInput): Promise<string> {
    const ideas = await this.options.expert.propose({ ...input, batch: shownHints });
    if (ideas.length === 0) return 'none';
    return untrusted(
      ideas
        .map(({ configuration, reason: why }) => `${renderConfiguration(configuration)}: ${why}`)
        .join('\n'),
    );
  }

  private async findings(
    input: PolicyInput,
    functions: readonly RankedFunction[],
    hints: string,
  ): Promise<string> {
    if (this.connected().settings.roles.analysis === 'off') return 'see the ideas of the offline expert';
    return renderFindings(await analyse(this.speaker('analysis', input), input, functions, hints));
  }

  private async evaluate(input: PolicyInput, state: ScopeState): Promise<void> {
    const fresh = input.history.slice(state.evaluated).filter(({ prediction }) => prediction !== undefined);
    state.evaluated = input.history.length;
    if (fresh.length === 0) return;
    const results = await renderResults(fresh, input);
    if (this.connected().settings.roles.evaluation === 'off') state.diagnoses.push(results);
    else
      state.diagnoses.push(await diagnose(this.speaker('evaluation', input), results, input.evidence.file));
  }

  /** Screening takes whole batches: what the model leaves free goes to the expert's best ideas. */
  private async filled(proposals: readonly Proposal[], input: PolicyInput): Promise<readonly Proposal[]> {
    const free = input.batch - proposals.length;
    if (free <= 0) return proposals;
    const known = new Set(proposals.map(({ configuration }) => JSON.stringify(configuration)));
    const ideas = await this.options.expert.propose(input);
    const others = ideas.filter(({ configuration }) => !known.has(JSON.stringify(configuration)));
    return [...proposals, ...others.slice(0, free)];
  }

  private speaker(role: Role, input: PolicyInput): Speaker {
    const { settings, ask } = this.connected();
    const { file } = input.evidence;
    const { arch, major, level } = input;
    const target = level === undefined ? arch : `${arch}, ISA level ${level}`;
    return {
      ask,
      model: settings.roles[role],
      topic: `${role} ${file}`,
      maxTokens: settings.maxOutputTokens,
      system: renderPrompt('system', { target, major, subject: untrusted(file) }),
      signal: this.options.signal,
    };
  }

  private failed(error: ModelError): void {
    this.failures++;
    const isFinal = [
      'MODEL_AUTH',
      'MODEL_PAYMENT',
      'MODEL_NOT_FOUND',
      'MODEL_BUDGET',
      'MODEL_REPLAY',
    ].includes(error.code);
    this.isDown = isFinal || this.failures >= mostFailures;
    this.note(`${error.message}; the expert carries on${this.isDown ? '' : ' for this round'}`);
  }

  private note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
    this.options.logger.warn(text);
  }
}

/** Whether the latest trials of a scope brought no gain. */
function hasStalled({ history }: PolicyInput): boolean {
  const latest = history.slice(-patience);
  return latest.length === patience && latest.every(({ outcome }) => outcome !== 'faster');
}
