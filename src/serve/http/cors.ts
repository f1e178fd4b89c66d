// Cross-origin requests: browsers may send events from the origins their key is for, and read the answer.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from './api-key.ts';
import { Problem } from './problem.ts';
import type { Route } from './route.ts';

/** Paths a browser may ask about beforehand. */
export const corsPaths = (routes: readonly Route[]): readonly string[] =>
  routes.filter(({ access }) => access.kind === 'key' && access.fromBrowser).map(({ path }) => path);

/**
 * Lets the page that sent this read the answer. The key is what protects, so a page of any origin may try; a key that is
 * for some origins is refused from others.
 *
 * @throws Problem forbidden
 */
export function allowOrigin(
  request: FastifyRequest,
  reply: FastifyReply,
  principal: Principal | undefined,
): void {
  const { origin } = request.headers;
  if (origin !== undefined) {
    reply.header('access-control-allow-origin', origin).header('vary', 'Origin');
    reply.header('access-control-expose-headers', 'Retry-After');
  }
  refuseOrigin(origin, principal);
}

/** @throws Problem forbidden, for a key that is for some origins and is used from none of them */
export function refuseOrigin(origin: string | undefined, principal: Principal | undefined): void {
  if (principal?.origins && !(origin !== undefined && principal.origins.includes(origin))) {
    throw new Problem('forbidden', 'expected a page of an origin this key is for');
  }
}

const DAY_SECONDS = '86400';

/** The answer to a preflight: it carries no key, so it says only what may be tried. */
export async function answerPreflight(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  return reply
    .code(204)
    .header('access-control-allow-origin', request.headers.origin ?? '*')
    .header('access-control-allow-methods', 'POST')
    .header(
      'access-control-allow-headers',
      'authorization, content-type, content-encoding, x-api-key, x-sent-at',
    )
    .header('access-control-max-age', DAY_SECONDS)
    .header('vary', 'Origin')
    .send();
}
