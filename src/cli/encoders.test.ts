// The encoders commands against a hub on this machine: what they print, and what they refuse.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type MadeUpHub, openMadeUpHub } from '../encoders/hub/made-up-hub.ts';
import { buildProgram } from './main.ts';

const FIXTURE = new URL('../../test/fixtures/encoders/bert/', import.meta.url).pathname;
const NAMES = ['config.json', 'tokenizer.json', 'model.safetensors', 'modules.json', '1_Pooling/config.json'];
const ID = 'made-up/tiny-bert';
const COMMIT = 'd'.repeat(40);

let hub: MadeUpHub;
let dir: string;
let said = '';
const write = process.stdout.write;
beforeEach(async () => {
  hub = await openMadeUpHub();
  const files = Object.fromEntries(NAMES.map((name) => [name, readFileSync(join(FIXTURE, name))]));
  hub.models.set(ID, { commit: COMMIT, licence: 'mit', files });
  dir = mkdtempSync(join(tmpdir(), 'foresell-encoders-'));
  process.stdout.write = ((text: string) => {
    said += text;
    return true;
  }) as typeof process.stdout.write;
});
afterEach(async () => {
  process.stdout.write = write;
  await hub.close();
  rmSync(dir, { recursive: true });
});

async function foresell(...words: readonly string[]): Promise<string> {
  said = '';
  await buildProgram(new AbortController().signal).parseAsync([
    'node',
    'foresell',
    'encoders',
    ...words,
    '--dir',
    dir,
    '--lang',
    'en',
  ]);
  return said;
}

test('an encoder is pulled, listed, shown and verified, its licence said each time', async () => {
  expect(await foresell('list')).toMatch(/no encoder is here yet: foresell encoders pull/);
  expect(await foresell('pull', ID, '--hub', hub.base)).toMatch(
    /at commit dddddddddddd, licence: mit\n5 files, .*\(5 fetched now\)/,
  );
  expect(await foresell('list')).toMatch(/made-up\/tiny-bert\s+main\s+dddddddddddd\s+0\.0 MB\s+mit/);
  expect(await foresell('show', ID)).toMatch(
    /bert, width 8, 2 blocks, at most 32 pieces, pooling mean, vectors of length one/,
  );
  expect(await foresell('verify')).toMatch(/made-up\/tiny-bert {2}whole/);

  const document = JSON.parse(await foresell('pull', ID, '--offline', '--json'));
  expect(document).toMatchObject({ id: ID, commit: COMMIT, licence: 'mit', fetched: [] });
  expect(document.files).toHaveLength(5);
  expect(JSON.parse(await foresell('verify', ID, '--json'))).toEqual({
    encoders: [{ id: ID, commit: COMMIT, faults: [] }],
  });
});

test('a changed file ends with words that name it', async () => {
  const { folder } = JSON.parse(await foresell('pull', ID, '--hub', hub.base, '--json'));
  writeFileSync(join(folder, 'config.json'), '{}');
  await expect(foresell('verify')).rejects.toThrow(/not as they were pulled: made-up\/tiny-bert/);
  expect(said).toMatch(/config\.json {2}changed/);
  await expect(foresell('show', ID)).rejects.toThrow(/config\.json is not the file that was pulled/);
  await expect(foresell('verify', 'made-up/other')).rejects.toThrow(/it is not/);
});
