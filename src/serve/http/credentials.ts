// Where a request may carry its key.
import type { IncomingHttpHeaders } from 'node:http';

/**
 * The key of a request: `Authorization: Bearer KEY`, `Authorization: Basic` with the key as the user (as Segment's clients
 * do), `X-Api-Key`, or `key`, `writeKey` or `api_secret` (as GA4's senders do) in the address.
 */
export function keyOf(
  headers: IncomingHttpHeaders,
  query: Readonly<Record<string, unknown>>,
): string | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) {
    if (authorization.startsWith('Bearer ')) return authorization.slice(7);
    if (authorization.startsWith('Basic ')) return basicUser(authorization.slice(6));
    return undefined;
  }
  const header = headers['x-api-key'];
  if (typeof header === 'string') return header;
  const inAddress = query.key ?? query.writeKey ?? query.api_secret;
  return typeof inAddress === 'string' ? inAddress : undefined;
}

function basicUser(encoded: string): string {
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0 ? pair : pair.slice(0, colon);
}
