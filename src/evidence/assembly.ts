import type { AssemblyFacts } from './types.js';

/** What the counting needs to know about the processor. */
export type AssemblyDialect = 'x86-64' | 'aarch64';

export interface AssemblyCounter {
  /** One line of `llvm-objdump -d --no-show-raw-insn` or GNU objdump's, AT&T syntax. */
  line(text: string): void;
  facts(): AssemblyFacts[];
}

interface Counts {
  instructions: number;
  vector: number;
  calls: number;
  branches: number;
  cmov: number;
  stackAccesses: number;
  indirectCalls: number;
  indirectJumps: number;
  divisions: number;
}

const label = /^[0-9a-f]+ <(.+)>:$/;
const instruction =
  /^\s+[0-9a-f]+:\s+(?:(?:lock|rep|repe|repz|repne|repnz|bnd|notrack|data16|cs)\s+)*([a-z][\w.]*)\s*(.*)$/;

/** Counts what the wanted functions consist of. Sizes in bytes come from the symbol table. */
export function createAssemblyCounter(
  dialect: AssemblyDialect,
  wanted: (functionName: string) => boolean,
  sizes: ReadonlyMap<string, number>,
): AssemblyCounter {
  const classify = dialect === 'x86-64' ? classifyX86 : classifyA64;
  const functions = new Map<string, Counts>();
  let current: Counts | undefined;
  let frame: Frame = { pointer: false };
  return {
    line(text) {
      const start = label.exec(text)?.[1];
      if (start !== undefined) {
        current = undefined;
        frame = { pointer: false };
        if (wanted(start)) {
          current = { ...nothing };
          functions.set(start, current);
        }
        return;
      }
      if (current === undefined) return;
      const match = instruction.exec(text);
      if (match === null || padding.test(match[1] ?? '')) return;
      current.instructions++;
      classify(match[1] ?? '', match[2] ?? '', current, frame);
    },
    facts: () =>
      [...functions].map(([name, counts]) => ({ function: name, ...counts, bytes: sizes.get(name) ?? 0 })),
  };
}

/** Whether the function keeps a frame pointer; without one, rbp is a register like any other. */
interface Frame {
  pointer: boolean;
}

const nothing: Counts = {
  instructions: 0,
  vector: 0,
  calls: 0,
  branches: 0,
  cmov: 0,
  stackAccesses: 0,
  indirectCalls: 0,
  indirectJumps: 0,
  divisions: 0,
};
const padding = /^(nop[wlq]?|int3)$/;

function classifyX86(mnemonic: string, operands: string, counts: Counts, frame: Frame): void {
  const bare = operands.replace(/ *[#<].*$/, '');
  if (/^movq?$/.test(mnemonic) && /^%rsp, ?%rbp$/.test(bare)) frame.pointer = true;
  if (mnemonic.startsWith('call')) {
    counts.calls++;
    // With -fno-plt calls of libraries go through their own table.
    if (bare.includes('*') && !bare.includes('(%rip)')) counts.indirectCalls++;
  } else if (/^jmpq?$/.test(mnemonic)) {
    if (bare.includes('*')) counts.indirectJumps++;
  } else if (mnemonic.startsWith('j')) counts.branches++;
  else if (mnemonic.startsWith('cmov')) counts.cmov++;
  else if (/^i?div[bwlq]?$/.test(mnemonic)) counts.divisions++;
  else if (/%[xyz]mm/.test(bare) && !scalarX86.test(mnemonic)) counts.vector++;
  if (!mnemonic.startsWith('lea') && (frame.pointer ? /\(%r(sp|bp)[,)]/ : /\(%rsp[,)]/).test(bare))
    counts.stackAccesses++;
}

/** Scalar floating point and moves between register files. */
const scalarX86 = /(s[sd]|s[sd]2siq?|s[sd]l|s[sd]q|2s[sd][lq]?|^v?mov[dq])$/;

function classifyA64(mnemonic: string, operands: string, counts: Counts): void {
  if (/^(bl|blr|blraa?z?)$/.test(mnemonic)) {
    counts.calls++;
    if (mnemonic !== 'bl') counts.indirectCalls++;
  } else if (/^(br|braa?z?)$/.test(mnemonic)) counts.indirectJumps++;
  else if (/^(b\.\w+|cbn?z|tbn?z)$/.test(mnemonic)) counts.branches++;
  else if (/^f?cs(el|inc|inv|neg|et|etm)$|^c(inc|inv|neg)$/.test(mnemonic)) counts.cmov++;
  else if (/^[us]div$/.test(mnemonic)) counts.divisions++;
  if (/\b[vz]\d+\.|\bq\d+\b/.test(operands)) counts.vector++;
  if (/\[(sp|x29)[,\]]/.test(operands)) counts.stackAccesses++;
}
