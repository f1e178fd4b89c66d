// The HTTP server: routes, keys, limits and problems put together over the ports of the shops.
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
import { areReady, healthRoutes } from './health-routes.ts';
import { errorAnswer } from './inference-error.ts';
import { inferenceHealthRoutes } from './inference-routes.ts';
import { ordinaryLane } from './ordinary-lane.ts';
import { createPressure, DEFAULT_PRESSURE, type PressureLimits } from './pressure.ts';
import { Problem, problemOf } from './problem.ts';
import { JSON_TYPE, SAFE_HEADERS } from './raw-answer.ts';
import type { Answer, Route } from './route.ts';
import { segmentRoutes } from './segment-routes.ts';
import { DEFAULT_RATES, type RateLimits } from './server-limits.ts';
import { sheddingServer } from './shedding-server.ts';
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

/** A slow client has so long for a whole request, and an idle connection to ask again. */
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 65_000;
/** An id of 512 bytes, each written as %XX. */
const MOST_ID_CHARACTERS = 1536;

/** Every route a server of these parts has; whoever wants to try each of them reads this. */
export function serverRoutes(
  parts: Pick<ServerParts, 'shops' | 'routes'>,
  isClosing: () => boolean = () => false,
): readonly Route[] {
  const own = [
    ...eventRoutes,
    ...segmentRoutes,
    ...ga4Routes,
    ...webhookRoutes,
    ...(parts.routes ?? []),
    ...healthRoutes(parts.shops, isClosing),
    ...inferenceHealthRoutes(() => areReady(parts.shops) && !isClosing()),
  ];
  return [...own, ...documentRoutes(own)];
}

/** A server that does not listen yet: `listen` it, or `inject` requests. `close` answers what is under way first. */
export function createServer(parts: ServerParts): FastifyInstance {
  const limits = { ...DEFAULT_LIMITS, ...parts.limits };
  const pressure = createPressure({ ...DEFAULT_PRESSURE, ...parts.pressure });
  let isClosing = false;
  const routes = serverRoutes(parts, () => isClosing);
  const app = fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    trustProxy: trusted(parts.trustProxy),
    routerOptions: { maxParamLength: MOST_ID_CHARACTERS, ignoreTrailingSlash: true },
    serverFactory: (handler, options) =>
      sheddingServer(handler, { ...options, pressure, lane: (...asked) => lane(...asked) }),
    frameworkErrors: (error, request, reply) =>
      answerProblem(request, reply as FastifyReply, problemOf(error)),
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
    answerProblem(request, reply, problem);
  });
  app.setNotFoundHandler((request, reply) => answerProblem(request, reply, notFound(routes, request)));
  const gate = createGate({ ...parts, rates: { ...DEFAULT_RATES, ...parts.rates }, limits, pressure });
  const lane = ordinaryLane(eventRoutes, { gate, limits, observer, isClosing: () => isClosing });
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
    return reply.headers(SAFE_HEADERS).header('content-type', JSON_TYPE).send(answer);
  return reply
    .code(answer.status)
    .headers({ ...SAFE_HEADERS, ...answer.headers })
    .header('content-type', answer.contentType ?? JSON_TYPE)
    .send(answer.text);
}

function answerProblem({ url }: { readonly url: string }, reply: FastifyReply, problem: Problem): void {
  const { headers, text } = errorAnswer(problem, url);
  reply.code(problem.status).headers(headers).send(text);
}
