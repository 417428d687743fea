import type { Logger } from '../log.js';

/** Messages go to stderr, so that stdout holds results only. Debug messages need `AUTOPASS_DEBUG=1`. */
export function terminalLogger(env: NodeJS.ProcessEnv = process.env): Logger {
  const write = (message: string): void => {
    process.stderr.write(`${message}\n`);
  };
  return {
    info: write,
    warn: (message) => write(`autopass: ${message}`),
    debug: (message) => {
      if (env.AUTOPASS_DEBUG) write(`autopass debug: ${message}`);
    },
  };
}
