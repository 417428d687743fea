import { AutoPassError } from '../../errors.js';

/** A machine that is reached through ssh. */
export interface DeviceAddress {
  /** As it was written. */
  readonly url: string;
  /** A name, an address, or an alias of the user's ssh configuration. */
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
}

/** Nothing here can be taken for an option of ssh, or mean anything to a shell. */
const pattern =
  /^ssh:\/\/(?:(?<user>[a-z0-9_][a-z0-9_.-]{0,63})@)?(?:(?<name>[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?)|\[(?<ip6>[0-9a-f:]{2,39})\])(?::(?<port>[0-9]{1,5}))?$/i;

/**
 * Reads `ssh://user@host:port`; user and port may be absent, an IPv6 address stands in brackets.
 * @throws AutoPassError `BAD_DEVICE`
 */
export function parseDevice(url: string): DeviceAddress {
  const { user, name, ip6, port } = pattern.exec(url)?.groups ?? {};
  const host = name ?? ip6;
  if (host === undefined || Number(port ?? 22) < 1 || Number(port ?? 22) > 65_535) {
    throw new AutoPassError('BAD_DEVICE', `${JSON.stringify(url)} is no device that AutoPass can reach.`, {
      hint: 'Write it as ssh://user@host or ssh://user@host:port; keys and jump hosts belong in ~/.ssh/config.',
    });
  }
  return {
    url,
    host,
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port: Number(port) }),
  };
}
