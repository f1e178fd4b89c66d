// A shop in service records its own work: refused events, answers and what came of them, who did what.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DAY_MS } from '../src/core/time.ts';
import { withLake } from '../src/data/lake/open.ts';
import { openWorkspace } from '../src/data/workspace.ts';
import { foresell, succeed, testFolder } from './flow/command.ts';
import { madeUpCsv } from './flow/made-up-csv.ts';
import { type ServedShop, serveShop } from './flow/served-shop.ts';

const { dir, write } = testFolder();
const shop = join(dir, 'shop');
const on = ['--workspace', shop, '--threads', '1', '--lang', 'en'];
let now = 0;
let served: ServedShop | undefined;
const serve = async (more: Partial<Parameters<typeof serveShop>[0]> = {}): Promise<ServedShop> => {
  served = await serveShop({ dir: shop, now: () => now, ...more });
  return served;
};
afterEach(async () => {
  await served?.close();
  served = undefined;
});

beforeAll(async () => {
  const orders = write('orders.csv', madeUpCsv());
  const mapping = write('map.yaml', (await succeed('import', orders, '--propose', ...on)).stdout);
  await succeed('import', orders, '--map', mapping, ...on);
  await succeed('train', 'purchase', '--model', 'gbdt', '--horizon', '30d', ...on);
  await succeed('train', 'next-item', '--model', 'item-knn', ...on);
  now = await withLake(openWorkspace(shop), { threads: 1 }, async (_, { lastMs }) => lastMs + 60_000);
}, 120_000);

