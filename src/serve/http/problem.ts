// Every error the server answers with, as RFC 9457 problem details, in one table.
import { AppError, type ErrorCode } from '../../core/errors.ts';
import type { RejectReason } from '../ingest/outcome.ts';

/** Code → HTTP status and title. The type of the problem is `urn:foresell:problem:<code>`. */
export const PROBLEMS = {
  bad_request: [400, 'The request cannot be read'],
  bad_json: [400, 'The body is not JSON'],
  bad_encoding: [400, 'The body is not what its Content-Encoding says'],
  not_utf8: [400, 'The body is not UTF-8'],
  bad_query: [400, 'The address has a parameter that is missing or not valid'],
  unauthorized: [401, 'The key is missing or not valid'],
  forbidden: [403, 'The key does not allow this'],
  not_found: [404, 'There is nothing at this address'],
  method_not_allowed: [405, 'The address does not take this method'],
  request_timeout: [408, 'The request took too long to arrive'],
  too_large: [413, 'The body is too large'],
  too_many_events: [413, 'There are too many events in one request'],
  unsupported_media: [415, 'The body is of a type that is not read here'],
  invalid: [422, 'The body does not fit its schema'],
  rejected: [422, 'Every event was rejected'],
  rate_limited: [429, 'Too many requests'],
  headers_too_large: [431, 'The headers are too large'],
  internal: [500, 'A bug of ours'],
  overloaded: [503, 'The server has as much as it can do'],
  not_ready: [503, 'The server cannot keep or answer anything now'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One thing that is wrong inside a body. */
export interface ProblemPart {
  readonly pointer: string;
  readonly reason: RejectReason | string;
  readonly detail?: string;
}

/** Thrown by a handler, answered as a problem. The message is shown: never a customer's data. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly errors: readonly ProblemPart[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ProblemCode,
    detail: string,
    more: { readonly errors?: readonly ProblemPart[]; readonly retryAfterSeconds?: number } = {},
  ) {
    super(detail);
    this.name = 'Problem';
    this.code = code;
    this.errors = more.errors;
    this.retryAfterSeconds = more.retryAfterSeconds;
  }

  get status(): number {
    return PROBLEMS[this.code][0];
  }
}

/** The body of a problem as JSON text. */
export function problemText(problem: Problem): string {
  const [status, title] = PROBLEMS[problem.code];
  return JSON.stringify({
    type: `urn:foresell:problem:${problem.code}`,
    title,
    status,
    detail: problem.message,
    code: problem.code,
    ...(problem.errors ? { errors: problem.errors } : {}),
  });
}

/** How the product's own errors are answered; every other one is a bug of ours. */
const OF_APP_ERROR: Partial<Record<ErrorCode, ProblemCode>> = {
  NOT_FOUND: 'not_found',
  BAD_DATA: 'invalid',
  NOT_ENOUGH_DATA: 'invalid',
  USAGE: 'invalid',
  BUSY: 'overloaded',
  DISK: 'not_ready',
};

/** What Fastify and Node throw before a handler is reached, by their codes. */
const OF_SERVER_ERROR: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too_large',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'bad_request',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'bad_json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'bad_json',
  FST_ERR_BAD_URL: 'bad_request',
  FST_ERR_ASYNC_CONSTRAINT: 'bad_request',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
  ECONNRESET: 'bad_request',
};

const RULE = '--filter: ';

/** What is wrong with a rule, without its own words: its sender has them. */
function ruleProblem(message: string): Problem {
  const detail = message
    .slice(RULE.length)
    .split(', got ', 1)[0]
    .replace(/'[^']*'?/g, '…');
  return new Problem('invalid', detail, { errors: [{ pointer: '/filter', reason: 'bad_value', detail }] });
}

/** The problem to answer with, for whatever was thrown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof AppError) {
    if (error.code === 'USAGE' && error.message.startsWith(RULE)) return ruleProblem(error.message);
    const code = OF_APP_ERROR[error.code];
    if (code === undefined) return new Problem('internal', 'the server met a bug of its own');
    return new Problem(code, error.message, PROBLEMS[code][0] === 503 ? { retryAfterSeconds: 1 } : {});
  }
  const { code = '', statusCode = 500 } = (error ?? {}) as { code?: string; statusCode?: number };
  const known = OF_SERVER_ERROR[code];
  // Fastify's own words hold the address, and an address may hold a key or a customer.
  if (code === 'FST_ERR_BAD_URL')
    return new Problem('bad_request', 'expected an address that is encoded as it should be');
  if (known) return new Problem(known, (error as Error).message.toLowerCase());
  if (statusCode >= 400 && statusCode < 500) return new Problem('bad_request', 'the request cannot be read');
  return new Problem('internal', 'the server met a bug of its own');
}
