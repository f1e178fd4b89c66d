import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createKeyring } from './http/api-key.ts';
import { createKey, expireKey, readKeys, rotateKey } from './key-file.ts';

const dir = mkdtempSync(join(tmpdir(), 'foresell-keys-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const path = join(dir, 'keys', 'api-keys.json');
const now = () => 1_000_000;
const wanted = { kind: 'server', scopes: ['events:write'], label: 'checkout' } as const;

const recognised = (text: string, atMs: number) =>
  createKeyring(new Map([['shop', readKeys(dir)]])).recognise(text, atMs)?.keyId;

test('a key is known by its text, which the file does not hold, and nobody else can read the file', () => {
  expect(readKeys(dir)).toEqual([]);
  const { text, record } = createKey(dir, wanted, { now });
  expect(recognised(text, now())).toBe(record.id);
  expect(recognised(text.slice(0, -1) + (text.endsWith('A') ? 'B' : 'A'), now())).toBeUndefined();
  expect(readFileSync(path, 'utf8')).not.toContain(text.split('_')[2]);
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a key that is rotated goes on for a while beside the new one, with the same rights', () => {
  const first = createKey(dir, { ...wanted, label: 'tracker' }, { now });
  const { text, record } = rotateKey(dir, first.record.id, { now, graceMs: 500 });
  expect(record).toMatchObject({ label: 'tracker', scopes: ['events:write'] });
  expect(recognised(first.text, now() + 499)).toBe(first.record.id);
  expect(recognised(first.text, now() + 500)).toBeUndefined();
  expect(recognised(text, now() + 500)).toBe(record.id);
});

test('a key is revoked at once, and a later moment does not bring it back', () => {
  const { text, record } = createKey(dir, wanted, { now });
  expireKey(dir, record.id, { atMs: now() });
  expireKey(dir, record.id, { atMs: now() + 9_000 });
  expect(recognised(text, now())).toBeUndefined();
  expect(() => expireKey(dir, 'nobodys-key', { atMs: now() })).toThrow('foresell keys list');
});

test('a file that is none of ours is refused and left as it is', () => {
  writeFileSync(path, '{"format":1,"keys":[{"id":1}]}');
  expect(() => createKey(dir, wanted, { now })).toThrow('expected API keys');
  expect(readFileSync(path, 'utf8')).toBe('{"format":1,"keys":[{"id":1}]}');
  writeFileSync(path, '{"format":99,"keys":[]}');
  expect(() => readKeys(dir)).toThrow('update foresell');
});
