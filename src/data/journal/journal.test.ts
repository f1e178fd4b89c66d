// The journal on a real folder and on a simulated disk: what was acknowledged is read back, in order, at its position.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { random } from '../../core/random.ts';
import { type Journal, openJournal } from './journal.ts';
import { nodeJournalDisk } from './journal-disk.ts';
import { simulatedDisk } from './simulated-disk.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'foresell-journal-'));
  folders.push(made);
  return join(made, 'journal');
};

async function contents(journal: Journal, from = journal.start): Promise<[number, string][]> {
  const found: [number, string][] = [];
  await journal.read(from, (record, position) => found.push([position, Buffer.from(record).toString()]));
  return found;
}
const texts = async (journal: Journal): Promise<string[]> =>
  (await contents(journal)).map(([, text]) => text);

test('what was appended is read back in order, now and after opening again', async () => {
  const place = folder();
  const journal = await openJournal(nodeJournalDisk(place));
  await Promise.all([journal.append(['a', 'β']), journal.append([Uint8Array.of(0, 0xf5, 0xff)])]);
  await journal.append(['']);
  const expected = [
    [0, 'a'],
    [1, 'β'],
    [2, Buffer.of(0, 0xf5, 0xff).toString()],
    [3, ''],
  ];
  expect(await contents(journal)).toEqual(expected);
  expect([journal.start, journal.end, journal.waitingBytes]).toEqual([0, 4, 0]);
  await journal.close();
  await expect(journal.append(['late'])).rejects.toMatchObject({ code: 'DISK' });

  const again = await openJournal(nodeJournalDisk(place));
  expect(again.recovery).toEqual({ records: 4, tornBytes: 0, damages: [] });
  await again.append(['e']);
  expect(await contents(again, 3)).toEqual([
    [3, ''],
    [4, 'e'],
  ]);
  await expect(again.read(6, () => undefined)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await again.close();
});

test('each sync is told of: how long it took, and how many records shared it', async () => {
  const heard: [records: number, durationMs: number][] = [];
  const disk = nodeJournalDisk(folder());
  const slow = 20;
  const journal = await openJournal(
    {
      ...disk,
      async create(name) {
        const file = await disk.create(name);
        const datasync = async () => {
          await new Promise((resolve) => setTimeout(resolve, slow));
          await file.datasync();
        };
        return { ...file, datasync };
      },
    },
    { onSynced: (records, durationMs) => heard.push([records, durationMs]) },
  );
  await journal.append(['a']);
  await Promise.all([journal.append(['b', 'c']), journal.append(['d'])]);
  await journal.close();
  // The seal of the end goes alone.
  expect(heard.map(([records]) => records)).toEqual([1, 3, 0]);
  // A timer may ring a millisecond early.
  for (const [, durationMs] of heard) expect(durationMs).toBeGreaterThanOrEqual(slow - 1);
  expect(journal.syncs).toBe(3);
});

test('records of many callers share a write, and a segment ends when it is full', async () => {
  const disk = simulatedDisk({ random: random(1) });
  const journal = await openJournal(disk, { segmentBytes: 4096 });
  const before = disk.operations;
  const waits = Array.from({ length: 500 }, (_, index) => journal.append([`record ${index}`]));
  await Promise.all(waits);
  // create, write, datasync, syncFolder
  expect(disk.operations - before).toBe(4);
  for (let index = 500; index < 600; index++) await journal.append([`record ${index}`]);
  const names = await disk.list();
  expect(names.sort()).toEqual(['0000000000000000.journal', '0000000000000500.journal']);
  expect(await texts(journal)).toEqual(Array.from({ length: 600 }, (_, index) => `record ${index}`));
});

test('positions go on after everything was dropped, and what was dropped cannot be read', async () => {
  const place = folder();
  const journal = await openJournal(nodeJournalDisk(place), { segmentBytes: 64 });
  for (const text of ['a', 'b', 'c', 'd', 'e']) await journal.append([text]);
  const position = await journal.seal();
  expect(position).toBe(5);
  await journal.dropBefore(3);
  expect(await contents(journal)).toEqual([
    [2, 'c'],
    [3, 'd'],
    [4, 'e'],
  ]);
  await journal.dropBefore(position);
  expect(await contents(journal)).toEqual([]);
  expect(journal.start).toBe(5);
  await expect(journal.read(4, () => undefined)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await journal.close();
  expect(readdirSync(place)).toHaveLength(1);

  const again = await openJournal(nodeJournalDisk(place));
  expect(again.recovery).toEqual({ records: 0, tornBytes: 0, damages: [] });
  await again.append(['f']);
  expect(await contents(again)).toEqual([[5, 'f']]);
  await again.close();
});

test('records are changed and erased in place', async () => {
  const disk = simulatedDisk({ random: random(1) });
  const journal = await openJournal(disk, { segmentBytes: 64 });
  for (const text of ['ann 1', 'bob 1', 'ann 2', 'bob ann']) await journal.append([text]);
  const changed = await journal.rewrite((record) => {
    const text = Buffer.from(record).toString();
    if (text.startsWith('ann')) return undefined;
    return text.includes('ann') ? Buffer.from('bob') : record;
  });
  expect(changed).toBe(3);
  const expected = [
    [1, 'bob 1'],
    [3, 'bob'],
  ];
  expect(await contents(journal, 1)).toEqual(expected);
  for (const name of await disk.list()) expect(Buffer.from(disk.bytes(name)).includes('ann')).toBe(false);
  const again = await openJournal(disk.restart('power'));
  expect(again.recovery.damages).toEqual([]);
  expect(await contents(again)).toEqual(expected);
});

test('too much waiting is refused whole and without harm', async () => {
  const disk = simulatedDisk({ random: random(1) });
  const journal = await openJournal(disk, { maxWaitingBytes: 1000 });
  const first = journal.append(['x'.repeat(100)]);
  await expect(journal.append(['y'.repeat(200), 'z'.repeat(200)])).rejects.toMatchObject({ code: 'BUSY' });
  await first;
  await expect(journal.append([new Uint8Array(2 ** 24)])).rejects.toMatchObject({ code: 'BAD_DATA' });
  await journal.append(['y'.repeat(200)]);
  expect(await texts(journal)).toEqual(['x'.repeat(100), 'y'.repeat(200)]);
});
