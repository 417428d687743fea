/**
 * What the launcher costs per compiler call: `npm run bench:launcher`. Each round compiles one small C file directly and
 * through the launcher, right after each other and in changing order; reported are the medians and a 95 % bootstrap
 * interval of the median difference. Exits with 1 when a difference above 5 ms is certain.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatPlan, planPath, tunedBaseArgs } from '../build/plan-file.js';
import { statePaths } from '../build/state.js';
import { findClangs } from '../toolchain/find-clang.js';

const limitMs = 5;
const resamples = 2_000;
const rounds = Number(process.argv[2] ?? 100);
const launcher = fileURLToPath(new URL('../../templates/apply/launch', import.meta.url));
const source =
  'int sum(const int *a, int n) { int s = 0; for (int i = 0; i < n; i++) s += a[i]; return s; }\n';

interface Comparison {
  readonly name: string;
  readonly direct: readonly string[];
  readonly launched: readonly string[];
}

const [clang] = await findClangs();
if (clang === undefined) {
  process.stderr.write('bench:launcher needs clang\n');
  process.exit(4);
}
const root = mkdtempSync(path.join(os.tmpdir(), 'autopass-bench-'));
try {
  const state = statePaths(root);
  mkdirSync(state.record, { recursive: true });
  for (const name of ['plain.c', 'tuned.c']) writeFileSync(path.join(root, name), source);
  const plan = { kind: 'flags', args: ['-mllvm', '-unroll-threshold=1000'] } as const;
  const file = path.join(state.plans, planPath({ file: 'tuned.c' }) ?? '');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, formatPlan(plan, clang) ?? '');

  // As many arguments as node-gyp gives.
  const defines = Array.from({ length: 12 }, (_, at) => `-DDEFINE_${at}=1`);
  const args = [
    '-o',
    'out.o',
    '-O2',
    '-fPIC',
    '-Wall',
    '-Wextra',
    '-m64',
    '-pthread',
    ...defines,
    '-I../a',
    '-I../b',
    '-c',
  ];
  const launch = ['sh', launcher, `--state=${state.build}`];
  const comparisons: Comparison[] = ['gcc', clang.cc].map((compiler) => ({
    name: `${path.basename(compiler)}, source without entry`,
    direct: [compiler, ...args, 'plain.c'],
    launched: [...launch, compiler, ...args, 'plain.c'],
  }));
  comparisons.push({
    name: `${path.basename(clang.cc)}, source with flags`,
    direct: [clang.cc, ...args, 'tuned.c', ...tunedBaseArgs, ...plan.args],
    launched: [...launch, 'cc', ...args, 'tuned.c'],
  });
  let exceeded = false;
  for (const comparison of comparisons) {
    const { direct, launched, differences } = compare(comparison);
    const [low, high] = bootstrapMedian(differences);
    exceeded ||= low > limitMs;
    process.stdout.write(
      `${comparison.name}: direct ${direct.toFixed(1)} ms, launched ${launched.toFixed(1)} ms, ` +
        `difference ${median(differences).toFixed(2)} ms [${low.toFixed(2)}, ${high.toFixed(2)}]\n`,
    );
  }
  process.stdout.write(`${rounds} pairs each; limit ${limitMs} ms: ${exceeded ? 'EXCEEDED' : 'kept'}\n`);
  process.exitCode = exceeded ? 1 : 0;
} finally {
  rmSync(root, { recursive: true, force: true });
}

function compare({ direct, launched }: Comparison): {
  direct: number;
  launched: number;
  differences: number[];
} {
  const times: { direct: number[]; launched: number[] } = { direct: [], launched: [] };
  timeMs(direct);
  timeMs(launched);
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) times.direct.push(timeMs(direct));
    times.launched.push(timeMs(launched));
    if (round % 2 === 1) times.direct.push(timeMs(direct));
  }
  return {
    direct: median(times.direct),
    launched: median(times.launched),
    differences: times.launched.map((value, round) => value - (times.direct[round] ?? value)),
  };
}

function timeMs([command = '', ...args]: readonly string[]): number {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  const elapsed = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
  return elapsed;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** Percentile bootstrap, 95 %. */
function bootstrapMedian(values: readonly number[]): [number, number] {
  const medians = Array.from({ length: resamples }, () =>
    median(values.map(() => values[Math.floor(Math.random() * values.length)] ?? 0)),
  ).sort((a, b) => a - b);
  return [
    medians[Math.floor(resamples * 0.025)] ?? Number.NaN,
    medians[Math.floor(resamples * 0.975)] ?? Number.NaN,
  ];
}
