// An encoder pulled from a hub is known by owner/name to every command that reads texts or items.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../src/cli/context.ts';
import { encoderFolder } from '../src/cli/encoder-options.ts';
import { readersOf } from '../src/cli/sequence-options.ts';
import { foresell, succeed, testFolder } from './flow/command.ts';
import { layPulledEncoder, PULLED, TINY_BERT } from './flow/pulled-encoder.ts';

const { dir, write } = testFolder();
const shop = join(dir, 'shop');
const context = { workspaceDir: shop } as Context;
const items = write('items.csv', 'item_id,title\na,red shoes\nb,green rain jacket\nc,tea\n');
let folder: string;
beforeAll(async () => {
  const log = write('log.csv', 'event,type,when,user,item\n1,view,1735689600000,u,a\n');
  const map = `kind: events
time: { zone: UTC, format: unix_ms }
columns: { event_id: event, type: type, timestamp: when, user_id: user, item_id: item }
`;
  await succeed('import', log, '--map', write('map.yaml', map), '--workspace', shop);
  folder = await layPulledEncoder(shop);
});

describe('a name', () => {
  test('of an encoder that was pulled is its folder, with or without the revision', async () => {
    expect(await encoderFolder(context, PULLED)).toBe(folder);
    expect(await encoderFolder(context, `${PULLED}@main`)).toBe(folder);
    expect(await readersOf(context, { encoder: PULLED, images: 'photos' })).toEqual({
      ...{ encoder: folder, images: 'photos' },
    });
  });

  test('of one that was never pulled says how it is, where nothing was pulled yet, too', async () => {
    const nobody = { workspaceDir: join(dir, 'nobody') } as Context;
    await expect(encoderFolder(nobody, PULLED)).rejects.toThrow(`foresell encoders pull ${PULLED}`);
  });

  test('of a folder stays what it is, and so does an own encoder', async () => {
    expect(await encoderFolder(context, TINY_BERT)).toBe(TINY_BERT);
    expect(await encoderFolder(context, 'own')).toBe('own');
    expect(await encoderFolder(context, './nowhere')).toBe('./nowhere');
    expect(await readersOf(context, {})).toEqual({});
  });
});

const OTHER = 'made-up/other';
const COMMANDS: readonly (readonly string[])[] = [
  ['text', 'fit', items, '--text', 'title', '--target', 'item_id', '--kind', 'binary'],
  ['train', 'satisfaction'],
  ['train', 'next-item'],
  ['predict', 'next-item', '--out', join(dir, 'lists.csv')],
  ['pretrain'],
  ['sequence', 'fit', items],
  ['sequence', 'predict', dir, items, '--out', join(dir, 'lists.csv')],
  ['catalogue', 'index', items, '--out', join(dir, 'catalogue')],
  ['catalogue', 'search', dir, 'tea'],
  ['catalogue', 'order', dir, items, '--intent', write('chances.csv', 'item_id,value\na,.5\n')],
];

test.each(COMMANDS.map((words) => [words.slice(0, 2).join(' '), words] as const))(
  '%s says where to fetch an encoder that is not here',
  async (_, words) => {
    const { code, stderr } = await foresell(...words, '--encoder', OTHER, '--workspace', shop);
    expect(code).toBe(1);
    expect(stderr).toContain(`foresell encoders pull ${OTHER}`);
  },
);

test('a catalogue is searched by one, and not once it has changed', async () => {
  const out = join(dir, 'catalogue');
  const at = ['--workspace', shop, '--json'];
  const { stdout } = await succeed('catalogue', 'index', items, '--encoder', PULLED, '--out', out, ...at);
  expect(JSON.parse(stdout)).toMatchObject({ items: 3, text_encoder: expect.any(String) });
  const found = await succeed('catalogue', 'search', out, 'red shoes', '--by', 'meaning', ...at);
  expect(JSON.parse(found.stdout).results[0]).toMatchObject({ item_id: 'a', rank: 1 });
  writeFileSync(join(folder, 'config.json'), '{}');
  const changed = await foresell('catalogue', 'search', out, 'red', '--encoder', PULLED, ...at);
  expect(changed.code).toBe(1);
  expect(changed.stderr).toMatch(/config\.json is not the file that was pulled/);
});
