// A server over sample ports, with a key for each scope: for tests.
import type { LightMyRequestResponse } from 'fastify';
import { type SamplePorts, samplePorts } from '../sample-ports.ts';
import { openShop, type ShopSettings } from '../shop.ts';
import { createKeyring, type KeyRecord, makeKey, SCOPES, type Scope } from './api-key.ts';
import { createServer, type ServerParts } from './server.ts';

export const SAMPLE_NOW_MS = Date.UTC(2026, 0, 15, 12);

export interface SampleServer {
  readonly app: ReturnType<typeof createServer>;
  readonly shops: readonly SamplePorts[];
  /** Key of the first shop with every scope. */
  readonly key: string;
  readonly keys: Readonly<Record<string, string>>;
  /** Sends a body with the first shop's key. */
  send(
    path: string,
    body: unknown,
    headers?: Readonly<Record<string, string | undefined>>,
  ): Promise<LightMyRequestResponse>;
}

export function sampleServer(
  settings: ShopSettings & { readonly parts?: Partial<ServerParts>; readonly names?: readonly string[] } = {},
): SampleServer {
  const names = settings.names ?? ['shop'];
  const shops = names.map((name) => samplePorts(name));
  const keys: Record<string, string> = {};
  const records = new Map<string, KeyRecord[]>();
  const scopes = Object.keys(SCOPES) as Scope[];
  for (const name of names) {
    const kinds = { server: scopes, browser: scopes };
    const made = Object.entries(kinds).map(([kind, wanted]) => {
      const key = makeKey({
        kind: kind as 'server' | 'browser',
        scopes: wanted,
        label: kind,
        createdMs: SAMPLE_NOW_MS,
      });
      keys[`${name}/${kind}`] = key.text;
      return key.record;
    });
    records.set(name, made);
  }
  let next = 0;
  const app = createServer({
    shops: new Map(
      shops.map((ports) => [
        ports.name,
        openShop(ports, { currency: 'EUR', newId: () => `made-${next++}`, ...settings }),
      ]),
    ),
    keyring: createKeyring(records),
    now: () => SAMPLE_NOW_MS,
    ...settings.parts,
  });
  const key = keys[`${names[0]}/server`];
  return {
    app,
    shops,
    key,
    keys,
    // Awaited here: an injected request goes off only once somebody waits for it.
    send: async (path, body, headers = {}) =>
      await app.inject({
        method: 'POST',
        url: path,
        headers: Object.fromEntries(
          Object.entries({
            authorization: `Bearer ${key}`,
            'content-type': 'application/json',
            ...headers,
          }).filter(([, value]) => value !== undefined),
        ),
        payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
      }),
  };
}
