// Node's server in front of the framework: what there is no time for is refused, and what is ordinary is answered, before it.
import {
  createServer,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { errorAnswer, isInferencePath } from './inference-error.ts';
import type { Lane } from './ordinary-lane.ts';
import type { Pressure } from './pressure.ts';
import { Problem } from './problem.ts';

export interface SheddingOptions {
  readonly pressure: Pressure;
  readonly lane: Lane;
  /** ms */
  readonly keepAliveTimeout?: number;
  /** ms */
  readonly requestTimeout?: number;
}

const OVERLOADED = new Problem('overloaded', 'expected less at once: try again after Retry-After', {
  retryAfterSeconds: 1,
});

const HEADERS_TIMEOUT_MS = 15_000;

/** Refuses before anything is parsed what there is no time for: a refusal must cost far less than an answer. */
export function sheddingServer(handler: RequestListener, options: SheddingOptions): Server {
  const { pressure, lane, keepAliveTimeout = 0, requestTimeout = 0 } = options;
  const refusal = openRefusal('/', keepAliveTimeout);
  const inferenceRefusal = openRefusal('/v2', keepAliveTimeout);
  const server = createServer((request, response) => {
    // Whoever looks after the server must hear from it most of all when it is busy.
    if (pressure.arrive() || isHealth(request.url)) {
      if (!lane(request, response)) handler(request, response);
      return;
    }
    const refuse = isInferencePath(request.url ?? '') ? inferenceRefusal : refusal;
    refuse(response, request.method !== 'HEAD' && response.shouldKeepAlive);
  });
  server.keepAliveTimeout = keepAliveTimeout;
  server.requestTimeout = requestTimeout;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  return server;
}

/**
 * One refusal for each form of an error, its bytes made once. Where the connection goes on and the answer is next on it they
 * are written to it as they are: half of what a refusal costs otherwise is the making of its head.
 */
function openRefusal(url: string, keepAliveMs: number): (response: ServerResponse, isUsual: boolean) => void {
  const answer = errorAnswer(OVERLOADED, url);
  const headers = { ...answer.headers, 'content-length': String(Buffer.byteLength(answer.text)) };
  const list = Object.entries(headers).flat();
  const lines = Object.entries({
    ...headers,
    connection: 'keep-alive',
    ...(keepAliveMs > 0 && { 'keep-alive': `timeout=${Math.floor(keepAliveMs / 1000)}` }),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const bytes = `HTTP/1.1 503 ${STATUS_CODES[503]}\r\n${lines.join('')}\r\n${answer.text}`;
  return (response, isUsual) => {
    if (isUsual && response.socket) {
      response.socket.write(bytes, 'latin1');
      // The server takes it for answered: what comes of the body is passed over, then the next request is read.
      response.emit('finish');
      return;
    }
    response.writeHead(503, list);
    response.end(answer.text);
  };
}

const isHealth = (url: string | undefined): boolean =>
  url === '/livez' ||
  url === '/readyz' ||
  url === '/metrics' ||
  url === '/v2/health/live' ||
  url === '/v2/health/ready';
