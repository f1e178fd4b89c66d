// Erasure reaches the journal: what only it holds, what arrives meanwhile, and what was set aside as damaged.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { listFiles, realDisk } from '../disk.ts';
import type { EventRow } from '../event.ts';
import { NOW_MS, sampleShop } from '../import/sample-shop.ts';
import { type EventJournal, openEventJournal } from '../journal/event-journal.ts';
import { eraseUser } from './erase-user.ts';

const event = (id: string, user: string | null, rest: Partial<EventRow> = {}): EventRow => ({
  event_id: id,
  type: 'view',
  timestamp: Date.UTC(2024, 0, 2),
  user_id: user,
  ...rest,
});

function livedIn() {
  const made = sampleShop();
  onTestFinished(made.remove);
  return made;
}

const EVENTS: readonly EventRow[] = [
  event('1', '17', { anonymous_id: 'ck-1' }),
  event('2', null, { anonymous_id: 'ck-1' }),
  event('3', '18', { text: 'write to 17, or to "seventeen"', item_id: '17' }),
  event('4', 'guest-17', { query: 'mug' }),
  event('5', '17', { type: 'review', text: 'a very nice "mug" indeed' }),
];

const idsIn = async (events: EventJournal): Promise<string[]> => {
  const ids: string[] = [];
  await events.read(events.journal.start, (row) => ids.push(row.event_id));
  return ids;
};

test('a customer only the journal knows is found in it before, nowhere after, and others keep what is theirs', async () => {
  const made = livedIn();
  const events = await openEventJournal(made.workspace);
  await events.append(EVENTS);
  writeFileSync(join(made.workspace.dir, 'journal', '0000000000000000.journal-20.damaged'), 'x17 torn');
  await events.close();
  const { before, after, rewritten } = await eraseUser(made.workspace, '17', { nowMs: NOW_MS });
  const segment = 'journal/0000000000000000.journal';
  expect(before.find(({ file }) => file === segment)).toEqual({
    file: segment,
    kinds: ['anonymous id', 'id', 'text'],
    count: 4,
  });
  expect([after, rewritten.includes(segment)]).toEqual([[], true]);
  const journal = readFileSync(join(made.workspace.dir, segment)).toString('latin1');
  expect([journal.includes('ck-1'), journal.includes('nice'), journal.includes('guest-17')]).toEqual([
    false,
    false,
    true,
  ]);
  expect(listFiles(join(made.workspace.dir, 'journal')).filter((file) => file.includes('damaged'))).toEqual(
    [],
  );

  const again = await openEventJournal(made.workspace);
  expect(again.journal.recovery.damages).toEqual([]);
  const left: EventRow[] = [];
  await again.read(again.journal.start, (row) => left.push(row));
  expect(left).toEqual([{ ...EVENTS[2], text: null }, EVENTS[3]]);
  await again.close();
  expect((await made.rows('events', 'event_id, text')).map((row) => [row.event_id, row.text])).toEqual([
    ['3', null],
    ['4', null],
  ]);
});

test('an event that comes in during the erasure is erased with the rest, and the server goes on appending', async () => {
  const made = livedIn();
  const events = await openEventJournal(made.workspace);
  await events.append(EVENTS);
  let late: Promise<unknown> | undefined;
  const disk = {
    ...realDisk,
    move(from: string, to: string) {
      realDisk.move(from, to);
      if (to.endsWith('snapshot.json')) late ??= events.append([event('6', '17'), event('7', '18')]);
    },
  };
  const { after } = await eraseUser(made.workspace, '17', { events, disk, nowMs: NOW_MS });
  await late;
  expect(after).toEqual([]);
  expect(await idsIn(events)).toEqual(['3', '4', '7']);
  expect(await events.append([event('8', '18')])).toEqual(['accepted']);
  await events.close();
});

test('a journal another process has open is refused by name, and nothing is changed', async () => {
  const made = livedIn();
  const events = await openEventJournal(made.workspace);
  await events.append(EVENTS);
  await expect(eraseUser(made.workspace, '17')).rejects.toMatchObject({
    code: 'BUSY',
    message: expect.stringContaining('serve (process'),
  });
  expect(existsSync(join(made.workspace.dir, 'lake', 'snapshot.json'))).toBe(false);
  await events.close();
});
