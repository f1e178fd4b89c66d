// The short way of routes that are called thousands of times a second: ordinary requests are answered on Node's own
// server. Whatever is out of the ordinary goes the long way, so that there is one place for each odd case.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { ServeObserver } from '../ports.ts';
import type { BodyLimits } from './body.ts';
import type { Gate } from './gate.ts';
import { problemOf } from './problem.ts';
import { writeAnswer, writeProblem } from './raw-answer.ts';
import type { Route } from './route.ts';

export interface LaneParts {
  readonly gate: Gate;
  readonly limits: BodyLimits;
  readonly observer: ServeObserver | undefined;
  readonly isClosing: () => boolean;
}

/** Takes a request and says so, or leaves it as it came. */
export type Lane = (request: IncomingMessage, response: ServerResponse) => boolean;

const NOTHING: Readonly<Record<string, never>> = Object.freeze({});

/**
 * Ordinary is a POST to the path itself, with a server's key that may do this in its `Authorization` or `X-Api-Key`, a media
 * type the route lists, written as listed, and a length within the limit.
 */
export function ordinaryLane(routes: readonly Route[], parts: LaneParts): Lane {
  const { gate, limits, observer, isClosing } = parts;
  const byPath = new Map(routes.map((route) => [route.path, route]));

  const isOrdinary = ({ body = {} }: Route, headers: IncomingHttpHeaders): boolean => {
    const type = headers['content-type'];
    const length = headers['content-length'];
    return (
      type !== undefined &&
      Object.hasOwn(body, type) &&
      length !== undefined &&
      Number(length) <= limits.bodyBytes &&
      headers['transfer-encoding'] === undefined &&
      headers.origin === undefined &&
      headers.expect === undefined &&
      headers.upgrade === undefined
    );
  };

  return (request, response) => {
    const { headers } = request;
    const route = request.method === 'POST' ? byPath.get(request.url ?? '') : undefined;
    if (route === undefined || isClosing() || !isOrdinary(route, headers)) return false;
    const startedMs = observer ? performance.now() : 0;
    const close = (status: number): void =>
      observer?.answered(route.path, status, performance.now() - startedMs);
    const fail = (error: unknown): void => {
      const problem = problemOf(error);
      if (problem.status === 500) observer?.failed(route.path, error);
      writeProblem(response, problem, isClosing());
      close(problem.status);
    };
    try {
      const visit = gate.serverVisit(route, headers, response);
      if (visit === undefined) return false;
      let body: Buffer | undefined;
      let more: Buffer[] | undefined;
      request.on('data', (chunk: Buffer) => {
        if (body === undefined) body = chunk;
        else if (more === undefined) more = [body, chunk];
        else more.push(chunk);
      });
      request.on('end', () => {
        const whole = more ? Buffer.concat(more) : body;
        gate
          .handle(route, { headers, ip: '', query: NOTHING, params: NOTHING, body: whole, visit })
          .then((answer) => close(writeAnswer(response, answer, isClosing())))
          .catch(fail);
      });
    } catch (error) {
      fail(error);
    }
    return true;
  };
}
