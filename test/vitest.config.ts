import { defineConfig } from 'vitest/config';

// Real builds on a busy machine: a limit for what hangs, not for what is slow.
const patient = { testTimeout: 1_200_000, hookTimeout: 600_000, fileParallelism: false };

// Nothing is learned from tests, and no test depends on what was.
const env = { AUTOPASS_KNOWLEDGE: 'off' };

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
          fileParallelism: true,
        },
      },
      { test: { name: 'e2e', root: '.', env, include: ['test/e2e/**/*.test.ts'], ...patient } },
    ],
  },
});

export default config;
