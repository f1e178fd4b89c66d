// The HTTP server: routes, keys, limits and problems put together over the ports of the shops.
import { createServer as createHttpServer, type Server } from 'node:http';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { ServeObserver } from '../ports.ts';
import type { ServedShop } from '../shop.ts';
import type { Keyring } from './api-key.ts';
import { type BodyLimits, DEFAULT_LIMITS } from './body.ts';
import { answerPreflight, corsPaths } from './cors.ts';
import { documentRoutes } from './document-routes.ts';
import { eventRoutes } from './event-routes.ts';
import { ga4Routes } from './ga4-routes.ts';
import { createGate } from './gate.ts';
import { healthRoutes } from './health-routes.ts';
import { createPressure, DEFAULT_PRESSURE, type Pressure, type PressureLimits } from './pressure.ts';
import { Problem, problemOf, problemText } from './problem.ts';
import type { Answer, Route } from './route.ts';
import { segmentRoutes } from './segment-routes.ts';
import { DEFAULT_RATES, type RateLimits } from './server-limits.ts';
import { type WebhookEndpoint, webhookRoutes } from './webhook-routes.ts';

export interface ServerParts {
  /** Shops by workspace name. */
  readonly shops: ReadonlyMap<string, ServedShop>;
  readonly keyring: Keyring;
  readonly webhooks?: readonly WebhookEndpoint[];
  /** UTC ms. */
  readonly now: () => number;
  /** Routes of other rooms, beside ours. */
  readonly routes?: readonly Route[];
  readonly limits?: Partial<BodyLimits>;
  readonly pressure?: Partial<PressureLimits>;
  readonly rates?: Partial<RateLimits>;
  readonly observer?: ServeObserver;
  /** Whether addresses are taken from a proxy's `X-Forwarded-For`, and from which. */
  readonly trustProxy?: boolean | string | readonly string[];
}

/** Of every answer that is data. Pages set their own policy. */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
} as const;

const PROBLEM_TYPE = 'application/problem+json';
const JSON_TYPE = 'application/json; charset=utf-8';

/** A slow client has so long for a whole request, and an idle connection to ask again. */
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 65_000;

/** A server that does not listen yet: `listen` it, or `inject` requests. `close` answers what is under way first. */
export function createServer(parts: ServerParts): FastifyInstance {
  const limits = { ...DEFAULT_LIMITS, ...parts.limits };
  const pressure = createPressure({ ...DEFAULT_PRESSURE, ...parts.pressure });
  let isClosing = false;
  const own = [
    ...eventRoutes,
    ...segmentRoutes,
    ...ga4Routes,
    ...webhookRoutes,
    ...(parts.routes ?? []),
    ...healthRoutes(parts.shops, () => isClosing),
  ];
  const routes = [...own, ...documentRoutes(own)];
  const app = fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    trustProxy: trusted(parts.trustProxy),
    routerOptions: { maxParamLength: 200 },
    serverFactory: (handler, options) => sheddingServer(handler, options, pressure),
    frameworkErrors: (error, _request, reply) => answerProblem(reply as FastifyReply, problemOf(error)),
  });
  // Bytes, whatever the type: signatures are made of them, and each route parses once what it takes.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.decorateRequest('visit', null);
  app.addHook('preClose', async () => {
    isClosing = true;
  });
  const { observer } = parts;
  if (observer) {
    app.addHook('onResponse', (request, reply, done) => {
      observer.answered(request.routeOptions.url ?? 'unknown', reply.statusCode, reply.elapsedTime);
      done();
    });
  }
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error);
    if (problem.status === 500) observer?.failed(request.routeOptions.url ?? 'unknown', error);
    answerProblem(reply, problem);
  });
  app.setNotFoundHandler((request, reply) => answerProblem(reply, notFound(routes, request)));
  const gate = createGate({ ...parts, rates: { ...DEFAULT_RATES, ...parts.rates }, limits, pressure });
  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.path,
      onRequest: gate.arrival(route),
      handler: async (request, reply) => sendAnswer(reply, await gate.handle(route, request)),
    });
  }
  for (const path of corsPaths(routes)) app.options(path, answerPreflight);
  return app;
}

const trusted = (trust: ServerParts['trustProxy']): boolean | string | string[] =>
  typeof trust === 'object' ? [...trust] : (trust ?? false);

const SHED = problemText(new Problem('overloaded', 'expected less at once: try again after Retry-After'));

/** Refuses before anything is parsed what there is no time for: a refusal must cost far less than an answer. */
function sheddingServer(
  handler: Parameters<typeof createHttpServer>[1] & object,
  options: object,
  pressure: Pressure,
): Server {
  const headers = {
    'content-type': PROBLEM_TYPE,
    'content-length': String(Buffer.byteLength(SHED)),
    'retry-after': '1',
    ...HEADERS,
  };
  const server = createHttpServer((request, response) => {
    // Whoever looks after the server must hear from it most of all when it is busy.
    if (pressure.arrive() || isHealth(request.url)) {
      handler(request, response);
      return;
    }
    response.writeHead(503, headers);
    response.end(SHED);
    request.resume();
  });
  const { keepAliveTimeout, requestTimeout } = options as {
    keepAliveTimeout: number;
    requestTimeout: number;
  };
  server.keepAliveTimeout = keepAliveTimeout;
  server.requestTimeout = requestTimeout;
  server.headersTimeout = 15_000;
  return server;
}

const isHealth = (url: string | undefined): boolean =>
  url === '/livez' || url === '/readyz' || url === '/metrics';

function notFound(routes: readonly Route[], request: FastifyRequest): Problem {
  const path = request.url.split('?', 1)[0];
  const known = routes.find((route) =>
    new RegExp(`^${route.path.replaceAll('.', '\\.').replaceAll(/:[^/]+/g, '[^/]+')}$`).test(path),
  );
  return known
    ? new Problem('method_not_allowed', `expected ${known.method} here`)
    : new Problem('not_found', 'expected one of the addresses of /openapi.json');
}

function sendAnswer(reply: FastifyReply, answer: Answer): FastifyReply {
  if (typeof answer === 'string')
    return reply.headers(HEADERS).header('content-type', JSON_TYPE).send(answer);
  return reply
    .code(answer.status)
    .headers({ ...HEADERS, ...answer.headers })
    .header('content-type', answer.contentType ?? JSON_TYPE)
    .send(answer.text);
}

function answerProblem(reply: FastifyReply, problem: Problem): void {
  if (problem.retryAfterSeconds !== undefined) reply.header('retry-after', String(problem.retryAfterSeconds));
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  reply.code(problem.status).headers(HEADERS).header('content-type', PROBLEM_TYPE).send(problemText(problem));
}
