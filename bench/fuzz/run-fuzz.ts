// A served shop asked what its own OpenAPI document makes up: what was answered, and each answer that breaks a promise.
import type { LightMyRequestResponse } from 'fastify';
import type { TSchema } from 'typebox';
import Schema from 'typebox/schema';
import { random } from '../../src/core/random.ts';
import { type CaseOptions, caseOf, type FuzzRequest, type Json, type Operation } from './cases.ts';

export interface FuzzServer {
  /** With a key that may do everything. */
  ask(method: 'GET' | 'POST' | 'DELETE', request: FuzzRequest): Promise<LightMyRequestResponse>;
  readonly words: readonly string[];
  readonly parts: CaseOptions['parts'];
}

export interface FuzzOptions {
  /** Cases of one route, named `POST /v1/events`. */
  readonly cases: (route: string) => number;
  readonly seed: number;
  /** Hears of each route as it is done. */
  readonly onRoute?: (route: FuzzedRoute) => void;
}

export interface FuzzedRoute {
  readonly route: string;
  readonly cases: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly slowestMs: number;
}

export interface FuzzReport {
  readonly routes: readonly FuzzedRoute[];
  /** In words, with the seed's case; the first of them. */
  readonly faults: readonly string[];
}

const METHODS = ['get', 'post', 'delete'] as const;
const MOST_FAULTS = 20;
const SAME_CASES = 20;

/**
 * The promises: no 5xx; a status the document names; its media type; a body that its schema lets through; and nobody's
 * prototype changed.
 */
export async function runFuzz(server: FuzzServer, options: FuzzOptions): Promise<FuzzReport> {
  const reply = await server.ask('GET', { url: '/openapi.json', headers: {} });
  const document = reply.json() as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
    readonly components: { readonly schemas: Readonly<Record<string, Json>> };
  };
  const { components } = document;
  const faults: string[] = [];
  const routes: FuzzedRoute[] = [];
  const isFit = answerChecks(components);
  for (const [path, operations] of Object.entries(document.paths))
    for (const method of METHODS) {
      const operation = operations[method];
      if (!operation) continue;
      const name = method.toUpperCase() as Uppercase<typeof method>;
      const route = `${name} ${path}`;
      const chance = random(options.seed).fork(route);
      const statuses: Record<string, number> = {};
      // Of a route that takes nothing every request is the same.
      const takesNothing = !operation.requestBody && operation.parameters.length === 0;
      const cases = Math.min(options.cases(route), takesNothing ? SAME_CASES : Number.POSITIVE_INFINITY);
      const startMs = performance.now();
      let slowestMs = 0;
      for (let i = 0; i < cases; i++) {
        const request = caseOf(path, operation, chance, { ...server, schemas: components.schemas });
        const askedMs = performance.now();
        const answer = await server.ask(name, request);
        slowestMs = Math.max(slowestMs, performance.now() - askedMs);
        statuses[answer.statusCode] = (statuses[answer.statusCode] ?? 0) + 1;
        const fault = isFit(operation, answer);
        if (fault !== undefined && faults.length < MOST_FAULTS)
          faults.push(
            `${route} case ${i} of seed ${options.seed}: ${fault}: ${answer.statusCode} ${answer.body.slice(0, 300)} to ${request.url.slice(0, 200)} ${request.bytes?.toString('utf8').slice(0, 300) ?? ''}`,
          );
      }
      const seconds = (performance.now() - startMs) / 1000;
      const done = { route, cases, statuses, seconds, slowestMs };
      routes.push(done);
      options.onRoute?.(done);
    }
  if (Object.hasOwn(Object.prototype, 'polluted')) faults.push('a prototype was changed');
  return { routes, faults };
}

/** @returns what is wrong with an answer, undefined where nothing is */
function answerChecks(components: unknown) {
  const validators = new Map<unknown, { Check(value: unknown): boolean }>();
  const compiled = (schema: Json) => {
    const known = validators.get(schema) ?? Schema.Compile({ ...schema, components } as unknown as TSchema);
    validators.set(schema, known);
    return known;
  };
  return ({ responses }: Operation, answer: LightMyRequestResponse): string | undefined => {
    if (answer.statusCode >= 500) return 'a status of the server’s own fault';
    const said = responses[answer.statusCode];
    if (!said) return 'a status the document does not name';
    if (!said.content) return undefined;
    const type = String(answer.headers['content-type']).split(';', 1)[0];
    const media = said.content[type];
    if (!media) return `a media type the document does not name (${type})`;
    if (!type.endsWith('json')) return undefined;
    return compiled(media.schema).Check(answer.json()) ? undefined : 'a body its schema does not let through';
  };
}
