// Which troubles with a version may be over the next time it is looked at.
import { AppError, type ErrorCode } from '../../core/errors.ts';

const PASSING: readonly ErrorCode[] = ['DISK', 'BUSY', 'INTERRUPTED', 'UNREACHABLE'];

/** A full disk empties and a writer ends; a damaged file stays damaged, and is not read every few seconds. */
export const mayPass = (error: unknown): boolean => error instanceof AppError && PASSING.includes(error.code);
