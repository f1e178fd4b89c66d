// The public API, every name by hand.
export { AppError, type ErrorCode } from './core/errors.ts';
