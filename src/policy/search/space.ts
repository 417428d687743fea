import { createHash } from 'node:crypto';
import { catalogue } from '../../levers/catalogue.js';
import { checkConfiguration } from '../../levers/check.js';
import { configurationKey } from '../../levers/configuration-key.js';
import { refusal } from '../../levers/gates.js';
import { gccLevel, isForGcc, isOfGcc } from '../../levers/gcc.js';
import { profileLeverOf } from '../../levers/profiles.js';
import type { Configuration, LeverValue } from '../../levers/types.js';
import { seededUniform } from '../../measure/random.js';
import { renderTargetOf } from '../render-target.js';
import type { PolicyInput, Proposal } from '../types.js';

/** A lever as searches see it: what can be set, and to what. */
export interface Setting {
  readonly id: string;
  readonly values: readonly LeverValue[];
}

/** A configuration that a search wants to try; whether it is legal and new is still open. */
export interface Draft {
  readonly configuration: Configuration;
  /** Where it comes from, as the start of a sentence; the levers follow. */
  readonly how: string;
  readonly origin: string;
}

const mostLevers = 6;
const attemptsPerProposal = 50;

/** All scalar levers that the target and the gates allow, in the catalogue's order. */
export function scalarSettings(input: PolicyInput): Setting[] {
  const target = renderTargetOf(input);
  return [...catalogue.values()].filter(
    (lever) =>
      lever.shape === 'scalar' &&
      lever.values.length > 0 &&
      refusal(lever, { allow: input.allow }, target) === undefined,
  );
}

/** The session's profiles, which only their levers can hold, and the scalar levers. */
export function settingsWithProfiles(input: PolicyInput): Setting[] {
  const profiles = (input.profiles ?? []).flatMap((profile) => {
    const id = profileLeverOf(profile);
    const value = id && profile[id];
    return id === undefined || value === undefined ? [] : [{ id, values: [value] }];
  });
  return [...profiles, ...scalarSettings(input)];
}

/** One to six settings drawn uniformly, with a uniform value each; the first decides which compiler all are of. */
export function drawConfiguration(settings: readonly Setting[], uniform: () => number): Configuration {
  const count = 1 + Math.floor(uniform() * mostLevers);
  const first = drawSetting(settings, uniform);
  if (first === undefined) return {};
  const same = settingsBeside(completed(Object.fromEntries([first])), settings);
  const others = Array.from({ length: count - 1 }, () => drawSetting(same, uniform));
  return completed(Object.fromEntries([first, ...others.filter((entry) => entry !== undefined)]));
}

/** The settings of the compiler that a configuration is for; all beside the empty one. */
export function settingsBeside(
  configuration: Configuration,
  settings: readonly Setting[],
): readonly Setting[] {
  if (Object.keys(configuration).length === 0) return settings;
  return settings.filter(({ id }) => isOfGcc(id) === isForGcc(configuration));
}

/** With the level that every configuration for gcc has. */
export function completed(configuration: Configuration): Configuration {
  return Object.keys(configuration).some(isOfGcc) ? { [gccLevel]: '-O3', ...configuration } : configuration;
}

/** One setting with a value, both uniform; undefined when there is none. */
export function drawSetting(
  settings: readonly Setting[],
  uniform: () => number,
): readonly [string, LeverValue] | undefined {
  const setting = pick(settings, uniform);
  const value = setting === undefined ? undefined : pick(setting.values, uniform);
  return setting === undefined || value === undefined ? undefined : [setting.id, value];
}

/** A uniform member; undefined of an empty list. */
export function pick<T>(items: readonly T[], uniform: () => number): T | undefined {
  return items[Math.floor(uniform() * items.length)];
}

/** Uniform numbers that depend on nothing but the text. */
export function streamOf(text: string): () => number {
  return seededUniform(createHash('sha256').update(text).digest().readUInt32LE(0));
}

/** Tells apart the random numbers of packages, scopes, units and moments of a session. */
export function momentOf({ scope, evidence, history }: PolicyInput): string {
  return `${scope}:${evidence.file}:${evidence.hot[0]?.name}:${history.length}`;
}

/**
 * The session's profiles alone are the first attempts, the one counted last before the others; undefined when the attempt is
 * past them, or they were tried on all units at once.
 */
export function profileDraft(input: PolicyInput, attempt: number): Omit<Draft, 'origin'> | undefined {
  const { profiles = [], addonTrials = [] } = input;
  const configuration = addonTrials.length > 0 ? undefined : [...profiles].reverse()[attempt];
  return configuration === undefined ? undefined : { configuration, how: 'a profile of the bench alone' };
}

/**
 * Drafts until the batch is full or fifty attempts per proposal were in vain. What is illegal, or was tried before, is
 * left out. Drafts get their place in the batch and the number of the attempt; the same two must give the same draft.
 */
export function collectProposals(
  input: PolicyInput,
  draft: (place: number, attempt: number) => Draft | undefined,
): Proposal[] {
  const tried = new Set(input.history.map((trial) => configurationKey(trial.configuration)));
  tried.add(configurationKey({}));
  const proposals: Proposal[] = [];
  for (let attempt = 0; proposals.length < input.batch; attempt++) {
    if (attempt >= attemptsPerProposal * input.batch) break;
    const drafted = draft(proposals.length, attempt);
    if (drafted === undefined) continue;
    const target = renderTargetOf(input);
    const check = checkConfiguration(drafted.configuration, { allow: input.allow }, target);
    if (!check.ok) continue;
    const { configuration } = check;
    const key = configurationKey(configuration);
    if (tried.has(key)) continue;
    tried.add(key);
    const reason = `${drafted.how}: ${Object.keys(configuration).join(', ')}`;
    proposals.push({ configuration, reason, origin: drafted.origin });
  }
  return proposals;
}
