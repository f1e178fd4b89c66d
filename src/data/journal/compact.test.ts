// Compaction: what was appended is in the lake once, like an import's, and the journal is empty afterwards.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { listFiles, realDisk } from '../disk.ts';
import type { EventRow } from '../event.ts';
import { NOW_MS, type SampleShop, sampleShop } from '../import/sample-shop.ts';
import { fingerprintOf, readSnapshot } from '../lake/snapshot.ts';
import { compactJournal } from './compact.ts';
import { openEventJournal } from './event-journal.ts';

function shop(settings: Parameters<typeof sampleShop>[0] = {}): SampleShop {
  const made = sampleShop(settings);
  onTestFinished(made.remove);
  return made;
}

const purchase = (id: string, rest: Partial<EventRow> = {}): EventRow => ({
  event_id: id,
  type: 'purchase',
  timestamp: Date.UTC(2024, 0, 2),
  user_id: 'ann',
  item_id: 'mug',
  quantity: 2,
  price_minor: 1250,
  currency: 'EUR',
  ...rest,
});
const NOW = { nowMs: NOW_MS };

test('every column arrives as it was sent, beside what an import brought, and nothing twice', async () => {
  const made = shop();
  const csv = made.write('a.csv', 'id,who,when\n1,ann,2024-01-01\n');
  await made.import(
    csv,
    'columns: { event_id: id, type: { constant: view }, timestamp: when, user_id: who }\n',
  );
  const full: EventRow = {
    ...purchase('2'),
    anonymous_id: 'ck-1',
    session_id: 's',
    order_id: 'o',
    query: 'a "quoted"\nquery',
    rating: 4.5,
    text: '很好 🎉',
    device: 'phone',
    channel: 'mail',
    country: 'DE',
    position: 3,
    props: '{"a":{"b":[1,"x"]}}',
  };
  const events = await openEventJournal(made.workspace);
  await events.append([
    purchase('1'),
    full,
    purchase('3', { timestamp: Date.UTC(2024, 4, 2), user_id: null }),
  ]);
  const report = await compactJournal(made.workspace, events, NOW);
  expect(report).toEqual({ accepted: 2, duplicates: 1, quarantined: {}, until: 3 });
  const rows = await made.rows('events', '*');
  expect(rows.map((row) => row.event_id)).toEqual(['1', '2', '3']);
  expect(rows[1]).toEqual({ ...full });
  expect(rows[2]).toMatchObject({ user_id: null, text: null, props: null, quantity: 2, price_minor: 1250 });
  expect(events.journal.start).toBe(3);
  expect(readSnapshot(made.workspace)).toMatchObject({ currency: 'EUR', version: 2 });

  await events.append([purchase('2'), purchase('4')]);
  expect(await compactJournal(made.workspace, events, NOW)).toMatchObject({ accepted: 1, duplicates: 0 });
  expect(await compactJournal(made.workspace, events, NOW)).toMatchObject({ accepted: 0, until: 4 });
  expect(readSnapshot(made.workspace).version).toBe(3);
  await events.close();
});

test('what the lake does not take is in the quarantine, with its reason', async () => {
  const made = shop({ currency: 'EUR' });
  const events = await openEventJournal(made.workspace);
  const odd = (id: string, rest: Record<string, unknown>) => purchase(id, rest as Partial<EventRow>);
  await events.append([
    odd('1', { currency: 'USD' }),
    odd('2', { type: 'dance' }),
    odd('3', { timestamp: NOW_MS + 3 * 86_400_000 }),
    odd('4', { timestamp: 5 }),
    odd('5', { quantity: 'many' }),
    odd('6', { price_minor: 12.5 }),
    odd('7', { item_id: 'x'.repeat(600) }),
    odd('8', { timestamp: null }),
    odd('9', { price_minor: -1 }),
    odd('10', {}),
  ]);
  const report = await compactJournal(made.workspace, events, NOW);
  expect(report).toMatchObject({ accepted: 1, duplicates: 0 });
  expect(report.quarantined).toEqual({
    bad_number: 2,
    before_1990: 1,
    future_date: 1,
    missing_time: 1,
    negative_price: 1,
    wrong_currency: 1,
    text_too_long: 1,
    unknown_type: 1,
  });
  const kept = await made.quarantine();
  expect(kept).toHaveLength(9);
  expect(kept.find(({ reason }) => reason === 'wrong_currency')).toMatchObject({
    file: 'journal',
    raw: expect.stringContaining('"event_id":"1"'),
  });
  await events.close();
});

