// keys/webhooks.yaml of a workspace: the secrets of webhooks that come in, and where alerts go out; for its owner's eyes only.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isRecord } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import { SEVERITIES } from '../../monitor/alerts/alert-rule.ts';
import { signWebhook } from '../../monitor/alerts/webhook.ts';
import type { WebhookEndpoint } from '../http/webhook-routes.ts';

export const WEBHOOK_FILE = 'keys/webhooks.yaml';

/** Where notices of alerts go. */
export interface AlertReceiver {
  readonly url: string;
  /** `whsec_…` */
  readonly secret: string;
  readonly severities: readonly (typeof SEVERITIES)[number][];
}

export interface WebhookFile {
  readonly incoming: readonly WebhookEndpoint[];
  readonly alerts: readonly AlertReceiver[];
}

const NOTHING: WebhookFile = { incoming: [], alerts: [] };
const SOURCES = ['shopify', 'woocommerce'] as const;
/** Shorter ones can be guessed. */
const LEAST_SECRET = 8;

/**
 * @param workspace its name among the shops served
 * @throws AppError USAGE where others may read the file; BAD_FILE, BAD_DEFINITION naming the entry, never a secret
 */
export function readWebhookFile(workspaceDir: string, workspace: string): WebhookFile {
  const path = join(workspaceDir, WEBHOOK_FILE);
  if (!existsSync(path)) return NOTHING;
  // Windows knows no such bits: there the folder's own rights count.
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0)
    throw new AppError(
      'USAGE',
      `expected ${WEBHOOK_FILE} to be readable by its owner alone, others may read it: chmod 600 ${WEBHOOK_FILE}, and change the secrets in it`,
    );
  let written: unknown;
  try {
    written = parse(readFileSync(path, 'utf8')) ?? {};
  } catch {
    // The parser's own words show the line, and the line may hold a secret.
    throw new AppError('BAD_FILE', `expected YAML in ${WEBHOOK_FILE}: mend it`);
  }
  const incoming = listOf(written, 'incoming').map((entry, at) => endpointOf(entry, at, workspace));
  const twice = incoming.find(({ id }, at) => incoming.findIndex((other) => other.id === id) < at);
  if (twice) throw fault('incoming', `each id once, got "${twice.id}" twice`);
  return { incoming, alerts: listOf(written, 'alerts').map(receiverOf) };
}

const fault = (place: string, expected: string): AppError =>
  new AppError('BAD_DEFINITION', `${WEBHOOK_FILE}: ${place}: expected ${expected}`);

function listOf(written: unknown, name: 'incoming' | 'alerts'): readonly unknown[] {
  if (!isRecord(written) || Object.keys(written).some((key) => key !== 'incoming' && key !== 'alerts'))
    throw new AppError('BAD_DEFINITION', `${WEBHOOK_FILE}: expected the lists incoming and alerts`);
  const list = written[name] ?? [];
  if (!Array.isArray(list)) throw fault(name, 'a list');
  return list;
}

function endpointOf(entry: unknown, at: number, workspace: string): WebhookEndpoint {
  const place = `incoming ${at + 1}`;
  if (!isRecord(entry)) throw fault(place, 'id, source and secret');
  const { id, source, secret, previous_secret: previous, ...others } = entry;
  if (Object.keys(others).length > 0) throw fault(place, 'id, source, secret and previous_secret alone');
  if (typeof id !== 'string' || !/^[A-Za-z0-9-]{1,60}$/.test(id))
    throw fault(place, 'an id of letters, digits and dashes: it is the last part of the address');
  const known = SOURCES.find((own) => own === source);
  if (!known) throw fault(place, `source to be one of ${SOURCES.join(', ')}`);
  const isSecret = (value: unknown): value is string =>
    typeof value === 'string' && value.length >= LEAST_SECRET;
  if (!isSecret(secret)) throw fault(place, `a secret of at least ${LEAST_SECRET} letters, as text`);
  if (previous !== undefined && !isSecret(previous))
    throw fault(place, `previous_secret of at least ${LEAST_SECRET} letters, as text, or none`);
  return { id, source: known, workspace, secrets: previous === undefined ? [secret] : [secret, previous] };
}

function receiverOf(entry: unknown, at: number): AlertReceiver {
  const place = `alerts ${at + 1}`;
  if (!isRecord(entry)) throw fault(place, 'url and secret');
  const { url, secret, severity = [...SEVERITIES], ...others } = entry;
  if (Object.keys(others).length > 0) throw fault(place, 'url, secret and severity alone');
  const address = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  if (!address || !isSafe(address) || address.username !== '' || address.password !== '')
    throw fault(place, 'url to be https://…, or http:// on this machine, without a name and password');
  const listed = (Array.isArray(severity) ? severity : [severity]) as readonly unknown[];
  const severities = SEVERITIES.filter((own) => listed.includes(own));
  if (severities.length === 0 || severities.length !== listed.length)
    throw fault(place, `severity to be ${SEVERITIES.join(' or ')}, or both`);
  if (typeof secret !== 'string') throw fault(place, 'a secret: whsec_ and base64 of 24 to 64 random bytes');
  try {
    signWebhook(secret, { id: '', atMs: 0, body: '' });
  } catch {
    throw fault(place, 'a secret: whsec_ and base64 of 24 to 64 random bytes');
  }
  return { url: address.href, secret, severities };
}

const isSafe = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' ||
  (protocol === 'http:' && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname));
