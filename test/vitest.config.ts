import { defineConfig } from 'vitest/config';

// Real builds on a busy machine: a limit for what hangs, not for what is slow.
const patient = { testTimeout: 1_200_000, hookTimeout: 600_000 };

// Nothing is learned from tests, and no test depends on what was.
const env = { AUTOPASS_KNOWLEDGE: 'off' };

/** Builds would disturb what these measure or profile. */
const timed = [
  'agents',
  'cases',
  'device',
  'evidence',
  'gcc',
  'knowledge',
  'measure',
  'profile',
  'tune',
  'tune-cross',
  'verify',
].map((name) => `test/e2e/${name}.test.ts`);

const config: ReturnType<typeof defineConfig> = defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          root: '.',
          env,
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          pool: 'threads',
          isolate: false,
          ...patient,
        },
      },
      {
        test: {
          name: 'e2e-builds',
          root: '.',
          env,
          include: ['test/e2e/**/*.test.ts'],
          exclude: timed,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          ...patient,
        },
      },
      {
        test: {
          name: 'e2e-timed',
          root: '.',
          env,
          include: timed,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          ...patient,
        },
      },
    ],
  },
});

export default config;
