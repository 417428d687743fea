import { PassThrough } from 'node:stream';
import { deserialize } from 'node:v8';
import { AutoPassError } from '../../errors.js';
import type {
  AgentRequest,
  AgentTrial,
  Inspection,
  InspectRequest,
  TrialRequest,
} from '../child/agent-protocol.js';
import { answerMark } from '../child/agent-protocol.js';
import type { RemotePlace } from './folder.js';
import { ConnectionLost, type SshConnection } from './ssh-connection.js';

interface Options {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Has the agent on the device do something.
 * @throws ConnectionLost; AutoPassError `DEVICE_FAILED`
 */
export function askAgent(
  ssh: SshConnection,
  place: RemotePlace,
  request: InspectRequest,
  options: Options,
): Promise<Inspection>;
export function askAgent(
  ssh: SshConnection,
  place: RemotePlace,
  request: TrialRequest,
  options: Options,
): Promise<AgentTrial>;
export async function askAgent(
  ssh: SshConnection,
  { node, folder }: RemotePlace,
  request: AgentRequest,
  options: Options,
): Promise<unknown> {
  // Left open: the agent ends what it does when its input ends.
  const input = new PassThrough();
  input.write(`${JSON.stringify(request)}\n`);
  const args = [node, `${folder}/agent.mjs`];
  const { stdout, stderr, code } = await ssh.call('exec "$1" "$2"', { args, input, ...options });
  const mark = `\n${answerMark} `;
  const at = stdout.indexOf(mark);
  if (at < 0 || code !== 0) {
    throw new AutoPassError(
      'DEVICE_FAILED',
      `A trial on ${ssh.address.url} ended with exit code ${code}: ${stderr.split('\n').slice(-3).join(': ')}`,
      { hint: `See whether its Node (${node}) works, and whether there is room in ${folder}.` },
    );
  }
  const start = stdout.indexOf('\n', at + mark.length) + 1;
  const length = Number(stdout.toString('latin1', at + mark.length, start));
  if (start === 0 || stdout.length < start + length) throw new ConnectionLost('the answer was cut off');
  return deserialize(stdout.subarray(start, start + length));
}
