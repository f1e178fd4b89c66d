// A shop in service records its own work: refused events, answers and what came of them, who did what.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DAY_MS } from '../src/core/time.ts';
import { openEngine } from '../src/data/engine.ts';
import { findNeedles } from '../src/data/erase/needles.ts';
import { searchWorkspace } from '../src/data/erase/search.ts';
import { withLake } from '../src/data/lake/open.ts';
import { readSnapshot } from '../src/data/lake/snapshot.ts';
import { openWorkspace } from '../src/data/workspace.ts';
import { stateSnapshotReader } from '../src/serve/state/snapshot-reader.ts';
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
    const syncs = await figure('foresell_journal_sync_duration_seconds_count{foresell_workspace="shop"}');
    expect(syncs).toBeGreaterThan(0);
    expect(await figure('foresell_journal_sync_duration_seconds_sum{')).toBeGreaterThan(0);
    // One group, of the one record that is new.
    expect(await figure('foresell_journal_batch_size_sum{')).toBe(1);
    expect(await figure('foresell_journal_batch_size_count{')).toBe(1);
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

describe('lists', () => {
  test('meet what people did next, beside what is popular', async () => {
    const start = now + DAY_MS;
    now = start;
    const { send, service, figure } = await serve();
    const users = await withLake(openWorkspace(shop), { threads: 1 }, (engine, { events }) =>
      engine.rows<{ user_id: string }>(`SELECT DISTINCT user_id FROM ${events} ORDER BY user_id LIMIT 80`),
    );
    const { body } = await send('POST', '/v1/recommendations', { entities: users, top: 5 });
    now = start + DAY_MS;
    const events = body.lists.map(
      ({ user_id, items }: { user_id: string; items: { item_id: string }[] }, n: number) => ({
        ...{ type: 'view', event_id: `next-${n}`, user_id, timestamp: now },
        // Three in four look at what stood first.
        item_id: n % 4 === 0 ? 'nothing-of-it' : items[0].item_id,
      }),
    );
    await send('POST', '/v1/events', events);
    now = start + 8 * DAY_MS;
    await send('POST', '/v1/events', [{ type: 'view', event_id: 'later', user_id: 'ann', item_id: 's1' }]);
    await service.settle();
    await served?.monitor.settled(service, now);
    const of = `{foresell_workspace="shop",foresell_task="next-item",foresell_model_version="${body.lists[0].model_version}"`;
    expect(await figure(`foresell_quality_examples${of}}`)).toBeGreaterThanOrEqual(80);
    expect(await figure(`foresell_quality_value${of},foresell_metric="hit_rate@1"}`)).toBe(0.75);
    expect(await figure(`foresell_quality_low${of},foresell_metric="hit_rate@5"}`)).toBeGreaterThan(0.6);
    const popular = await figure(`foresell_quality_value${of},foresell_metric="hit_rate@1.popular"}`);
    expect(popular).toBeLessThan(0.75);
    await served?.close();
    served = undefined;
    const told = (await succeed('monitor', '--task', 'next-item', ...on)).stdout;
    expect(told).toMatch(/met next, in the first 1 +80 +75/);
    const { lists } = JSON.parse((await succeed('monitor', '--json', ...on)).stdout);
    expect(lists[0].rates[0]).toMatchObject({ outcome: 'next', places: 1, lists: 80, hit: { value: 0.75 } });
  });
});