test('a compaction that fails at the n-th operation of the lake loses nothing and doubles nothing, for every n', async () => {
  const made = shop();
  const events = await openEventJournal(made.workspace);
  let sent = 0;
  for (let n = 1; n < 40; n++) {
    await events.append([purchase(`${++sent}`), purchase(`${++sent}`)]);
    let count = 0;
    const faulty = Object.fromEntries(
      Object.entries(realDisk).map(([name, act]) => [
        name,
        (...args: never[]) => {
          if (++count === n) throw new AppError('DISK', 'the disk refused a write (ENOSPC)');
          return (act as (...args: never[]) => void)(...args);
        },
      ]),
    ) as unknown as typeof realDisk;
    const ended = await compactJournal(made.workspace, events, { ...NOW, disk: faulty }).catch(
      (error: AppError) => error.code,
    );
    if (ended !== 'DISK') break;
    expect(n).toBeLessThan(39);
  }
  await compactJournal(made.workspace, events, NOW);
  const ids = (await made.rows('events', 'event_id')).map((row) => Number(row.event_id));
  expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: sent }, (_, index) => index + 1));
  expect(sent).toBeGreaterThan(10);
  await events.close();
});

test('many small files become one: the same rows, the same fingerprint, and the old ones lie there for a while', async () => {
  const made = shop();
  const events = await openEventJournal(made.workspace);
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const compact = async (id: string): Promise<void> => {
    await events.append([purchase(id), purchase(`${id}/2`, { text: 'a, "b"\n很好', props: '{"a":[1]}' })]);
    await compactJournal(made.workspace, events);
  };
  for (let n = 1; n < 8; n++) await compact(`${n}`);
  const before = readSnapshot(made.workspace);
  expect(before.events).toHaveLength(7);
  await compact('8');
  const after = readSnapshot(made.workspace);
  expect(after.events).toHaveLength(1);
  expect(after.events[0]).toMatchObject({ rows: 16 });
  expect(BigInt(after.events[0].digest)).toBeGreaterThan(0n);
  const rows = await made.rows('events', '*');
  expect(rows.map((row) => row.event_id).sort()).toEqual(
    Array.from({ length: 8 }, (_, n) => [`${n + 1}`, `${n + 1}/2`])
      .flat()
      .sort(),
  );
  expect(rows.filter((row) => row.text === 'a, "b"\n很好' && row.props === '{"a":[1]}')).toHaveLength(8);
  // An oracle of its own: the fingerprint of a lake that got the same events in one piece.
  const whole = shop();
  const together = await openEventJournal(whole.workspace);
  for (let n = 1; n <= 8; n++)
    await together.append([
      purchase(`${n}`),
      purchase(`${n}/2`, { text: 'a, "b"\n很好', props: '{"a":[1]}' }),
    ]);
  await compactJournal(whole.workspace, together, NOW);
  expect(fingerprintOf(after)).toBe(fingerprintOf(readSnapshot(whole.workspace)));
  const lying = () => listFiles(join(made.workspace.dir, 'lake', 'events')).length;
  expect([after.retired.length, lying()]).toEqual([8, 9]);
  vi.setSystemTime(Date.now() + 7 * 3_600_000);
  await compact('9');
  expect(lying()).toBe(2);
  await events.close();
  await together.close();
});

test('records somebody still has to read stay in the journal, and pseudonyms stay as they are', async () => {
  const made = shop({ pseudonyms: true });
  const events = await openEventJournal(made.workspace, { segmentBytes: 64 });
  const ann = 'a0'.repeat(32);
  for (const id of ['1', '2', '3']) await events.append([purchase(id, { user_id: ann })]);
  await compactJournal(made.workspace, events, { ...NOW, keepFrom: 1 });
  expect((await made.rows('events', 'user_id')).map((row) => row.user_id)).toEqual([ann, ann, ann]);
  const left: string[] = [];
  await events.read(1, (event) => left.push(event.event_id));
  expect([events.journal.start, left]).toEqual([1, ['2', '3']]);
  await events.close();
  expect(existsSync(join(made.workspace.dir, 'scratch', 'compact'))).toBe(false);
});
