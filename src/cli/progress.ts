import { Listr } from 'listr2';
import type { Logger } from '../log.js';
import type { PolicyTrial } from '../policy/types.js';
import { levers, times } from '../report/summary.js';
import { type Phase, type Progress, phases } from '../tune/progress.js';
import type { CommandIo } from './command.js';

const titles: Readonly<Record<Phase, string>> = {
  build: 'Build with the project’s own compiler and check the bench',
  score: 'Find where the time goes',
  search: 'Search',
  judge: 'Judge on fresh samples',
  apply: 'Write autopass.lock and build with it',
};

/** Live tasks on a terminal, plain lines elsewhere; all on stderr. */
export async function withProgress<T>(
  io: Pick<CommandIo, 'logger'>,
  body: (progress: Progress, logger: Logger) => Promise<T>,
): Promise<T> {
  return process.stderr.isTTY ? liveProgress(body) : body(plainProgress(io.logger), io.logger);
}

function plainProgress(logger: Logger): Progress {
  return {
    phase: (name) => logger.info(`── ${titles[name]}`),
    step: (message) => logger.info(`   ${message}`),
    trial: (unit, trial, count) => logger.info(`   ${trialLine(unit, trial, count)}`),
  };
}

async function liveProgress<T>(body: (progress: Progress, logger: Logger) => Promise<T>): Promise<T> {
  const gates = new Map(phases.map((phase) => [phase, createGate()]));
  const notes: string[] = [];
  let current: { output: string } | undefined;
  let running: Phase | undefined;
  const say = (message: string): void => {
    if (current !== undefined) current.output = message;
  };
  const list = new Listr(
    phases.map((phase) => ({
      title: titles[phase],
      task: async (_context: unknown, task: { output: string }) => {
        current = task;
        await gates.get(phase)?.promise;
      },
      rendererOptions: { persistentOutput: false },
    })),
    { rendererOptions: { collapseSubtasks: false }, fallbackRenderer: 'verbose' },
  );
  const progress: Progress = {
    phase: (name) => {
      if (running !== undefined) gates.get(running)?.resolve();
      running = name;
    },
    step: say,
    trial: (unit, trial, count) => say(trialLine(unit, trial, count)),
  };
  const logger: Logger = { info: say, warn: (message) => notes.push(message), debug() {} };
  const shown = list.run().catch(() => {});
  try {
    const result = await body(progress, logger);
    for (const gate of gates.values()) gate.resolve();
    return result;
  } catch (error) {
    if (running !== undefined) gates.get(running)?.reject(error);
    throw error;
  } finally {
    await shown;
    for (const note of notes) process.stderr.write(`autopass: ${note}\n`);
  }
}

function trialLine(unit: string, trial: PolicyTrial, count: number): string {
  const speed = trial.speedup === undefined ? '' : ` ${times(trial.speedup)}`;
  return `${String(count).padStart(3)}  ${unit}  ${trial.outcome}${speed}  ${levers(trial.configuration)}`;
}

interface Gate {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

function createGate(): Gate {
  let settle: Pick<Gate, 'resolve' | 'reject'> | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => {});
  return { promise, resolve: () => settle?.resolve(), reject: (error) => settle?.reject(error) };
}
