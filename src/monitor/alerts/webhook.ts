// Notices to a webhook: signed, so that the receiver knows they are ours; sent again until it has them.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { AppError } from '../../core/errors.ts';
import type { AlertNotice } from './alert-watch.ts';

/** The headers of a signed message, as the Standard Webhooks specification names them. */
export interface SignedHeaders {
  readonly 'webhook-id': string;
  /** Unix seconds. */
  readonly 'webhook-timestamp': string;
  /** `v1,` and base64 of HMAC-SHA-256 over `id.timestamp.body`. */
  readonly 'webhook-signature': string;
}

const PREFIX = 'whsec_';

/**
 * @param secret `whsec_` and base64 of 24 to 64 random bytes
 * @throws AppError USAGE for another secret
 */
export function signWebhook(
  secret: string,
  message: { readonly id: string; readonly atMs: number; readonly body: string },
): SignedHeaders {
  const key = Buffer.from(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : '', 'base64');
  if (key.length < 24 || key.length > 64)
    throw new AppError('USAGE', `expected a webhook secret of "${PREFIX}" and base64 of 24 to 64 bytes`);
  const timestamp = String(Math.floor(message.atMs / 1000));
  const digest = createHmac('sha256', key)
    .update(`${message.id}.${timestamp}.${message.body}`)
    .digest('base64');
  return { 'webhook-id': message.id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${digest}` };
}

/** For receivers: whether a message is ours, and of the last five minutes. */
export function isSigned(secret: string, headers: SignedHeaders, body: string, nowMs: number): boolean {
  const seconds = Number(headers['webhook-timestamp']);
  if (!(Math.abs(nowMs / 1000 - seconds) <= 300)) return false;
  const expected = signWebhook(secret, { id: headers['webhook-id'], atMs: seconds * 1000, body });
  const own = Buffer.from(expected['webhook-signature']);
  return headers['webhook-signature'].split(' ').some((given) => {
    const other = Buffer.from(given);
    return other.length === own.length && timingSafeEqual(other, own);
  });
}

/** A notice as it is sent. */
export const noticeBody = ({ rule, state, value, sinceMs, atMs }: AlertNotice): string =>
  JSON.stringify({
    type: `alert.${state}`,
    timestamp: new Date(atMs).toISOString(),
    data: {
      alert: rule.name,
      severity: rule.severity,
      summary: rule.summary,
      metric: rule.metric,
      where: rule.where,
      take: rule.take,
      value: value ?? null,
      ...(rule.above !== undefined && { above: rule.above }),
      ...(rule.below !== undefined && { below: rule.below }),
      since: new Date(sinceMs).toISOString(),
    },
  });

export interface WebhookParts {
  readonly url: string;
  readonly secret: string;
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly chance: () => number;
  readonly newId: () => string;
  readonly wait: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Posts; rejects when the network fails. Redirects are not to be followed. */
  readonly post: (
    url: string,
    init: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
  ) => Promise<{ readonly status: number; readonly retryAfterSeconds?: number }>;
}

const ATTEMPTS = 8;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15 * 60_000;

/**
 * Sends one message, up to eight times over about half an hour, always under the same id. An answer of 2xx is the end; so
 * is 410, and any other refusal that trying again will not change.
 *
 * @returns whether the receiver has it
 */
export async function deliverWebhook(
  parts: WebhookParts,
  body: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const id = parts.newId();
  for (let attempt = 0; attempt < ATTEMPTS && !signal?.aborted; attempt++) {
    const headers = {
      'content-type': 'application/json',
      ...signWebhook(parts.secret, { id, atMs: parts.now(), body }),
    };
    const reply = await parts.post(parts.url, { headers, body }).catch(() => ({ status: 0 }));
    if (reply.status >= 200 && reply.status < 300) return true;
    const mayHelp = reply.status === 0 || reply.status === 408 || reply.status === 429 || reply.status >= 500;
    if (!mayHelp) return false;
    if (attempt === ATTEMPTS - 1) break;
    const asked = 'retryAfterSeconds' in reply ? (reply.retryAfterSeconds ?? 0) * 1000 : 0;
    const own = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 4 ** attempt) * (0.5 + parts.chance() / 2);
    await parts.wait(Math.min(LONGEST_WAIT_MS, Math.max(asked, own)), signal);
  }
  return false;
}
