import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { CasePhase } from '../measure/child/protocol.js';
import { type PerfEvent, parsePerfLine, perfScriptArgs } from './perf-script.js';

/** A command that runs the benchmark in a loop and ends by itself. */
export interface ProfiledCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** When each case of the bench ran, once the command has ended. */
  readonly phases?: () => Promise<readonly CasePhase[]>;
}

export type PerfRun =
  | { readonly kind: 'recorded'; readonly events: readonly PerfEvent[] }
  | { readonly kind: 'unavailable'; readonly reason: string };

/** A prime just under 2 kHz does not run in step with timers of the benchmark. */
const samplesPerSecond = 1999;
const longestRunMs = 180_000;

/**
 * Samples the command with `perf record` on the cpu-clock event, which needs no hardware counters. User space only
 * where the kernel may not be sampled. Aborting throws the signal's reason.
 */
export async function runPerf(
  command: ProfiledCommand,
  workDir: string,
  signal: AbortSignal | undefined,
): Promise<PerfRun> {
  await mkdir(workDir, { recursive: true });
  const data = join(workDir, 'perf.data');
  let reason = 'perf recorded no samples';
  for (const event of ['cpu-clock', 'cpu-clock:u']) {
    await rm(data, { force: true });
    const record = await execa(
      'perf',
      [
        ...['record', '-k', 'CLOCK_MONOTONIC', '-e', event, '-F', String(samplesPerSecond), '-o', data],
        ...['--', ...command.argv],
      ],
      {
        cwd: command.cwd,
        env: { ...command.env, LC_ALL: 'C' },
        reject: false,
        stdin: 'ignore',
        stdout: 'ignore',
        timeout: longestRunMs,
        killSignal: 'SIGINT',
        ...(signal === undefined ? {} : { cancelSignal: signal }),
      },
    );
    signal?.throwIfAborted();
    if (record.code === 'ENOENT') return { kind: 'unavailable', reason: 'perf is not installed' };
    const events = await readEvents(data, signal);
    if (events.some((entry) => entry.kind === 'sample')) {
      await rm(data, { force: true });
      return { kind: 'recorded', events };
    }
    reason = firstLine(record.stderr) ?? reason;
  }
  await rm(data, { force: true });
  return { kind: 'unavailable', reason };
}

async function readEvents(data: string, signal: AbortSignal | undefined): Promise<PerfEvent[]> {
  const events: PerfEvent[] = [];
  const script = execa('perf', ['script', '-i', data, ...perfScriptArgs], {
    env: { LC_ALL: 'C' },
    reject: false,
    stdin: 'ignore',
    stderr: 'ignore',
    buffer: false,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  for await (const line of script.iterable()) {
    const event = parsePerfLine(line);
    if (event !== undefined) events.push(event);
  }
  await script;
  signal?.throwIfAborted();
  return events;
}

function firstLine(text: string): string | undefined {
  const line = text.split('\n').find((candidate) => /\w/.test(candidate) && !/^Error:\s*$/.test(candidate));
  return line?.trim().slice(0, 160);
}
