import type { DeviceAddress } from './parse-device.js';

/** Nobody is there to be asked, nothing is forwarded, and a silent connection is given up after half a minute. */
const options = [
  'BatchMode=yes',
  'ConnectTimeout=15',
  'ServerAliveInterval=10',
  'ServerAliveCountMax=3',
  'ClearAllForwardings=yes',
  'ForwardAgent=no',
  'ForwardX11=no',
  'PermitLocalCommand=no',
  'RemoteCommand=none',
  'RequestTTY=no',
  'EscapeChar=none',
];

/**
 * The words that start the system's ssh. `AUTOPASS_SSH_CONFIG` names a configuration file in place of the user's own.
 * @param control the socket of the connection that all calls share
 */
export function sshCommand(
  { host, user, port }: DeviceAddress,
  control: { readonly path: string; readonly isMaster: boolean },
  script: string,
  env: NodeJS.ProcessEnv,
): string[] {
  const config = env.AUTOPASS_SSH_CONFIG;
  const master = [`ControlMaster=${control.isMaster ? 'yes' : 'no'}`, 'ControlPersist=no'];
  return [
    'ssh',
    ...(config ? ['-F', config] : []),
    ...[...options, ...master, `ControlPath=${control.path}`].flatMap((option) => ['-o', option]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    '--',
    host,
    script,
  ];
}

/** A command line for the login shell there, whichever it is: a script of one line for `sh`, and its arguments. */
export function remoteScript(script: string, args: readonly string[] = []): string {
  return ['exec /bin/sh -c', ...[script, 'autopass', ...args].map(quoted)].join(' ');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
