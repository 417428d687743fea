import type { Config } from '../config/load.js';
import { requireTarget } from '../target/target.js';
import type { Elsewhere } from '../tune/cross-site.js';

/** The flag that names where code runs. */
export const deviceArg = {
  type: 'string',
  valueHint: 'URL',
  description:
    'Run there: ssh://user@host:port, several with commas between; "emulator" in place of "devices" in the config',
} as const;

/** What `--target` and `--device` ask for; undefined for this machine. With `--target` alone the config's devices are taken. */
export function elsewhere(
  { devices: configured }: Pick<Config, 'devices'>,
  { target, device }: { readonly target?: string | undefined; readonly device?: string | undefined },
): Elsewhere | undefined {
  if (target === undefined && device === undefined) return undefined;
  const devices = device === undefined ? configured : device === 'emulator' ? [] : device.split(',');
  return { ...(target !== undefined && { target: requireTarget(target) }), devices };
}
