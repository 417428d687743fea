/**
 * Corpus × methods: `npm run bench -- [--quick] [--addons a,b] [--methods a,b] [--trials N] [--minutes M] [--seed N]
 * [--results DIR]`. Every policy tunes a copy of every addon with the same budget; then all final builds of an addon, and
 * plain builds beside them, are measured together against -O3. What the results file already holds is not run again.
 */
import { mkdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { loadConfig } from '../config/load.js';
import { AutoPassError } from '../errors.js';
import type { Logger } from '../log.js';
import { chartDocument } from './bench/chart.js';
import { copyPackage } from './bench/copy-package.js';
import { judgeFinals } from './bench/final.js';
import { methods as allMethods, isPolicy, type Method } from './bench/methods.js';
import { type BenchOptions, benchOptions } from './bench/options.js';
import {
  type AddonRecord,
  type BenchResults,
  readResults,
  type SessionSettings,
  withAddon,
  writeResultFile,
} from './bench/results.js';
import { isSameSession, runSession } from './bench/session.js';
import { markdownReport } from './bench/table.js';
import { corpusAddon, fetchAddon } from './corpus.js';

interface Run {
  readonly options: BenchOptions;
  readonly signal: AbortSignal;
  results: BenchResults;
}

async function main(): Promise<void> {
  const options = await benchOptions(process.argv.slice(2));
  // Policies must not learn from each other, nor from what is known of the corpus.
  process.env.AUTOPASS_KNOWLEDGE = 'off';
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const run: Run = { options, signal: stop.signal, results: await readResults(options.folder, machine()) };
  for (const name of options.addons) {
    try {
      await benchAddon(run, name);
    } catch (error) {
      stop.signal.throwIfAborted();
      say(name, `left out: ${messageOf(error)}`);
      process.exitCode = 1;
    }
  }
  process.stdout.write(
    `\n${markdownReport(run.results)}\nIn ${options.folder}: results.json, table.md, chart.html\n`,
  );
}

async function benchAddon(run: Run, name: string): Promise<void> {
  const { options, signal } = run;
  const { methods, trials, minutes, seed } = options;
  const work = path.join(options.folder, 'work');
  await mkdir(work, { recursive: true });
  const addon = await corpusAddon(name);
  const base = await fetchAddon(name, work);
  const sessionRoot = (method: Method): string => path.join(work, `${name}-${method}`);
  let record: AddonRecord = run.results.addons[name] ?? {
    package: `${addon.package}@${addon.version}`,
    sessions: {},
  };
  const keep = async (changed: AddonRecord): Promise<void> => {
    record = changed;
    run.results = withAddon(run.results, name, record);
    await writeAll(options.folder, run.results);
  };
  const settings: SessionSettings = { trials, minutes, seed };
  for (const policy of methods.filter(isPolicy)) {
    if (isSameSession(record.sessions[policy], settings)) continue;
    say(name, `tuning with ${policy}`);
    const config = await loadConfig(await copyPackage(base, sessionRoot(policy)));
    const session = await runSession({ config, policy, settings, logger: loggerOf(name), signal });
    say(name, `${policy}: ${session.verdict} after ${session.trials} trials`);
    // Another session, another final build.
    await keep({ ...record, sessions: { ...record.sessions, [policy]: session }, final: undefined });
  }
  if (methods.every((method) => isJudged(record, method))) return;
  say(name, 'measuring all final builds');
  const final = await judgeFinals({
    config: await loadConfig(await copyPackage(base, path.join(work, `${name}-plain`))),
    methods: allMethods.filter((method) => methods.includes(method) || wasRun(record, method)),
    sessionRoot,
    minutes: options.judgeMinutes,
    logger: loggerOf(name),
    signal,
  });
  for (const [method, reason] of Object.entries(final.missing)) say(name, `no ${method}: ${reason}`);
  await keep({ ...record, final });
}

/** What was measured before is measured again, so that one measurement holds all. */
function wasRun(record: AddonRecord, method: Method): boolean {
  return method in record.sessions || (!isPolicy(method) && isJudged(record, method));
}

function isJudged({ final }: AddonRecord, method: Method): boolean {
  return final !== undefined && (method in final.speedups || method in final.missing);
}

async function writeAll(folder: string, results: BenchResults): Promise<void> {
  await writeResultFile(folder, 'results.json', `${JSON.stringify(results, undefined, 2)}\n`);
  await writeResultFile(folder, 'table.md', markdownReport(results));
  await writeResultFile(folder, 'chart.html', chartDocument(results));
}

function machine(): string {
  const cpus = os.cpus();
  return `${cpus[0]?.model.trim() ?? process.arch}, ${cpus.length} cores, ${os.type()}, Node ${process.version}`;
}

function loggerOf(name: string): Logger {
  return { info: (message) => say(name, message), warn: (message) => say(name, message), debug() {} };
}

function say(name: string, message: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${name}: ${message}\n`);
}

function messageOf(error: unknown): string {
  if (error instanceof AutoPassError && error.hint !== undefined) return `${error.message} ${error.hint}`;
  return error instanceof Error ? error.message : String(error);
}

await main().catch((error: unknown) => {
  process.stderr.write(`bench: ${messageOf(error)}\n`);
  process.exitCode = 1;
});
