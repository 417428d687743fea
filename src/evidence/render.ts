import type { AssemblyFacts, Evidence, Remark } from './types.js';

const functionsShown = 8;
/** Characters per function and kind of evidence. */
const textLimit = 1000;

/** Evidence as short text for people and models: per hot function its code and its remarks, about 1 KB of each. */
export function renderEvidence(evidence: Evidence): string {
  const sources = Object.entries(evidence.sources)
    .map(([name, state]) => `${name}: ${state}`)
    .join('; ');
  const blocks = evidence.hot.slice(0, functionsShown).map(({ name, share }) => {
    const facts = evidence.assembly.find((entry) => entry.function === name);
    const remarks = evidence.remarks.filter((remark) => remark.function === name);
    return [
      `${name}  ${percent(share)} of the addon's time`,
      ...(facts === undefined ? [] : [`  code: ${renderAssembly(facts)}`]),
      ...limited(remarks.map((remark) => `  ${renderRemark(remark)}`)),
    ].join('\n');
  });
  return [`${evidence.file}  ${percent(evidence.share)} of the addon's time (${sources})`, ...blocks].join(
    '\n',
  );
}

/** One line: pass, name, place, what it says. */
export function renderRemark(remark: Remark): string {
  const { location } = remark;
  const place =
    location === undefined ? '' : ` at ${baseName(location.file)}:${location.line}:${location.column}`;
  const times = remark.count > 1 ? ` (${remark.count} times)` : '';
  return `${remark.pass}:${remark.name}${place}${times}: ${printable(remark.args.Message ?? '').slice(0, 160)}`;
}

function renderAssembly(facts: AssemblyFacts): string {
  const { instructions, bytes, vector, calls, indirectCalls, branches, cmov } = facts;
  const { stackAccesses, indirectJumps, divisions, branchedSelects = 0 } = facts;
  return (
    `${instructions} instructions, ${bytes} bytes, ${vector} vector, ${calls} calls (${indirectCalls} indirect), ${branches} branches, ` +
    `${cmov} selects${branchedSelects > 0 ? ` and ${branchedSelects} that became branches` : ''}, ${stackAccesses} stack accesses, ${indirectJumps} indirect jumps, ${divisions} divisions`
  );
}

function limited(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let size = 0;
  for (const line of lines) {
    size += line.length + 1;
    if (size > textLimit) return [...kept, `  … ${lines.length - kept.length} more remarks`];
    kept.push(line);
  }
  return kept;
}

/** Names and texts come from the compiled program: nothing of them may steer a terminal. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

function baseName(path: string): string {
  return printable(path.split('/').pop() ?? path);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
