import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Mode, Variant } from '../types.js';
import { type CountRequest, countExecutions, type ExecutionCounts } from './count.js';

/** What the target, the inputs and the variants' files are, without where the plugin is. */
export type CountedTarget = Omit<CountRequest, 'counter'> & {
  /** `process-only` gives every variant a process of its own. */
  readonly mode?: Mode;
};

export type VariantCounts =
  | {
      /** Equal for equal files under the same bench and inputs. */
      readonly key: string;
      readonly counts: ExecutionCounts;
      readonly sameInputs: boolean;
    }
  | { readonly failed: string };

/** Counts variants, those of equal content once. */
export interface CountCache {
  /** In the order of the variants. */
  count(target: CountedTarget, variants: readonly Variant[]): Promise<VariantCounts[]>;
  /** How many processes were started. */
  processes(): number;
}

/** More variants in one process than this, and loading fails on some systems (static TLS). */
const variantsPerProcess = 6;

/** @param counter from `buildCounter` */
export function createCountCache(counter: string): CountCache {
  const known = new Map<string, Exclude<VariantCounts, { failed: string }>>();
  let processes = 0;

  /** Together first, one by one where that fails. */
  async function countOpen(
    target: CountedTarget,
    open: readonly (readonly [key: string, variant: Variant])[],
    failed: Map<string, string>,
  ): Promise<void> {
    processes++;
    const variants = open.map(([, variant]) => variant);
    const end = await countExecutions({ ...target, counter }, variants);
    for (const [index, entry] of open.entries()) {
      const [key] = entry;
      if (end.kind === 'counted')
        known.set(key, { key, counts: end.variants[index] ?? {}, sameInputs: end.sameInputs });
      else if (open.length > 1) await countOpen(target, [entry], failed);
      else failed.set(key, end.detail);
    }
  }

  return {
    async count(target, variants) {
      const keys = await Promise.all(variants.map((variant) => keyOf(target, variant)));
      const failed = new Map<string, string>();
      const open = new Map<string, Variant>();
      for (const [index, variant] of variants.entries()) {
        const key = keys[index] ?? '';
        if (!known.has(key)) open.set(key, variant);
      }
      const size = target.mode === 'process-only' ? 1 : variantsPerProcess;
      const entries = [...open];
      for (let start = 0; start < entries.length; start += size)
        await countOpen(target, entries.slice(start, start + size), failed);
      return variants.map((variant, index) => {
        const key = keys[index] ?? '';
        const found = known.get(key);
        if (found === undefined) return { failed: failed.get(key) ?? 'nothing was counted' };
        return { ...found, counts: inFilesOf(variant, found.counts) };
      });
    },
    processes: () => processes,
  };
}

/** The files that were counted may be gone; these have the same content. */
function inFilesOf({ binaries }: Variant, counts: ExecutionCounts): ExecutionCounts {
  return Object.fromEntries(
    Object.entries(counts).map(([name, files]) => [
      name,
      files.map((entry) => ({ ...entry, file: binaries[entry.loaded] ?? entry.file })),
    ]),
  );
}

/** Of all that decides the counts. */
async function keyOf(target: CountedTarget, { binaries }: Variant): Promise<string> {
  const { packageRoot, bench, entry, node, inputs } = target;
  const hash = createHash('sha256').update(JSON.stringify([packageRoot, bench, entry, node, inputs]));
  for (const [loaded, file] of Object.entries(binaries)) {
    hash.update(`\0${loaded}\0`).update(
      createHash('sha256')
        .update(await readFile(file))
        .digest(),
    );
  }
  return hash.digest('hex');
}
