// What happens to a request before and around its handler: pressure, key, rate, origin, body, signature.
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RefusedCall, ServeObserver } from '../ports.ts';
import type { ServedShop } from '../shop.ts';
import type { Keyring, Principal } from './api-key.ts';
import { type BodyLimits, bodyJson, unpacked } from './body.ts';
import { allowOrigin, refuseOrigin } from './cors.ts';
import { keyOf } from './credentials.ts';
import type { Pressure } from './pressure.ts';
import { Problem } from './problem.ts';
import { createRateLimiter } from './rate-limit.ts';
import type { Access, Answer, Call, Route } from './route.ts';
import type { RateLimits } from './server-limits.ts';
import { signedEndpoint, type WebhookEndpoint } from './webhook-routes.ts';

export interface GateParts {
  readonly shops: ReadonlyMap<string, ServedShop>;
  readonly keyring: Keyring;
  readonly webhooks?: readonly WebhookEndpoint[];
  readonly now: () => number;
  readonly limits: BodyLimits;
  readonly rates: RateLimits;
  readonly pressure: Pressure;
  readonly observer?: ServeObserver;
}

export interface Gate {
  /** Before the body is read: refuses who may not come, or what there is no room for. */
  arrival(
    route: Route,
  ): (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void;
  /**
   * The same without a framework, for a request from no page: undefined unless it shows the key of a server that may do
   * this, and then `arrival` is to judge it.
   *
   * @throws Problem rate_limited, overloaded
   */
  serverVisit(route: Route, headers: IncomingHttpHeaders, response: ServerResponse): Visit | undefined;
  /** Once the body is there. */
  handle(route: Route, request: GateRequest): Promise<Answer>;
}

/** What is looked at of a request, be it Fastify's or Node's. */
export interface GateRequest {
  readonly headers: IncomingHttpHeaders;
  /** Of the caller. */
  readonly ip: string;
  readonly query: unknown;
  readonly params: unknown;
  /** A Buffer; undefined where there was none. */
  readonly body: unknown;
  readonly visit: Visit | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    visit: Visit | null;
  }
}

type KeyAccess = Access & { readonly kind: 'key' };

/** What is known of a request between its arrival and its handling. */
export interface Visit {
  readonly receivedMs: number;
  readonly principal: Principal | undefined;
}

/** Bodies up to this size are let in without a reservation. */
const SMALL_BODY_BYTES = 16_384;

const EMPTY = Buffer.alloc(0);
const NO_QUERY: Readonly<Record<string, unknown>> = Object.freeze({});

const OVERLOADED = new Problem('overloaded', 'expected less at once: try again after Retry-After', {
  retryAfterSeconds: 1,
});

const PING_ANSWER = '{"accepted":0,"duplicates":0,"rejected":0,"ignored":0,"results":[]}';