/** All that stands in the files of a folder. */
const textIn = (folder: string): string =>
  readdirSync(join(shop, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => readFileSync(join(shop, folder, name), 'utf8'))
    .join('');

describe('events', () => {
  test('what becomes of each is counted, and refused ones are kept without what stands in them', async () => {
    const { send, figure } = await serve();
    const good = { type: 'view', event_id: 'v-1', user_id: 'ann', item_id: 's1' };
    const sent = await send('POST', '/v1/events', [
      good,
      good,
      { ...good, event_id: 'secret-id', timestamp: 'Anna Smith' },
      { ...good, event_id: 'v-3', 'anna.smith': 1 },
    ]);
    expect(sent.body).toMatchObject({ accepted: 1, duplicates: 1, rejected: 2 });
    const count = (outcome: string) =>
      figure(
        `foresell_ingest_events_total{foresell_workspace="shop",foresell_format="native",foresell_outcome="${outcome}"}`,
      );
    expect(await count('accepted')).toBe(1);
    expect(await count('duplicate')).toBe(1);
    expect(await count('bad_time')).toBe(1);
    expect(await count('unknown_field')).toBe(1);
    await served?.close();
    served = undefined;
    const kept = textIn('rejected')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(kept).toMatchObject([
      { source: 'native', place: '/2/timestamp', reason: 'bad_time' },
      { source: 'native', place: '/3/*', reason: 'unknown_field' },
    ]);
    expect(kept[0].event).toMatch(/^[0-9a-f]{32}$/);
    expect(kept[0].event).not.toBe(kept[1].event);
    expect(textIn('rejected')).not.toMatch(/ann|Smith|secret-id/i);
  });
});

describe('answers', () => {
  test('are logged without ids and meet their outcome once the horizon has passed', async () => {
    const start = now;
    const { send, service, figure } = await serve();
    const users = await withLake(openWorkspace(shop), { threads: 1 }, (engine, { events }) =>
      engine.rows<{ user_id: string }>(`SELECT DISTINCT user_id FROM ${events} ORDER BY user_id LIMIT 300`),
    );
    const entities = users.map(({ user_id }) => ({ user_id }));
    const answered = await send('POST', '/v1/predictions/purchase', { entities });
    const about = answered.body.predictions.filter(({ value }: { value: number | null }) => value !== null);
    expect(about.length).toBeGreaterThan(100);
    // Said again on the same day it does not count twice, and what is imagined is not logged.
    await send('POST', '/v1/predictions/purchase', { entities });
    await send('POST', '/v1/predictions/purchase', { entities, as_of: start - DAY_MS });
    await send('POST', '/v1/recommendations', { entities: entities.slice(0, 3), top: 2 });
    // Half of them buy, among them those who were the likeliest to.
    const byValue = [...about].sort((a, b) => b.value - a.value);
    const buyers = byValue.slice(0, about.length / 2).map(({ user_id }) => user_id);
    now = start + 10 * DAY_MS;
    await send(
      'POST',
      '/v1/events',
      buyers.map((user_id) => ({
        type: 'purchase',
        event_id: `b-${user_id}`,
        user_id,
        item_id: 's1',
        timestamp: now,
      })),
    );
    const settle = async () => {
      const began = now;
      await service.settle();
      await served?.monitor.settled(service, began);
    };
    const of = `{foresell_workspace="shop",foresell_task="purchase",foresell_model_version="${about[0].model_version}"`;
    await settle();
    expect(await figure(`foresell_quality_examples${of}}`)).toBeUndefined();
    now = start + 31 * DAY_MS;
    await send('POST', '/v1/events', [{ type: 'view', event_id: 'late', user_id: 'ann', item_id: 's1' }]);
    await settle();
    expect(await figure(`foresell_quality_examples${of}}`)).toBe(about.length);
    expect(await figure(`foresell_quality_value${of},foresell_metric="roc_auc"}`)).toBeGreaterThan(0.99);
    const rate = about.reduce((sum: number, { value }: { value: number }) => sum + value, 0) / about.length;
    expect(await figure(`foresell_quality_value${of},foresell_metric="bias"}`)).toBeCloseTo(
      rate / (buyers.length / about.length) - 1,
      6,
    );
    await served?.close();
    served = undefined;
    const log = textIn('predictions/live');
    expect(log.trim().split('\n').length).toBe(2 * about.length + 3);
    for (const { user_id } of about.slice(0, 20)) expect(log).not.toContain(`"${user_id}"`);
    now = start + 32 * DAY_MS;
    const told = (await succeed('monitor', ...on)).stdout;
    expect(told).toMatch(new RegExp(`${about.length} answers about ${about.length} customers`));
    expect(told).toMatch(/ROC AUC +0\.99/);
    expect(told).toMatch(/native +bad_time +\/timestamp/);
    expect((await succeed('monitor', ...on.slice(0, 4), '--lang', 'zh')).stdout).toMatch(/ROC 曲线下面积/);
  });
});

describe('the audit log', () => {
  const records = async (): Promise<
    { action: string; outcome: string; details?: Record<string, unknown> }[]
  > => JSON.parse((await succeed('audit', 'list', '--most', '500', '--json', ...on)).stdout).records;

  test('holds keys made and withdrawn, starts and ends, models and refused keys, and shows any change', async () => {
    const before = (await records()).length;
    const made = JSON.parse((await succeed('keys', 'create', '--json', ...on)).stdout) as { id: string };
    const { send, server } = await serve();
    // While the server runs the command leaves its record for it.
    await succeed('keys', 'revoke', made.id, ...on);
    const wrong = { authorization: `Bearer fsk_${made.id}_${'a'.repeat(43)}` };
    for (let i = 0; i < 5; i++) expect((await send('POST', '/v1/events', [], wrong)).status).toBe(401);
    await server.follow();
    await served?.close();
    served = undefined;
    const fresh = (await records()).slice(before);
    expect(fresh.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'key.create done',
      'server.start done',
      'key.refuse refused',
      'key.revoke done',
      'key.refuse refused',
      'server.stop done',
    ]);
    expect(fresh[4].details).toEqual({ reason: 'unknown_key', calls: 4 });
    const verified = JSON.parse((await succeed('audit', 'verify', '--json', ...on)).stdout);
    expect(verified).toMatchObject({ intact: true, records: before + 6 });
    const head = `${verified.head.seq}:${verified.head.digest}`;
    expect(textIn('audit')).not.toContain(made.id);
    const last = readdirSync(join(shop, 'audit'))
      .filter((name) => name.endsWith('.ndjson'))
      .map((name) => join(shop, 'audit', name))
      .find((path) => readFileSync(path, 'utf8').includes('"calls":4')) as string;
    const whole = readFileSync(last, 'utf8');
    writeFileSync(last, whole.replace('"calls":4', '"calls":3'));
    expect((await foresell('audit', 'verify', ...on)).stderr).toMatch(/has been changed/);
    // A cut at the end shows only against an end that was noted elsewhere.
    writeFileSync(last, whole.split('\n').slice(0, -2).join('\n').concat('\n'));
    expect((await foresell('audit', 'verify', ...on)).code).toBe(0);
    expect((await foresell('audit', 'verify', '--head', head, ...on)).stderr).toMatch(/the log ends at/);
    writeFileSync(last, whole);
  });
});
