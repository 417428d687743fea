import type { PolicyInput, PolicyTrial } from '../types.js';
import { calibrationOf, knownTrials, timeChange } from './calibration.js';
import { codeChange } from './compare-facts.js';
import { renderPrompt, untrusted } from './prompts.js';
import { renderTrial, signed } from './render-trials.js';
import type { Speaker } from './speaker.js';

const sentences = 4;
const longestDiagnosis = 900;
const mostResults = 8;

/** What was measured of trials against what was predicted of them, one block each. All numbers are ours. */
export async function renderResults(trials: readonly PolicyTrial[], input: PolicyInput): Promise<string> {
  const blocks = await Promise.all(
    trials.slice(-mostResults).map(async (trial) => {
      const { prediction } = trial;
      const time = timeChange(trial, knownTrials(input));
      const code = await codeOf(trial, input);
      const numbers = [
        compared('time', prediction?.time, time),
        compared('instructions', prediction?.instructions, code?.instructions),
        compared('size', prediction?.size, code?.size),
      ].filter((text) => text !== '');
      const hypothesis = prediction === undefined ? '' : `\n  hypothesis: ${prediction.hypothesis}`;
      return `${renderTrial(trial, input.history.indexOf(trial) + 1)}\n  ${numbers.join('; ')}${hypothesis}`;
    }),
  );
  return blocks.join('\n');
}

function compared(what: string, predicted: number | undefined, actual: number | undefined): string {
  if (predicted === undefined && actual === undefined) return '';
  const said = predicted === undefined ? 'not predicted' : `predicted ${signed(predicted)} %`;
  return `${what}: ${said}, ${actual === undefined ? 'not measured' : `was ${signed(actual)} %`}`;
}

async function codeOf({ configuration, prediction, outcome }: PolicyTrial, { inspect }: PolicyInput) {
  if (inspect === undefined || outcome === 'failed' || outcome === 'refused') return undefined;
  const [before, after] = [
    await inspect.compile(prediction?.parent ?? {}),
    await inspect.compile(configuration),
  ];
  return before.kind === 'compiled' && after.kind === 'compiled' ? codeChange(before, after) : undefined;
}

/** The model's diagnosis of results. It only reads numbers; it measures and decides nothing. */
export async function diagnose(speaker: Speaker, results: string, subject: string): Promise<string> {
  const prompt = renderPrompt('evaluation', {
    subject: untrusted(subject),
    results: untrusted(results),
    sentences,
  });
  const { ask, model, topic, maxTokens, system } = speaker;
  const messages = [
    { role: 'system', content: system },
    { role: 'user', content: prompt },
  ] as const;
  const { text } = await ask({ topic, model, messages, tools: [], maxTokens });
  return text.slice(0, longestDiagnosis);
}

/** What the next round should know: the last diagnoses, and how good predictions are. */
export function renderLessons(diagnoses: readonly string[], input: PolicyInput): string {
  const calibration = calibrationOf([{ trials: input.history, known: knownTrials(input) }]);
  const line =
    calibration === undefined
      ? []
      : [
          `Predictions of time were off by ${calibration.error.toFixed(1)} percent points on average; ` +
            `${Math.round(calibration.rightDirection * 100)} % had the right direction (${calibration.trials} trials).`,
        ];
  const text = [...line, ...diagnoses].join('\n');
  return text === '' ? 'nothing yet' : untrusted(text);
}
