/** Where progress and warnings go; only `src/cli` decides how they look. */
export interface Logger {
  info(message: string): void;
  warn(message: string): void;
  debug(message: string): void;
}

/** A logger that says nothing. */
export const silentLogger: Logger = { info() {}, warn() {}, debug() {} };
