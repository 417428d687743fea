import { z } from 'zod';
import { renderEvidence } from '../../evidence/render.js';
import { withoutMiddle } from '../../model/shrink.js';
import type { PolicyInput } from '../types.js';
import { converse, type FinalTool } from './converse.js';
import { renderPrompt, untrusted } from './prompts.js';
import { type RankedFunction, renderFunctions } from './score.js';
import type { Speaker } from './speaker.js';

const mostFindings = 6;
const evidenceLimit = 9000;

/** What limits a hot function, and the evidence for it. */
export interface Finding {
  function: string;
  evidence: string;
  meaning: string;
  direction: string;
}

const finding = z.strictObject({
  function: z.string().max(600),
  evidence: z.string().max(600).describe('what was seen: pass, remark, numbers, or machine code'),
  meaning: z.string().max(600),
  direction: z.string().max(600).describe('which levers, and which way'),
});

const final: FinalTool<{ findings: Finding[] }, readonly Finding[]> = {
  name: 'report_findings',
  description: 'Ends the analysis.',
  schema: z.strictObject({ findings: z.array(finding).max(12) }),
  accept: ({ findings }) => ({ ok: true, value: findings.slice(0, mostFindings) }),
};

/** Turns the evidence of a scope into findings. None when the model gives none that can be used. */
export async function analyse(
  speaker: Speaker,
  input: PolicyInput,
  functions: readonly RankedFunction[],
  hints: string,
): Promise<readonly Finding[]> {
  const prompt = renderPrompt('analysis', {
    subject: untrusted(input.evidence.file),
    functions: untrusted(renderFunctions(functions)),
    evidence: untrusted(withoutMiddle(renderEvidence(input.evidence), evidenceLimit)),
    hints,
    limit: mostFindings,
  });
  return (await converse({ ...speaker, prompt, tools: [], final, steps: 0 })) ?? [];
}

export function renderFindings(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'none';
  const lines = findings.map(
    ({ function: name, evidence, meaning, direction }, index) =>
      `${index + 1}. ${name}: ${evidence}. ${meaning} Direction: ${direction}`,
  );
  // The model has quoted the program in them.
  return untrusted(lines.join('\n'));
}
