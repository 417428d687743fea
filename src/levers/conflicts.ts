import { catalogue } from './catalogue.js';
import { gccLevel, isOfGcc } from './gcc.js';
import { gccProfile } from './profiles.js';
import type { Configuration, LeverProblem } from './types.js';

/** Pairs of attributes that LLVM's verifier refuses on one function. */
const incompatible: readonly (readonly [string, string])[] = [
  ['attr:noinline', 'attr:alwaysinline'],
  ['attr:optnone', 'attr:alwaysinline'],
  ['attr:optnone', 'attr:minsize'],
  ['attr:optnone', 'attr:optsize'],
  ['attr:hot', 'attr:cold'],
];

/** Levers of a checked configuration that contradict each other. */
export function conflicts(configuration: Configuration): readonly LeverProblem[] {
  return [
    ...compilerConflicts(configuration),
    ...groupConflicts(configuration),
    ...attributeConflicts(configuration),
    ...optionConflicts(configuration),
    ...pipelineConflicts(configuration),
  ];
}

function compilerConflicts(configuration: Configuration): LeverProblem[] {
  const ids = Object.keys(configuration);
  const [first] = ids.filter(isOfGcc);
  if (first === undefined) return [];
  const others = ids.filter((id) => !isOfGcc(id));
  const problems = others.map((id) => ({
    id,
    reason: `cannot be set together with ${first}, which is of gcc`,
  }));
  if (gccProfile in configuration && configuration[gccLevel] !== '-O3')
    problems.push({ id: gccProfile, reason: `was counted at -O3, so that ${gccLevel} has to be that` });
  if (gccLevel in configuration) return problems;
  return [...problems, { id: first, reason: `needs ${gccLevel} beside it` }];
}

function groupConflicts(configuration: Configuration): LeverProblem[] {
  const seen = new Map<string, string>();
  const problems: LeverProblem[] = [];
  for (const id of Object.keys(configuration)) {
    const group = catalogue.get(id)?.group;
    if (group === undefined) continue;
    const other = seen.get(group);
    if (other === undefined) seen.set(group, id);
    else problems.push({ id, reason: `cannot be set together with ${other}` });
  }
  return problems;
}

function attributeConflicts(configuration: Configuration): LeverProblem[] {
  return incompatible.flatMap(([one, other]) => {
    const [names, others] = [configuration[one], configuration[other]];
    if (!Array.isArray(names) || !Array.isArray(others)) return [];
    const both = (names as readonly string[]).filter((name) => others.includes(name));
    return both.map((name) => ({ id: other, reason: `${name} cannot have ${one} as well` }));
  });
}

/** Two levers can imply different values of one LLVM option; clang would silently take the last. */
function optionConflicts(configuration: Configuration): LeverProblem[] {
  const seen = new Map<string, { id: string; text: string }>();
  const problems: LeverProblem[] = [];
  for (const [id, value] of Object.entries(configuration)) {
    const lever = catalogue.get(id);
    if (lever?.kind !== 'mllvm' || lever.shape !== 'scalar') continue;
    for (const template of lever.args) {
      if (template === '-mllvm') continue;
      const text = template.replace('{v}', String(value));
      const name = text.split('=')[0] ?? text;
      const other = seen.get(name);
      if (other === undefined) seen.set(name, { id, text });
      else if (other.text !== text) problems.push({ id, reason: `contradicts ${other.id} about ${name}` });
    }
  }
  return problems;
}

/**
 * Passes are inserted into the pipeline of `opt`, and all profiles but the first are of the one of a single file: ThinLTO
 * runs another one, in two halves.
 */
function pipelineConflicts(configuration: Configuration): LeverProblem[] {
  if (!('lto-thin' in configuration)) return [];
  const others = Object.keys(configuration).filter(
    (id) => id === 'pgo-cs' || id === 'pgo-sample' || catalogue.get(id)?.shape === 'passes',
  );
  return others.map((id) => ({ id, reason: 'cannot be set together with lto-thin' }));
}
