/**
 * The program that runs trials on a device. One JSON line on standard input says what to do; the answer goes to standard output, as
 * `v8.serialize` writes it. It ends, and what it started with it, when standard input does: that is how a lost connection shows.
 */
import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { serialize } from 'node:v8';
import { readFacts } from '../../target/host.js';
import { busyness, pinning } from '../machine.js';
import { runTrial } from '../trial.js';
import {
  type AgentRequest,
  type AgentTrial,
  answerMark,
  type Inspection,
  type TrialRequest,
} from './agent-protocol.js';
import { readConditions } from './conditions.js';

async function trial(request: TrialRequest, signal: AbortSignal): Promise<AgentTrial> {
  const { folder, spec, node, harness, environment, timeoutMs } = request;
  const now = new Date();
  // A session's folder is as old as its last trial.
  await utimes(dirname(folder), now, now);
  await Promise.all(request.remove.map((file) => rm(file, { force: true })));
  const machine = request.pin ? await busyness() : undefined;
  const pin = machine === undefined ? [] : pinning(machine, process.env);
  const before = await readConditions();
  // Not recursively: where the session's folder has been removed, none must come back.
  await mkdir(folder);
  try {
    for (const { from, to } of request.copies) {
      const file = join(folder, to);
      await mkdir(dirname(file));
      // As for trials on this machine, no copy that shares pages with the original.
      await writeFile(file, await readFile(from));
    }
    const env = { ...process.env, ...environment };
    const start = [...pin, node];
    const { end, ...written } = await runTrial({ spec, start, harness, env, timeoutMs, signal });
    return {
      trial: { end: { ...end, stdout: Buffer.alloc(0) }, ...written },
      before,
      after: await readConditions(),
      isBusy: machine?.busy ?? false,
      ...(request.pin && { isPinned: pin.length > 0 }),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const connection = new AbortController();
const lines = createInterface(process.stdin);
lines.once('close', () => connection.abort());
const request = await new Promise<AgentRequest>((resolve) => {
  lines.once('line', (line) => resolve(JSON.parse(line)));
});
const answer: Inspection | AgentTrial =
  request.kind === 'inspect'
    ? { facts: readFacts(), nodeVersion: process.versions.node }
    : await trial(request, connection.signal);
const bytes = serialize(answer);
const mark = Buffer.from(`\n${answerMark} ${bytes.length}\n`);
process.stdout.write(Buffer.concat([mark, bytes]), () => process.exit(0));
