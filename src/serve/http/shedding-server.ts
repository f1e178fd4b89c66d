// Node's server in front of the framework: what there is no time for is refused, and what is ordinary is answered, before it.
import { createServer, type RequestListener, type Server } from 'node:http';
import { errorAnswer, isInferencePath } from './inference-error.ts';
import type { Lane } from './ordinary-lane.ts';
import type { Pressure } from './pressure.ts';
import { Problem } from './problem.ts';

export interface SheddingOptions {
  readonly pressure: Pressure;
  readonly lane: Lane;
  readonly keepAliveTimeout?: number;
  readonly requestTimeout?: number;
}

const OVERLOADED = new Problem('overloaded', 'expected less at once: try again after Retry-After', {
  retryAfterSeconds: 1,
});

/** Made once for each form of an error: a refusal costs next to nothing. */
const shedAt = (url: string) => {
  const { headers, text } = errorAnswer(OVERLOADED, url);
  return {
    text,
    headers: [...Object.entries(headers).flat(), 'content-length', String(Buffer.byteLength(text))],
  };
};
const SHED = shedAt('/');
const SHED_INFERENCE = shedAt('/v2');

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
    const { headers, text } = isInferencePath(request.url ?? '') ? SHED_INFERENCE : SHED;
    response.writeHead(503, headers);
    response.end(text);
  });
  server.keepAliveTimeout = keepAliveTimeout;
  server.requestTimeout = requestTimeout;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  return server;
}

const isHealth = (url: string | undefined): boolean =>
  url === '/livez' ||
  url === '/readyz' ||
  url === '/metrics' ||
  url === '/v2/health/live' ||
  url === '/v2/health/ready';
