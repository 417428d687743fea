import { z } from 'zod';
import { catalogue } from '../../levers/catalogue.js';
import { isOfGcc } from '../../levers/gcc.js';
import { clangProfileLevers } from '../../levers/profiles.js';
import type { Configuration } from '../../levers/types.js';
import { type Fingerprint, fingerprintLength, strongest } from './fingerprint.js';

/** What a configuration did to the code of an entry. */
export interface KnownResult {
  /** Without names of functions, loops or files; a profile stands in `profile`. */
  readonly levers: Configuration;
  /** The lever that used a profile of that code's bench. */
  readonly profile?: (typeof clangProfileLevers)[number] | undefined;
  /** Over plain -O3, with its 95 % interval; above 1 is faster. */
  readonly speedup: number;
  readonly ci: readonly [number, number];
}

/** What was measured on the hot code of a unit, or of all hot units of an addon together. */
export interface KnowledgeEntry {
  /** A hash: a later session on the same code replaces the entry. */
  readonly id: string;
  /** See `fingerprintVersion`. */
  readonly version: string;
  readonly fingerprint: Fingerprint;
  readonly results: readonly KnownResult[];
}

export const mostResults = 8;

const ratio = z.number().min(0.01).max(100);
const scalar = z.union([z.string().max(100), z.number(), z.boolean()]);

const result: z.ZodType<KnownResult> = z
  .strictObject({
    levers: z.record(z.string().max(100), z.union([scalar, z.array(z.string().max(100)).max(16)])),
    profile: z.enum(clangProfileLevers).optional(),
    speedup: ratio,
    ci: z.tuple([ratio, ratio]),
  })
  .refine(({ speedup, ci }) => ci[0] <= speedup && speedup <= ci[1], 'the speedup is not in its interval');

const entry: z.ZodType<KnowledgeEntry> = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  version: z.string().regex(/^\d+\/llvm-\d+\/(x64|arm64)\/[\w.+-]{1,40}$/),
  fingerprint: z.array(z.number().min(-strongest).max(strongest)).length(fingerprintLength),
  results: z.array(result).min(1).max(mostResults),
});

const base = z.looseObject({ entries: z.array(z.unknown()) });

/** The well-formed entries of an untrusted text. Whether their levers can be used is checked where they are offered. */
export function parseBase(text: string): KnowledgeEntry[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  const parsed = base.safeParse(value);
  if (!parsed.success) return [];
  return parsed.data.entries.flatMap((one) => {
    const known = entry.safeParse(one);
    return known.success ? [known.data] : [];
  });
}

/**
 * The configuration as far as it means something elsewhere; undefined when it names functions or loops of its program, depends on
 * other files, or is for gcc: code is found similar by how it reacts to levers of clang.
 */
export function portable(configuration: Configuration): Pick<KnownResult, 'levers' | 'profile'> | undefined {
  const profile = clangProfileLevers.find((id) => id in configuration);
  const levers = Object.fromEntries(Object.entries(configuration).filter(([id]) => id !== profile));
  if (!isPortable(levers) || Object.keys(configuration).length === 0) return undefined;
  return { levers, ...(profile && { profile }) };
}

export function isPortable(levers: Configuration): boolean {
  return Object.keys(levers).every((id) => {
    const shape = catalogue.get(id)?.shape;
    return id !== 'lto-thin' && !isOfGcc(id) && (shape === 'scalar' || shape === 'passes');
  });
}
