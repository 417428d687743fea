/** Whose move it is after an error: the user's, the toolchain's owner, or the model endpoint's. */
export type ErrorFamily = 'user' | 'toolchain' | 'model';

/** Exit codes of the command line; documented in the README. */
export const exitCodes = {
  ok: 0,
  usage: 1,
  notFaster: 2,
  incorrect: 3,
  toolchain: 4,
  lockOutOfDate: 5,
} as const;

export interface AutoPassErrorDetails {
  /** The next command to run, or the line to change. */
  hint?: string;
  cause?: unknown;
  family?: ErrorFamily;
  exitCode?: number;
}

/** An error with a stable code, a message for a person and the next step. */
export class AutoPassError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly family: ErrorFamily;
  readonly exitCode: number;

  constructor(code: string, message: string, details: AutoPassErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'AutoPassError';
    this.code = code;
    this.hint = details.hint;
    this.family = details.family ?? 'user';
    this.exitCode = details.exitCode ?? (this.family === 'toolchain' ? exitCodes.toolchain : exitCodes.usage);
  }
}