export function createGate(parts: GateParts): Gate {
  const { shops, keyring, now, limits, rates, pressure, observer } = parts;
  const endpoints = new Map((parts.webhooks ?? []).map((endpoint) => [endpoint.id, endpoint]));
  const serverCalls = createRateLimiter(rates.server);
  const browserCalls = createRateLimiter(rates.browser);
  const failures = createRateLimiter(rates.failures);

  /** @throws Problem rate_limited instead of unauthorized, for an address that keeps guessing */
  const refuse = (problem: Problem, call: RefusedCall, nowMs: number): never => {
    const waitMs = failures.take(call.address, nowMs);
    if (waitMs > 0) throw tooOften(waitMs);
    observer?.refused?.(call);
    throw problem;
  };

  /** @throws Problem unauthorized, forbidden, rate_limited */
  const admitted = (text: string, access: KeyAccess, request: GateRequest, nowMs: number): Principal => {
    const principal = keyring.recognise(text, nowMs);
    if (principal === undefined) {
      const problem = new Problem(
        'unauthorized',
        'expected a key that is valid: make one with "foresell keys"',
      );
      return refuse(problem, { reason: 'unknown_key', address: request.ip }, nowMs);
    }
    if (!principal.scopes.has(access.scope)) {
      const { keyId, workspace } = principal;
      observer?.refused?.({ reason: 'wrong_scope', address: request.ip, keyId }, workspace);
      throw new Problem('forbidden', `expected a key with the scope ${access.scope}`);
    }
    const waitMs =
      principal.kind === 'browser'
        ? browserCalls.take(`${principal.keyId} ${request.ip}`, nowMs)
        : serverCalls.take(principal.keyId, nowMs);
    if (waitMs > 0) throw tooOften(waitMs);
    return principal;
  };

  /** Room for a large body, or one of unknown size, given back when the answer is out or the client gone. */
  const reserveBody = (headers: IncomingHttpHeaders, response: ServerResponse): void => {
    const { 'content-length': length, 'transfer-encoding': chunked } = headers;
    const bytes = length !== undefined ? Number(length) : chunked === undefined ? 0 : limits.bodyBytes;
    // Bodies over the limit are refused by their length alone.
    if (!(bytes > SMALL_BODY_BYTES) || bytes > limits.bodyBytes) return;
    if (!pressure.reserve(bytes)) throw OVERLOADED;
    response.once('close', () => pressure.release(bytes));
  };

  return {
    arrival(route) {
      const { access } = route;
      return (request, reply, done) => {
        try {
          const receivedMs = now();
          let principal: Principal | undefined;
          if (access.kind === 'key') {
            const text = keyOf(request.headers, request.query as Record<string, unknown>);
            if (text !== undefined) principal = admitted(text, access, request, receivedMs);
            else if (!access.inBody) {
              observer?.refused?.({ reason: 'no_key', address: request.ip });
              throw noKey();
            }
            if (access.fromBrowser) allowOrigin(request, reply, principal);
          }
          if (isQuestion(access) && !pressure.questions.isOpen()) throw OVERLOADED;
          if (route.body) reserveBody(request.headers, reply.raw);
          request.visit = { receivedMs, principal };
          done();
        } catch (error) {
          done(error as Error);
        }
      };
    },
    serverVisit({ access }, headers, response) {
      const text = access.kind === 'key' ? keyOf(headers, NO_QUERY) : undefined;
      if (access.kind !== 'key' || text === undefined) return undefined;
      const receivedMs = now();
      const principal = keyring.recognise(text, receivedMs);
      if (principal?.kind !== 'server' || principal.origins || !principal.scopes.has(access.scope))
        return undefined;
      const waitMs = serverCalls.take(principal.keyId, receivedMs);
      if (waitMs > 0) throw tooOften(waitMs);
      reserveBody(headers, response);
      return { receivedMs, principal };
    },
    async handle(route, request) {
      const { access } = route;
      if (!pressure.enter()) throw OVERLOADED;
      const askedMs = isQuestion(access) ? performance.now() : undefined;
      if (askedMs !== undefined) pressure.questions.begin();
      try {
        const visit = request.visit as Visit;
        const raw = (request.body as Buffer | undefined) ?? EMPTY;
        let { principal } = visit;
        let workspace = principal?.workspace ?? '';
        if (access.kind === 'signature') {
          if (access.ping?.test(raw.subarray(0, 64).toString('latin1'))) return PING_ANSWER;
          const { endpoint: id = '' } = request.params as { endpoint?: string };
          const signature = request.headers[access.header];
          try {
            workspace = signedEndpoint(endpoints, {
              id,
              source: access.source,
              body: raw,
              signature: typeof signature === 'string' ? signature : undefined,
            }).workspace;
          } catch (error) {
            refuse(error as Problem, { reason: 'wrong_signature', address: request.ip }, visit.receivedMs);
          }
        }
        const plain = unpacked(raw, request.headers['content-encoding'], limits);
        const body = plain instanceof Buffer ? plain : await plain;
        if (access.kind === 'key' && principal === undefined) {
          principal = admitted(keyInBody(body), access, request, visit.receivedMs);
          refuseOrigin(request.headers.origin, principal);
          workspace = principal.workspace;
        }
        const shop = shops.get(workspace);
        if (shop === undefined && access.kind !== 'open') {
          throw new Problem('unauthorized', 'expected a key of a shop that is served here');
        }
        return await route.handle(
          new RequestCall(request, { shop, principal, body, limits, receivedMs: visit.receivedMs }),
        );
      } finally {
        if (askedMs !== undefined) pressure.questions.end(performance.now() - askedMs);
        pressure.leave();
      }
    },
  };
}

/** What reads and computes, and keeps nothing: it does not wait for the disk, but for those before it. */
const isQuestion = (access: Access): boolean => access.kind === 'key' && access.scope === 'predictions:read';

const tooOften = (waitMs: number): Problem =>
  new Problem('rate_limited', 'expected fewer requests: try again after Retry-After', {
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
  });

const noKey = (): Problem => new Problem('unauthorized', 'expected a key: Authorization: Bearer KEY');

/** The `writeKey` of a body, where senders put it that can set no header. */
function keyInBody(body: Buffer): string {
  const value = bodyJson(body);
  const key =
    typeof value === 'object' && value !== null && Object.hasOwn(value, 'writeKey')
      ? (value as { writeKey: unknown }).writeKey
      : undefined;
  if (typeof key !== 'string') throw noKey();
  return key;
}

/** A class, so that a call costs one object and no closures. */
class RequestCall implements Call {
  readonly principal: Principal | undefined;
  readonly body: Buffer;
  readonly receivedMs: number;
  readonly limits: BodyLimits;
  private readonly request: GateRequest;
  private readonly served: ServedShop | undefined;

  constructor(
    request: GateRequest,
    known: {
      readonly shop: ServedShop | undefined;
      readonly principal: Principal | undefined;
      readonly body: Buffer;
      readonly limits: BodyLimits;
      readonly receivedMs: number;
    },
  ) {
    this.request = request;
    this.served = known.shop;
    this.principal = known.principal;
    this.body = known.body;
    this.limits = known.limits;
    this.receivedMs = known.receivedMs;
  }

  get shop(): ServedShop {
    if (this.served === undefined)
      throw new Problem('unauthorized', 'expected a key of a shop that is served here');
    return this.served;
  }

  get contentType(): string {
    const type = this.request.headers['content-type'] ?? '';
    if (type === 'application/json') return type;
    const semicolon = type.indexOf(';');
    return (semicolon < 0 ? type : type.slice(0, semicolon)).trim().toLowerCase();
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  get query(): Readonly<Record<string, unknown>> {
    return this.request.query as Readonly<Record<string, unknown>>;
  }

  get params(): Readonly<Record<string, string>> {
    return this.request.params as Readonly<Record<string, string>>;
  }
}
