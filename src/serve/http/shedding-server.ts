// Node's server in front of the framework: what there is no time for is refused, and what is ordinary is answered, before it.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Lane } from './ordinary-lane.ts';
import type { Pressure } from './pressure.ts';
import { Problem, problemText } from './problem.ts';
import { problemHeaders } from './raw-answer.ts';

export interface SheddingOptions {
  readonly pressure: Pressure;
  readonly lane: Lane;
  readonly keepAliveTimeout?: number;
  readonly requestTimeout?: number;
}

const OVERLOADED = new Problem('overloaded', 'expected less at once: try again after Retry-After', {
  retryAfterSeconds: 1,
});
const SHED = problemText(OVERLOADED);
const SHED_HEADERS = [
  ...Object.entries(problemHeaders(OVERLOADED)).flat(),
  'content-length',
  String(Buffer.byteLength(SHED)),
];

const HEADERS_TIMEOUT_MS = 15_000;

/** Refuses before anything is parsed what there is no time for: a refusal must cost far less than an answer. */
export function sheddingServer(handler: RequestListener, options: SheddingOptions): Server {
  const { pressure, lane, keepAliveTimeout = 0, requestTimeout = 0 } = options;
  const server = createServer((request, response) => {
    // Whoever looks after the server must hear from it most of all when it is busy.
    if (pressure.arrive() || isHealth(request.url)) {
      if (!lane(request, response)) handler(request, response);
      return;
    }
    response.writeHead(503, SHED_HEADERS);
    response.end(SHED);
    request.resume();
  });
  server.keepAliveTimeout = keepAliveTimeout;
  server.requestTimeout = requestTimeout;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  return server;
}

const isHealth = (url: string | undefined): boolean =>
  url === '/livez' || url === '/readyz' || url === '/metrics';
