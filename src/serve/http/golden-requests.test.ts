// Golden requests: a body of each format as its senders write it, and the rows the lake gets of it.
import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EventFate } from '../ingest/door.ts';
import { sampleServer } from './sample-server.ts';

interface GoldenRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly text?: string;
  /** Header that carries the signature. */
  readonly signed?: string;
  readonly expected: {
    readonly status: number;
    /** `status`, or `rejected REASON POINTER`. */
    readonly results?: readonly string[];
    readonly rows: readonly Readonly<Record<string, unknown>>[];
    readonly adopted: readonly unknown[];
  };
}

const folder = join(import.meta.dirname, '../../../test/fixtures/ingest');
const SECRET = 'a secret of the shop';

const told = (fate: EventFate): string =>
  fate.status === 'rejected' ? `rejected ${fate.reason} ${fate.pointer}` : fate.status;

test.each(readdirSync(folder))('%s becomes its rows, and twice the same is once', async (file) => {
  const golden = JSON.parse(readFileSync(join(folder, file), 'utf8')) as GoldenRequest;
  const { send, shops } = sampleServer({
    parts: {
      webhooks: [
        { id: 'shop', source: 'shopify', workspace: 'shop', secrets: [SECRET] },
        { id: 'woo', source: 'woocommerce', workspace: 'shop', secrets: ['older', SECRET] },
      ],
    },
  });
  const text = golden.text ?? JSON.stringify(golden.body);
  const headers = golden.signed
    ? {
        ...golden.headers,
        authorization: undefined,
        [golden.signed]: createHmac('sha256', SECRET).update(text).digest('base64'),
      }
    : golden.headers;
  const reply = await send(golden.path, text, headers);
  expect(reply.statusCode, reply.body).toBe(golden.expected.status);
  if (golden.expected.results) expect(reply.json().results.map(told)).toEqual(golden.expected.results);
  const [{ rows, adopted, applied }] = shops;
  const present = rows.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)),
  );
  expect(present).toEqual(
    golden.expected.rows.map((row) =>
      row.event_id === '*' ? { ...row, event_id: expect.stringMatching(/^[0-9a-f]{32}/) } : row,
    ),
  );
  expect(adopted).toEqual(golden.expected.adopted);
  expect(applied).toEqual(rows);
  const before = rows.length;
  expect((await send(golden.path, text, headers)).statusCode).toBe(golden.expected.status);
  expect(rows).toHaveLength(before);
});
