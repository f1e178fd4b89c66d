// The drill: a server under load is backed up, killed, and its shop served again from the backup, with the same answers.
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { startServer } from './flow/built-server.ts';
import { foresell, runProcess, start, succeed, testFolder } from './flow/command.ts';
import { MADE_UP_MAPPING, madeUpCsv } from './flow/made-up-csv.ts';

const { dir, write } = testFolder();
const shop = join(dir, 'shop');
const BIN = fileURLToPath(new URL('../bin/foresell.js', import.meta.url));
let key = '';

beforeAll(async () => {
  const on = ['--workspace', shop, '--threads', '2', '--lang', 'en'];
  const orders = write('orders.csv', madeUpCsv({ customers: 150 }));
  await succeed('import', orders, '--map', write('map.yaml', MADE_UP_MAPPING), ...on);
  await succeed('train', 'purchase', '--model', 'logistic', '--horizon', '30d', ...on);
  key = JSON.parse((await succeed('keys', 'create', '--json', ...on)).stdout).key as string;
}, 120_000);

async function ask(url: string, path: string, body: unknown) {
  const reply = await fetch(url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(reply.status).toBe(200);
  return (await reply.json()) as {
    readonly accepted: number;
    readonly duplicates: number;
    readonly predictions: readonly { readonly value: number | null }[];
  };
}

test('a shop under load is backed up, lost and served again: nothing acknowledged is missing, answers are equal', async () => {
  const running = await startServer(shop);
  const { url } = running;
  const acknowledged: object[] = [];
  let isPaused = false;
  let isOver = false;
  const load = (async () => {
    for (let n = 0; !isOver; n++) {
      const at = { type: 'purchase', quantity: 1, price: 9.5, item_id: 's1', timestamp: Date.now() };
      const batch = [0, 1, 2].map((i) => ({ ...at, event_id: `l-${n}-${i}`, user_id: `c${(n + i) % 60}` }));
      await ask(url, '/v1/events', batch);
      acknowledged.push(...batch);
      do await delay(2);
      while (isPaused && !isOver);
    }
  })();
  await delay(400);
  isPaused = true;
  await delay(50);
  const before = [...acknowledged];
  const as_of = Date.now();
  const question = { as_of, entities: Array.from({ length: 60 }, (_, i) => ({ user_id: `c${i}` })) };
  const answers = await ask(url, '/v1/predictions/purchase', question);
  isPaused = false;

  const to = join(dir, 'drill.tar');
  const backup = await runProcess('backup', '--workspace', shop, '--to', to, '--json');
  expect(backup.code, backup.stderr).toBe(0);
  expect(JSON.parse(backup.stdout)).toMatchObject({ to, lake_events: expect.any(Number) });
  expect(acknowledged.length).toBeGreaterThan(before.length);
  isOver = true;
  await load;
  running.process.kill('SIGKILL');
  await running.ended;

  expect((await foresell('restore', to, '--check')).stdout).toMatch(/is whole/);
  const back = join(dir, 'restored');
  await succeed('restore', to, '--to', back);
  const second = await startServer(back);
  const again = await ask(second.url, '/v1/predictions/purchase', question);
  expect(answers.predictions.filter(({ value }) => value !== null).length).toBeGreaterThan(20);
  for (const [at, { value }] of answers.predictions.entries())
    if (value === null) expect(again.predictions[at].value).toBeNull();
    else expect(again.predictions[at].value).toBeCloseTo(value, 9);
  expect(await ask(second.url, '/v1/events', before)).toMatchObject({
    accepted: 0,
    duplicates: before.length,
  });
  second.process.kill('SIGTERM');
  expect((await second.ended).code).toBe(0);
});

test('a backup killed in the middle has no name, and what is left of it passes no check', async () => {
  const large = join(shop, 'reports', 'large.bin');
  writeFileSync(large, '');
  truncateSync(large, 400e6);
  for (const name of ['killed.tar', 'killed']) {
    const to = join(dir, name);
    const partial = (): string | undefined =>
      readdirSync(dir).find((own) => own.startsWith(`.${name}-`) && own.endsWith('.partial'));
    const running = start(['backup', '--workspace', shop, '--to', to]);
    const isUnderWay = (): boolean => {
      const own = partial();
      if (own === undefined) return false;
      const inside = name.endsWith('.tar') ? join(dir, own) : join(dir, own, 'files/reports/large.bin');
      return (statSync(inside, { throwIfNoEntry: false })?.size ?? 0) > 1e6;
    };
    await expect.poll(isUnderWay, { interval: 2, timeout: 20_000 }).toBe(true);
    running.process.kill('SIGKILL');
    expect((await running.ended).code).toBe('SIGKILL');
    expect(existsSync(to)).toBe(false);
    const left = join(dir, partial() as string);
    expect((await foresell('restore', left, '--check')).code).toBe(1);
    expect((await foresell('restore', left, '--to', join(dir, 'from-left'))).code).toBe(1);
    expect(existsSync(join(dir, 'from-left'))).toBe(false);
    rmSync(left, { recursive: true });
  }
  rmSync(large);
  // The lock and the pins of the dead are taken over.
  await succeed('backup', '--workspace', shop, '--to', join(dir, 'after.tar'));
});

test.skipIf(process.platform === 'win32')('a backup goes through a pipe, both ways', () => {
  const through = join(dir, 'piped');
  const out = openSync(through, 'w');
  const written = spawnSync(process.execPath, [BIN, 'backup', '--workspace', shop, '--to', '-'], {
    stdio: ['ignore', out, 'pipe'],
    encoding: 'utf8',
  });
  closeSync(out);
  expect(written.status, written.stderr).toBe(0);
  expect(written.stderr).toMatch(/the workspace as of/);
  const input = openSync(through, 'r');
  const checked = spawnSync(process.execPath, [BIN, 'restore', '-', '--check'], {
    stdio: [input, 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  closeSync(input);
  expect(checked.status, checked.stderr).toBe(0);
});

test('the command says what it was not given', async () => {
  for (const [args, said] of [
    [['backup', '--workspace', shop], /--to FILE/],
    [['backup', '--workspace', shop, '--to', '-', '--json'], /standard output/],
    [['backup', '--workspace', shop, '--to', 'x.tar', '--base', dir], /--to FOLDER/],
    [['backup', '--workspace', join(dir, 'none'), '--to', 'x.tar'], /expected a workspace/],
    [['restore', 'x.tar'], /either --to FOLDER or --check/],
    [['restore', join(dir, 'none.tar'), '--check'], /there is none/],
  ] as const) {
    const { code, stderr } = await foresell(...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(said);
  }
});
