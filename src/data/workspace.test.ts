import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEngine, sqlText } from './engine.ts';
import { pseudonym, pseudonymSetup, pseudonymSql, readPseudonymKey } from './pseudonym.ts';
import {
  changeSettings,
  createWorkspace,
  openOrCreateWorkspace,
  openWorkspace,
  WORKSPACE_FORMAT,
} from './workspace.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'foresell-workspace-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('a workspace opens with the settings it was made with, and with changed ones', () => {
  const dir = join(root, 'shop');
  const made = createWorkspace(dir, { zone: 'Asia/Shanghai', currency: 'CNY' });
  expect(openWorkspace(dir)).toEqual(made);
  changeSettings(made, { currency: 'USD' });
  expect(openOrCreateWorkspace(dir).settings).toMatchObject({
    zone: 'Asia/Shanghai',
    currency: 'USD',
    pseudonyms: false,
  });
});

test('a newer format is refused, a damaged file and a missing one are named', () => {
  const dir = join(root, 'shop');
  expect(() => openWorkspace(dir)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  createWorkspace(dir);
  const put = (text: string) => writeFileSync(join(dir, 'foresell.yaml'), text);
  put(`format: ${WORKSPACE_FORMAT + 1}\n`);
  expect(() => openWorkspace(dir)).toThrow(expect.objectContaining({ code: 'VERSION' }));
  put('zone: UTC\n');
  expect(() => openWorkspace(dir)).toThrow(expect.objectContaining({ code: 'BAD_FILE' }));
  put('format: 1\ncolour: red\n');
  expect(() => openWorkspace(dir)).toThrow(/expected the settings .*"colour"/);
});

test('settings that make no sense and folders that hold other things are refused', () => {
  writeFileSync(join(root, 'other.txt'), 'mine');
  expect(() => createWorkspace(root)).toThrow(/holds other files/);
  expect(() => createWorkspace(join(root, 'a'), { zone: 'Mars' })).toThrow(/IANA/);
  expect(() => createWorkspace(join(root, 'a'), { currency: 'euro' })).toThrow(/three capital letters/);
});

test('a pseudonym in SQL is the HMAC-SHA256 of node:crypto', async () => {
  const dir = join(root, 'shop');
  createWorkspace(dir, { pseudonyms: true });
  const key = readPseudonymKey(dir);
  expect(readFileSync(join(dir, 'keys', 'pseudonym.key'), 'utf8')).toHaveLength(64);
  const engine = await openEngine({ threads: 1 });
  for (const statement of pseudonymSetup(key)) await engine.run(statement);
  for (const id of ['', '17850', '用户😀', 'x'.repeat(500), "o'hara"]) {
    const [{ mine }] = await engine.rows<{ mine: string }>(`SELECT ${pseudonymSql(sqlText(id))} AS mine`);
    expect(mine).toBe(createHmac('sha256', key).update(id).digest('hex'));
    expect(mine).toBe(pseudonym(key, id));
  }
  const [{ none }] = await engine.rows(`SELECT ${pseudonymSql('CAST(NULL AS VARCHAR)')} AS none`);
  expect(none).toBe(null);
  engine.close();
  // RFC 4231, test case 2.
  expect(pseudonym(Buffer.from('Jefe'), 'what do ya want for nothing?')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});
