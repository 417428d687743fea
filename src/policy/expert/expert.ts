import { catalogue } from '../../levers/catalogue.js';
import { checkConfiguration } from '../../levers/check.js';
import { configurationKey } from '../../levers/configuration-key.js';
import { isForGcc } from '../../levers/gcc.js';
import { renderTargetOf } from '../render-target.js';
import type { Policy, PolicyInput, Proposal, SeenTrial, SimilarUnit } from '../types.js';
import { factsOf } from './facts.js';
import { findingsOf, firstIdeas } from './first-ideas.js';
import { followUps } from './follow-ups.js';
import { gccIdeas, leadOfGcc } from './gcc-ideas.js';
import { hostTuning } from './host-tuning.js';
import { type Idea, isPart } from './idea.js';
import { lessonsOf } from './lessons.js';
import { narrowedIdeas } from './narrowed-ideas.js';
import { ownIdeas } from './own-ideas.js';
import { profileIdeas } from './profile-idea.js';
import type { Rule, Theme } from './rule.js';
import { rules as allRules } from './rules.js';
import { similarIdeas } from './similar-idea.js';
import { wholeAddonIdeas } from './whole-addon-idea.js';

export interface ExpertOptions {
  /** The processor to tune for where the session's target names none, a value of the mtune lever; by default this machine's. */
  readonly hostTune?: string;
  readonly rules?: readonly Rule[];
}

/** Each further proposal of a theme in one batch counts this much of the one before: a batch should be diverse. */
const sameThemeAgain = 0.75;
/** Trials before similar code is looked for: that costs compiles, and the evidence at hand goes first. */
const similarAfter = 12;
/** A lead of gcc, in percent, that halves what levers of clang are worth, which have to make up for it first. */
const largeLead = 5;
const leastHope = 0.3;

/**
 * The offline expert. Rules turn evidence into first proposals; afterwards winners are combined, their neighbours
 * tried, the incumbent shortened and losers answered by their opposite. Everything competes by expected value. It
 * keeps no state of its own: the history is all it knows, so a resumed session goes on as if nothing had happened.
 */
export function createExpert(options: ExpertOptions = {}): Policy {
  const hostTune = options.hostTune ?? hostTuning();
  const rules = options.rules ?? allRules;
  return {
    name: 'expert',
    propose: async (input) => propose(input, rules, hostTune, await similarUnits(input)),
  };
}

async function similarUnits({ history, similar }: PolicyInput): Promise<readonly SimilarUnit[]> {
  return history.length < similarAfter ? [] : ((await similar?.()) ?? []);
}

function propose(
  all: PolicyInput,
  rules: readonly Rule[],
  hostTune: string | undefined,
  similar: readonly SimilarUnit[],
): Proposal[] {
  const input = ofClang(all);
  const themes = new Map<string, Theme>(rules.map((rule) => [rule.id, rule.theme]));
  const facts = factsOf(input.evidence, input.language, input.cpu ?? fitting(hostTune, input.arch));
  const earlier = input.addonTrials?.filter(({ configuration }) => isPart(configuration, input.incumbent));
  const themeOf = (origin: string): Theme | undefined => themes.get(origin.split(':').at(-1) ?? '');
  const share = input.addonTrials === undefined ? undefined : input.evidence.share;
  const lessons = lessonsOf(input.history, themeOf, earlier, share);
  const findings = findingsOf(rules, facts, input.arch);
  const { incumbent } = input;
  const byClang = [
    ...profileIdeas(input, facts),
    ...wholeAddonIdeas(input, facts),
    ...narrowedIdeas(input, facts),
    ...firstIdeas(findings, incumbent, lessons, input.addonTrials),
    ...followUps({ findings, incumbent, lessons }),
    ...similarIdeas(similar, incumbent),
  ];
  const hope = Math.max(leastHope, 1 / (1 + Math.max(0, leadOfGcc(all)) / largeLead));
  const ideas = [
    ...gccIdeas(all, facts),
    ...ownIdeas(all),
    ...byClang.map((idea) => ({ ...idea, value: hope * idea.value })),
  ];
  return chosen(admissible(ideas, all), all.batch);
}

/** Nothing can be built on what gcc makes, so that it teaches nothing about levers of clang. */
function ofClang(input: PolicyInput): PolicyInput {
  const byClang = (trials: readonly SeenTrial[]): SeenTrial[] =>
    trials.filter(({ configuration }) => !isForGcc(configuration));
  const { history, addonTrials, profiles } = input;
  return {
    ...input,
    ...(profiles && { profiles: profiles.filter((profile) => !isForGcc(profile)) }),
    history: byClang(history),
    ...(addonTrials && { addonTrials: byClang(addonTrials) }),
  };
}

/** The machine's processor says nothing about code for another architecture. */
function fitting(hostTune: string | undefined, arch: PolicyInput['arch']): string | undefined {
  const known = catalogue.get(arch === 'x64' ? 'mtune-x86' : 'mtune-aarch64')?.values ?? [];
  return known.find((cpu): cpu is string => cpu === hostTune);
}

/** Legal ideas that were not tried, each configuration once, with its highest value. */
function admissible(ideas: readonly Idea[], input: PolicyInput): Idea[] {
  const tried = new Set(input.history.map((trial) => configurationKey(trial.configuration)));
  // One of several files may be better off without what won on all of them.
  if (input.addonTrials === undefined) tried.add(configurationKey({}));
  tried.add(configurationKey(input.incumbent));
  const best = new Map<string, Idea>();
  for (const idea of ideas) {
    const check = checkConfiguration(idea.configuration, { allow: input.allow }, renderTargetOf(input));
    if (!check.ok) continue;
    const key = configurationKey(check.configuration);
    const known = best.get(key);
    if (tried.has(key) || (known !== undefined && known.value >= idea.value)) continue;
    best.set(key, { ...idea, configuration: check.configuration });
  }
  return [...best.values()];
}

function chosen(ideas: readonly Idea[], batch: number): Proposal[] {
  const left = [...ideas];
  const picked = new Map<Idea['theme'], number>();
  const proposals: Proposal[] = [];
  const worth = (idea: Idea): number => idea.value * sameThemeAgain ** (picked.get(idea.theme) ?? 0);
  while (proposals.length < batch && left.length > 0) {
    let best = 0;
    for (let index = 1; index < left.length; index++) {
      const [candidate, leader] = [left[index], left[best]];
      if (candidate !== undefined && leader !== undefined && worth(candidate) > worth(leader)) best = index;
    }
    const [idea] = left.splice(best, 1);
    if (idea === undefined) break;
    if (idea.theme !== 'combination') picked.set(idea.theme, (picked.get(idea.theme) ?? 0) + 1);
    proposals.push({ configuration: idea.configuration, reason: idea.reason, origin: idea.origin });
  }
  return proposals;
}
