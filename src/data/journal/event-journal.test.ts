// Events are kept once: within a call, beside other calls, after a restart, and after their segments have been dropped.
import { expect, onTestFinished, test } from 'vitest';
import { random } from '../../core/random.ts';
import type { EventRow } from '../event.ts';
import { sampleShop } from '../import/sample-shop.ts';
import type { Workspace } from '../workspace.ts';
import { type EventJournal, type EventJournalOptions, openEventJournal } from './event-journal.ts';
import { simulatedDisk } from './simulated-disk.ts';

function shop(settings: Parameters<typeof sampleShop>[0] = {}): Workspace {
  const made = sampleShop(settings);
  onTestFinished(made.remove);
  return made.workspace;
}

const view = (id: string, user: string | null = 'ann'): EventRow => ({
  event_id: id,
  type: 'view',
  timestamp: Date.UTC(2024, 0, 1),
  user_id: user,
  item_id: 'mug',
});

async function idsOf(journal: EventJournal): Promise<string[]> {
  const ids: string[] = [];
  await journal.read(journal.journal.start, (event) => ids.push(event.event_id));
  return ids;
}

test('an event is written once and comes back as it was', async () => {
  const workspace = shop();
  const events = await openEventJournal(workspace);
  const fates = await Promise.all([
    events.append([view('1'), view('2'), view('1')]),
    events.append([view('2')]),
    events.append([view('3', null), view('4')]),
  ]);
  expect(fates).toEqual([['accepted', 'accepted', 'duplicate'], ['duplicate'], ['accepted', 'accepted']]);
  await expect(openEventJournal(workspace)).rejects.toMatchObject({ code: 'BUSY' });
  await events.close();

  const again = await openEventJournal(workspace);
  expect(await again.append([view('5'), view('3')])).toEqual(['accepted', 'duplicate']);
  const found: EventRow[] = [];
  await again.read(0, (event) => found.push(event));
  expect(found).toEqual([view('1'), view('2'), view('3', null), view('4'), view('5')]);
  await again.close();
});

test('ids are known after their segments are gone, up to the window', async () => {
  const workspace = shop();
  let disk = simulatedDisk({ random: random(3) });
  const open = (options: EventJournalOptions = {}) =>
    openEventJournal(workspace, { disk, idWindow: 1024, ...options });
  let events = await open();
  for (let n = 0; n < 3; n++) await events.append(Array.from({ length: 500 }, (_, i) => view(`${n}-${i}`)));
  await events.dropBefore(await events.journal.seal());
  expect(await idsOf(events)).toEqual([]);
  await events.append([view('later')]);
  disk = disk.restart('power');
  await expect(events.close()).rejects.toMatchObject({ code: 'DISK' });
  events = await open();
  expect(await events.append([view('2-0'), view('1-0'), view('later'), view('0-400')])).toEqual([
    'duplicate',
    'duplicate',
    'duplicate',
    'accepted',
  ]);
  expect(await idsOf(events)).toEqual(['later', '0-400']);
  await events.close();
});

test('a duplicate of an event that still waits is not acknowledged before it', async () => {
  const settled: string[] = [];
  let finish = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const disk = simulatedDisk({
    random: random(1),
    delay: () => (isHolding ? held : Promise.resolve()),
  });
  let isHolding = false;
  const events = await openEventJournal(shop(), { disk });
  isHolding = true;
  const first = events.append([view('1')]).then(() => settled.push('first'));
  await new Promise((resolve) => setImmediate(resolve));
  const second = events.append([view('1')]).then((fates) => settled.push(...fates));
  await new Promise((resolve) => setImmediate(resolve));
  expect(settled).toEqual([]);
  finish();
  await Promise.all([first, second]);
  expect(settled).toEqual(['first', 'duplicate']);
  await events.close();
});

test('what was refused is not known', async () => {
  const disk = simulatedDisk({ random: random(1) });
  const events = await openEventJournal(shop(), { disk, maxWaitingBytes: 2000 });
  const first = events.append([view('1')]);
  const many = Array.from({ length: 20 }, (_, n) => view(`many ${n}`));
  await expect(events.append(many)).rejects.toMatchObject({ code: 'BUSY' });
  await first;
  expect(await events.append([many[0], many[1], view('1')])).toEqual(['accepted', 'accepted', 'duplicate']);
  await events.close();
});

test('where a workspace keeps pseudonyms the shop’s own id is never written', async () => {
  const disk = simulatedDisk({ random: random(1) });
  const events = await openEventJournal(shop({ pseudonyms: true }), { disk });
  await expect(events.append([view('1', 'ann')])).rejects.toThrow(/pseudonym/);
  expect(await events.append([view('1', 'a0'.repeat(32)), view('2', null)])).toEqual([
    'accepted',
    'accepted',
  ]);
  await events.close();
});
