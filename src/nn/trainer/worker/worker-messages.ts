// What the main thread and the training worker say to each other.

import { AppError, type ErrorCode } from '../../../core/errors.ts';
import type { Batch } from '../../step/training-step.ts';
import type { TrainingEvent } from '../events.ts';
import type { TrainingSettings } from '../train-options.ts';

/** What the worker is started with. */
export interface WorkerStart {
  readonly settings: TrainingSettings;
  readonly folder?: string;
  readonly keep?: number;
  /** A module to import for batches; without it they come by message. */
  readonly module?: { readonly url: string; readonly settings: unknown };
  /** Whether the main side has validation batches. */
  readonly hasValidation: boolean;
  /** Whether the signal has fired already: a message would come after the first step. */
  readonly isAborted: boolean;
}

export type SourceName = 'batches' | 'validation';

export type ToWorker =
  | { readonly kind: 'batch'; readonly stream: number; readonly batch: Batch }
  | { readonly kind: 'end'; readonly stream: number }
  | { readonly kind: 'source-failed'; readonly stream: number; readonly error: SentError }
  /** That many events more were taken by the caller. */
  | { readonly kind: 'taken' }
  /** Save and stop. */
  | { readonly kind: 'abort' }
  /** The caller has left the loop: stop without saving. */
  | { readonly kind: 'leave' };

export type FromWorker =
  | {
      readonly kind: 'open';
      readonly stream: number;
      readonly source: SourceName;
      readonly epoch: number;
      readonly from: number;
    }
  /** One batch more is wanted. */
  | { readonly kind: 'pull'; readonly stream: number }
  | { readonly kind: 'close'; readonly stream: number }
  | { readonly kind: 'event'; readonly event: TrainingEvent }
  | { readonly kind: 'note'; readonly message: string }
  | { readonly kind: 'failed'; readonly error: SentError }
  | { readonly kind: 'done' };

/** An error as data: code and details of an AppError survive, which a structured clone would drop. */
export interface SentError {
  readonly code?: ErrorCode;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly stack?: string;
  readonly cause?: SentError;
}

export function sendError(error: unknown): SentError {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    message: error.message,
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: sendError(error.cause) }),
    ...(error instanceof AppError
      ? // details are plain data; a detour over JSON makes sure that they can be sent
        { code: error.code, details: JSON.parse(JSON.stringify(error.details)) as SentError['details'] }
      : {}),
  };
}

export function receiveError({ code, message, details, stack, cause }: SentError): Error {
  const inner = cause === undefined ? undefined : receiveError(cause);
  const error =
    code === undefined
      ? new Error(message, inner === undefined ? undefined : { cause: inner })
      : new AppError(code, message, details, inner);
  if (stack !== undefined) error.stack = stack;
  return error;
}
