import type { AddonBinary } from '../../build/find-binaries.js';
import type { BuildRecord, CompileCommand } from '../../build/types.js';
import { type OpenBinary, type Resolver, resolver } from '../../evidence/samples.js';
import {
  bestImage,
  byWeight,
  openBinary,
  type Score,
  scoreBySize,
  unreadableObjects,
} from '../../evidence/score.js';
import type { ExecutionCounts } from './count.js';

/**
 * Finds the translation units in which the bench executes most, from counts: the whole weight of every case is the same, as it is when
 * cases are measured. Where nothing was executed in a known unit, they are ranked by code size, and the score says so.
 */
export async function scoreByCounts(request: {
  readonly record: BuildRecord;
  readonly binaries: readonly AddonBinary[];
  /** Recorded object path → the object that was linked in its place into what was counted. */
  readonly objects?: ReadonlyMap<string, string>;
  readonly counts: ExecutionCounts;
}): Promise<Score> {
  const opened = await Promise.all(request.binaries.map((binary) => openBinary(request, binary)));
  const resolvers = new Map<string, Resolver>();
  const functions = new Map<CompileCommand, Map<string, number>>();
  for (const files of Object.values(request.counts)) {
    const total = files.flatMap(({ blocks }) => blocks).reduce((sum, block) => sum + executed(block), 0);
    for (const { file, loaded, blocks } of files) {
      const binary = opened.find((entry) => entry.binary.loaded === loaded);
      if (binary === undefined) continue;
      const place = resolvers.get(file) ?? (await resolverOf(binary, file));
      resolvers.set(file, place);
      for (const block of blocks) {
        const found = place(block.offset);
        if (found === undefined) continue;
        const counts = functions.get(found.command) ?? new Map<string, number>();
        functions.set(found.command, counts);
        counts.set(found.name, (counts.get(found.name) ?? 0) + executed(block) / total);
      }
    }
  }
  const units = byWeight(functions);
  if (units.length > 0)
    return { units, addonShare: undefined, source: 'counts', warnings: unreadableObjects(opened) };
  return scoreBySize(opened, 'the benchmark executes nothing in a known source file');
}

/** What was counted may have been linked from other objects than the recorded file: its own symbols are the right ones. */
async function resolverOf(binary: OpenBinary, file: string): Promise<Resolver> {
  const image = await bestImage([file]);
  const images = image?.table === 'full' ? new Map([[file, image]]) : binary.images;
  return resolver({ ...binary, images }, file);
}

function executed({ instructions, executions }: { instructions: number; executions: number }): number {
  return instructions * executions;
}
