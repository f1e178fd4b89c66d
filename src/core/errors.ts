// Every error a caller can meet, in one table; bugs go through `invariant`.

/** What went wrong, as a stable word scripts can match on, with what it means. */
export const ERROR_CODES = {
  USAGE: 'a command or function was called with arguments it does not take',
  NOT_FOUND: 'a file, workspace, model or entity does not exist',
  BAD_FILE: 'a file cannot be read as what it should be',
  BAD_MAPPING: 'a mapping file does not fit its schema or the data',
  BAD_DEFINITION: 'a feature, label or task definition is not valid',
  BAD_DATA: 'the data cannot be used as they are',
  NOT_ENOUGH_DATA: 'there is too little history, or too few customers or outcomes, for the question',
  LEAKAGE: 'the training data know something a prediction could not know',
  SHAPE: 'columns or arrays do not fit together',
  BUSY: 'another process is writing the same part',
  TAMPERED: 'a saved file is not the one its manifest names',
  VERSION: 'a file was written by a version this one cannot read',
  DIVERGED: 'training reached numbers that are not finite',
  DISK: 'the disk refused a write',
  UNREACHABLE: 'a server could not be reached, or did not answer as it should',
  INTERRUPTED: 'the work was cancelled',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * The caller's fault or circumstance: says what was expected, what came, what to do. Never carries a customer's data.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AppError';
    this.code = code;
    this.details = details;
  }
}

/** Stops on a bug of ours: what must hold at this line did not. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`);
}

/** Throws `INTERRUPTED` once the signal has fired; call it between steps of long work. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new AppError('INTERRUPTED', 'interrupted: nothing was left half-written', {}, signal.reason);
}