describe('the audit log', () => {
  const records = async (): Promise<
    { action: string; outcome: string; details?: Record<string, unknown> }[]
  > => JSON.parse((await succeed('audit', 'list', '--most', '500', '--json', ...on)).stdout).records;

  test('holds keys made and withdrawn, starts and ends, models and refused keys, and shows any change', async () => {
    await succeed('keys', 'create', ...on);
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

describe('a customer erased', () => {
  const canary = 'zz-canary-17';
  const livedIn = async ({ send }: ServedShop): Promise<void> => {
    const event = (more: object) => ({ item_id: 's1', timestamp: now, ...more });
    const sent = await send('POST', '/v1/events', [
      event({ type: 'view', event_id: `${now}-1`, anonymous_id: 'cookie-of-canary' }),
      event({
        type: 'purchase',
        event_id: `${now}-2`,
        user_id: canary,
        anonymous_id: 'cookie-of-canary',
        order_id: `o-${now}`,
      }),
      event({ type: 'view', event_id: `${now}-3`, user_id: canary, props: { mail: 'canary@shop.example' } }),
      event({
        type: 'search',
        event_id: `${now}-4`,
        user_id: 'somebody-else',
        query: 'gift for canary@shop.example',
      }),
      event({ type: 'view', event_id: `${now}-5`, user_id: canary, timestamp: 'never' }),
    ]);
    expect(sent.body).toMatchObject({ accepted: 4, rejected: 1 });
    const asked = await send('POST', '/v1/predictions/purchase', { entities: [{ user_id: canary }] });
    expect(asked.body.predictions[0].value).toBeGreaterThan(0);
  };
  const found = async (): Promise<string[]> => {
    const workspace = openWorkspace(shop);
    const engine = await openEngine({ threads: 1 });
    try {
      const needles = await findNeedles(engine, workspace, readSnapshot(workspace), canary);
      const findings = await searchWorkspace(engine, workspace, needles, [stateSnapshotReader]);
      return findings.map(({ file }) => file.replace(/[^/]*$/, ''));
    } finally {
      engine.close();
    }
  };

  test('in a running server leaves memory, journal, records, lake and snapshot, and the record says so', async () => {
    write('shop/serve.yaml', 'rejected: { originals: true }\n');
    const own = await serve();
    await livedIn(own);
    await own.service.settle();
    own.service.monitor?.answers.flush();
    await expect.poll(() => textIn('predictions/live').includes(`"as_of":${now}`)).toBe(true);
    expect(new Set(await found())).toEqual(
      new Set(
        [`lake/events/`, 'predictions/live/', 'rejected/', 'state/'].flatMap((folder) =>
          folder === 'lake/events/' ? lakeFolders() : [folder],
        ),
      ),
    );
    const before = textIn('predictions/live').split('\n').length;
    const reply = await own.send('DELETE', `/v1/users/${canary}`);
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ left: 0 });
    expect(reply.body.models.length).toBe(2);
    expect(reply.body.found).toBeGreaterThan(2);
    expect(await found()).toEqual([]);
    expect(textIn('predictions/live').split('\n').length).toBe(before - 1);
    for (const as of ['user', 'visitor'])
      expect(
        (await own.send('GET', `/v1/users/${as === 'user' ? canary : 'cookie-of-canary'}?as=${as}`)).status,
      ).toBe(404);
    const asked = await own.send('POST', '/v1/predictions/purchase', { entities: [{ user_id: canary }] });
    expect(asked.body.predictions[0].value).toBeNull();
    // What others wrote stays, without the mention; and what is written down from now on does not bring it back.
    const other = await own.send('GET', '/v1/users/somebody-else');
    expect(other.body.timeline ?? other.body.events).toBeDefined();
    expect(other.text).not.toContain('canary');
    await own.service.settle();
    expect(await found()).toEqual([]);
    // Who has the right to read has not the right to erase.
    const reader = JSON.parse(
      (await succeed('keys', 'create', '--scope', 'users:read', '--json', ...on)).stdout,
    ) as { key: string };
    await own.server.follow();
    const refused = await own.send('DELETE', '/v1/users/c1', undefined, {
      authorization: `Bearer ${reader.key}`,
    });
    expect(refused.status).toBe(403);
    await own.close();
    served = undefined;
    const shown = JSON.parse((await succeed('audit', 'list', '--user', canary, '--json', ...on)).stdout);
    expect(shown.records).toMatchObject([{ action: 'user.erase', outcome: 'done' }]);
    const read = JSON.parse(
      (await succeed('audit', 'list', '--user', 'somebody-else', '--json', ...on)).stdout,
    );
    expect(read.records).toMatchObject([{ action: 'user.read', outcome: 'done' }]);
    expect(textIn('audit')).not.toContain('canary');
  });

  test('by the command leaves the snapshot and the records of a server that has stopped', async () => {
    now += DAY_MS;
    const own = await serve();
    await livedIn(own);
    await own.close();
    served = undefined;
    expect(new Set(await found())).toEqual(
      new Set([...lakeFolders(), 'predictions/live/', 'rejected/', 'state/']),
    );
    const kept = textIn('predictions/live').split('\n').length;
    const told = JSON.parse((await succeed('erase', '--user', canary, '--json', ...on)).stdout);
    expect(told.removed).toContain('state/state.snapshot');
    expect(await found()).toEqual([]);
    expect(textIn('predictions/live').split('\n').length).toBe(kept - 1);
    expect(textIn('rejected')).not.toContain('canary');
    rmSync(join(shop, 'serve.yaml'));
  });

  /** Where the lake has events of now. */
  const lakeFolders = (): string[] => [
    ...new Set(
      readSnapshot(openWorkspace(shop))
        .events.filter(({ path }) => path.includes(new Date(now).toISOString().slice(0, 7)))
        .map(({ path }) => path.replace(/[^/]*$/, '')),
    ),
  ];
});
