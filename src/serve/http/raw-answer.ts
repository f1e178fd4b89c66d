// Answers written by hand to Node's own response: headers that are the same every time stand in one list made once.
import type { ServerResponse } from 'node:http';
import { type Problem, problemText } from './problem.ts';
import type { Answer } from './route.ts';

/** Of every answer that is data. Pages set their own policy. */
export const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
} as const;

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';
export const JSON_TYPE = 'application/json; charset=utf-8';

const SAFE: readonly string[] = Object.entries(SAFE_HEADERS).flat();
const JSON_HEADERS: readonly string[] = [...SAFE, 'content-type', JSON_TYPE];

/** @returns the status it was answered with */
export function writeAnswer(response: ServerResponse, answer: Answer, isLast: boolean): number {
  if (typeof answer === 'string') {
    send(response, 200, JSON_HEADERS, answer, isLast);
    return 200;
  }
  const headers = { ...SAFE_HEADERS, ...answer.headers, 'content-type': answer.contentType ?? JSON_TYPE };
  send(response, answer.status, Object.entries(headers).flat(), answer.text, isLast);
  return answer.status;
}

export function writeProblem(response: ServerResponse, problem: Problem, isLast: boolean): void {
  send(
    response,
    problem.status,
    Object.entries(problemHeaders(problem)).flat(),
    problemText(problem),
    isLast,
  );
}

/** Headers of a problem, those of every answer among them. */
export function problemHeaders(problem: Problem): Record<string, string> {
  return {
    ...SAFE_HEADERS,
    'content-type': PROBLEM_TYPE,
    ...(problem.retryAfterSeconds !== undefined && { 'retry-after': String(problem.retryAfterSeconds) }),
    ...(problem.status === 401 && { 'www-authenticate': 'Bearer' }),
  };
}

/** @param isLast the connection ends with it */
function send(
  response: ServerResponse,
  status: number,
  headers: readonly string[],
  text: string,
  isLast: boolean,
): void {
  const all = [...headers, 'content-length', String(Buffer.byteLength(text))];
  if (isLast) all.push('connection', 'close');
  response.writeHead(status, all);
  response.end(text);
}
