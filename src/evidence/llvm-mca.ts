import { type Run, run as runTool } from '../toolchain/run.js';
import type { Clang } from '../toolchain/types.js';

/** What llvm-mca makes of one region, per execution of it, with everything in the first cache and every jump foreseen. */
export interface RegionSummary {
  readonly instructions: number;
  readonly cycles: number;
  readonly uops: number;
  readonly ipc: number;
}

export type RegionReading =
  | { readonly kind: 'read'; readonly summaries: ReadonlyMap<number, RegionSummary> }
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface RegionOptions {
  readonly triple: string;
  /** A processor that llvm-mca knows; the one that it runs on when absent. */
  readonly cpu?: string;
  /** Leaves out instructions that it cannot read or does not know, instead of failing. Needs LLVM 19. */
  readonly skipUnknown?: boolean;
  readonly run?: Run;
  readonly signal?: AbortSignal;
}

const timeoutMs = 120_000;
const iterations = 100;

/** Runs llvm-mca once on all regions, given as lines of assembly; the answer is by their index. */
export async function analyseRegions(
  regions: readonly (readonly string[])[],
  clang: Pick<Clang, 'tools'>,
  options: RegionOptions,
): Promise<RegionReading> {
  const tool = clang.tools['llvm-mca'];
  if (tool === undefined) return { kind: 'unavailable', reason: 'llvm-mca is not installed' };
  if (regions.length === 0) return { kind: 'read', summaries: new Map() };
  // This sign begins a comment on every processor at the start of a line; llvm-mca does not look for regions behind AArch64's own `//`.
  const input = regions
    .map((lines, index) => [`# LLVM-MCA-BEGIN region${index}`, ...lines, '# LLVM-MCA-END', ''].join('\n'))
    // A region of which nothing can be read is left out, and one that is alone gets no name: this one makes sure that it is not.
    .concat('# LLVM-MCA-BEGIN last\nnop\n# LLVM-MCA-END\n')
    .join('');
  const argv = [tool, `-mtriple=${options.triple}`, `-iterations=${iterations}`, '-resource-pressure=0'];
  if (options.cpu !== undefined) argv.push(`-mcpu=${options.cpu}`);
  if (options.skipUnknown === true) argv.push('-skip-unsupported-instructions=any');
  argv.push('-instruction-info=0', '-');
  const limits = { timeoutMs, input, ...(options.signal && { signal: options.signal }) };
  const result = await (options.run ?? runTool)(argv, limits);
  options.signal?.throwIfAborted();
  if (result.code !== 0) {
    const reason = result.spawnError ?? result.stderr.split('\n')[0]?.slice(0, 120) ?? '';
    return { kind: 'unavailable', reason: `llvm-mca failed: ${reason}` };
  }
  return { kind: 'read', summaries: parseSummaries(result.stdout) };
}

/** The summary view of every region, by its number. */
export function parseSummaries(text: string): ReadonlyMap<number, RegionSummary> {
  const summaries = new Map<number, RegionSummary>();
  for (const part of text.split(/^\[\d+\] Code Region - /m).slice(1)) {
    const index = /^region(\d+)/.exec(part)?.[1];
    const number = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+([\\d.]+)`, 'm').exec(part)?.[1]);
    const rounds = number('Iterations');
    const summary = {
      instructions: number('Instructions') / rounds,
      cycles: number('Total Cycles') / rounds,
      uops: number('Total uOps') / rounds,
      ipc: number('IPC'),
    };
    if (index !== undefined && Object.values(summary).every(Number.isFinite))
      summaries.set(Number(index), summary);
  }
  return summaries;
}
