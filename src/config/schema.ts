import { z } from 'zod';
import { type ModelConfig, modelSchema } from './model.js';

/** What builds for other machines stand on. */
export interface CrossConfig {
  /** Root file system of the target, relative to the package; without one, the distribution's cross packages. */
  sysroot?: string | undefined;
  /** Newest glibc that the result may need, for example `2.28`. */
  glibc?: string | undefined;
  /** A Node for the target, relative to the package, to check outputs with. */
  node?: string | undefined;
  /** The command before that Node; `qemu-aarch64 -L <sysroot>` and the like when absent. */
  emulator?: string[] | undefined;
}

/** What `autopass.config.*` may hold, after defaults are filled in. */
export interface ConfigFields {
  /** Bench module, relative to the config file, or a command timed as a whole process. */
  bench?: string | { command: string[] } | undefined;
  /** The command that builds the addon from scratch; found from the package when absent. */
  build?: string[] | undefined;
  /** Runs against every confirmed winner; must exit 0 for the stock build too. */
  test?: string[] | undefined;
  /** Module to load in place of the package root. */
  entry?: string | undefined;
  /** Clang to use, by path or name. */
  clang?: string | undefined;
  policy: string;
  budget: { minutes: number; trials: number };
  /**
   * What code is for: `baseline` (every processor), `dispatch` (every processor, with variants for better ones beside), `host` (this
   * one's, and no other's), or a level such as `x86-64-v3`. `auto` builds like `baseline`, until tuning finds that a level wins clearly.
   */
  isa: string;
  /** Opt-in levers that tuning may use. Builds read the same list from `autopass.allow` in package.json. */
  allow: string[];
  /** Largest accepted difference between numbers in the outputs, relative and absolute; absent means exact. */
  tolerance?: number | undefined;
  seed: number;
  /** For `autopass build --target`. */
  cross: CrossConfig;
  /** Machines of one kind to verify and measure on: `ssh://user@host:port`. */
  devices: string[];
  /** For the policy `agents`. */
  model: ModelConfig;
}

const command = z.array(z.string().min(1)).min(1);
const maxMinutes = 24 * 60;
const maxTrials = 100_000;

export const configSchema: z.ZodType<ConfigFields> = z.strictObject({
  bench: z.union([z.string().min(1), z.strictObject({ command })]).optional(),
  build: command.optional(),
  test: command.optional(),
  entry: z.string().min(1).optional(),
  clang: z.string().min(1).optional(),
  policy: z.string().min(1).default('expert'),
  budget: z
    .strictObject({
      minutes: z.number().positive().max(maxMinutes).default(10),
      trials: z.number().int().positive().max(maxTrials).default(60),
    })
    .prefault({}),
  isa: z.string().min(1).default('auto'),
  allow: z.array(z.string()).default([]),
  tolerance: z.number().nonnegative().optional(),
  seed: z.number().int().nonnegative().default(1),
  cross: z
    .strictObject({
      sysroot: z.string().min(1).optional(),
      glibc: z
        .string()
        .regex(/^\d+\.\d+$/)
        .optional(),
      node: z.string().min(1).optional(),
      emulator: command.optional(),
    })
    .prefault({}),
  devices: z.array(z.string().startsWith('ssh://')).default([]),
  model: modelSchema.prefault({}),
});

/** What a config file may export: every field is optional. */
export type ConfigInput = Partial<Omit<ConfigFields, 'budget' | 'model' | 'cross'>> & {
  cross?: Partial<CrossConfig>;
  budget?: Partial<ConfigFields['budget']>;
  model?: Partial<Omit<ModelConfig, 'budget'>> & { budget?: Partial<ModelConfig['budget']> };
};
