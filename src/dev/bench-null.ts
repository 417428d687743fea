/**
 * False gains: `npm run bench:null -- [--runs N] [--minutes M]`. Whole sessions on an addon whose own build is already clang
 * -O3, with a policy whose proposals change the object files but nothing that runs. Every gain is a false one; exits
 * with 1 when fewer than 19 of 20 sessions end without.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadConfig } from '../config/load.js';
import { AutoPassError } from '../errors.js';
import { silentLogger } from '../log.js';
import { requireClang } from '../tune/require-clang.js';
import type { Ratio, TuneResult } from '../tune/result.js';
import { tune } from '../tune/tune.js';
import { createNullPolicy } from './bench/null-policy.js';
import { positive } from './bench/options.js';

const fixture = fileURLToPath(new URL('../../fixtures/null-addon/', import.meta.url));
const enough = 0.95;
const manyTrials = 1000;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { runs: { type: 'string' }, minutes: { type: 'string' } } });
  const runs = Math.ceil(positive('runs', values.runs) ?? 20);
  const minutes = positive('minutes', values.minutes) ?? 1;
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.env.AUTOPASS_KNOWLEDGE = 'off';
  const clang = await requireClang({});
  // The project's own compiler is the one that tuning uses: stock and -O3 are the same build.
  process.env.CC = clang.cc;
  process.env.CXX = clang.cxx;
  const root = await mkdtemp(path.join(os.tmpdir(), 'autopass-null-'));
  try {
    await cp(fixture, root, { recursive: true });
    let without = 0;
    for (let run = 1; run <= runs; run++) {
      const result = await session(root, { seed: run, minutes, signal: stop.signal });
      if (result.verdict === 'no gain') without++;
      process.stdout.write(`${String(run).padStart(3)}  ${line(result)}\n`);
    }
    const wanted = Math.ceil(runs * enough);
    process.stdout.write(`${without} of ${runs} sessions end with no gain; ${wanted} are wanted\n`);
    if (without < wanted) process.exitCode = 1;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function session(
  root: string,
  { seed, minutes, signal }: { seed: number; minutes: number; signal: AbortSignal },
): Promise<TuneResult> {
  for (const left of ['.autopass', 'autopass.lock', 'autopass.profiles', 'build']) {
    await rm(path.join(root, left), { recursive: true, force: true });
  }
  const config = { ...(await loadConfig(root)), seed, budget: { minutes, trials: manyTrials } };
  return tune(config, { logger: silentLogger, policy: createNullPolicy(seed), signal });
}

function line({ verdict, addon, noiseFloor, trials, elapsedMs }: TuneResult): string {
  return [
    verdict.padEnd(8),
    `over stock ${shown(addon.vsStock)}`,
    `over -O3 ${shown(addon.vsO3)}`,
    `noise floor ${(noiseFloor * 100).toFixed(1)} %`,
    `${trials} trials`,
    `${Math.round(elapsedMs / 1000)} s`,
  ].join('  ');
}

function shown({ ratio, ci }: Ratio): string {
  return `${ratio.toFixed(3)} [${ci[0].toFixed(3)}, ${ci[1].toFixed(3)}]`;
}

await main().catch((error: unknown) => {
  const hint = error instanceof AutoPassError && error.hint !== undefined ? ` ${error.hint}` : '';
  process.stderr.write(`bench:null: ${error instanceof Error ? error.message : String(error)}${hint}\n`);
  process.exitCode = 1;
});
