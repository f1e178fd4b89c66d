// The journal's promise: what was acknowledged is there, whatever the disk does and wherever the power goes.
import { expect, test } from 'vitest';
import { random } from '../../core/random.ts';
import { type Journal, openJournal } from './journal.ts';
import type { JournalDisk } from './journal-disk.ts';
import { runSchedule } from './schedule.ts';
import { scanSegment, segmentName } from './segment.ts';
import { type Fault, type SimulatedDisk, simulatedDisk } from './simulated-disk.ts';

async function texts(journal: Journal): Promise<string[]> {
  const found: string[] = [];
  await journal.read(journal.start, (record) => found.push(Buffer.from(record).toString()));
  return found;
}

const SCHEDULES = 200;

test('over many schedules of clients, faults, power cuts and kills nothing acknowledged is lost, doubled or changed', async () => {
  const complaints: string[] = [];
  let acknowledged = 0;
  let ends = 0;
  for (let seed = 1; seed <= SCHEDULES; seed++) {
    const outcome = await runSchedule(seed);
    complaints.push(...outcome.complaints.map((words) => `schedule ${seed}: ${words}`));
    acknowledged += outcome.acknowledged;
    ends += outcome.powerCuts + outcome.kills;
  }
  expect(complaints).toEqual([]);
  expect(acknowledged).toBeGreaterThan(SCHEDULES * 30);
  expect(ends).toBe(SCHEDULES * 4);
});

/** A disk that claims to have synced certain files. */
const lyingAbout =
  (isLie: (name: string) => boolean) =>
  (disk: JournalDisk): JournalDisk => ({
    ...disk,
    async create(name) {
      const file = await disk.create(name);
      return isLie(name) ? { ...file, datasync: async () => undefined } : file;
    },
  });

test.each([
  ['of a group', lyingAbout((name) => name.endsWith('.journal'))],
  ['of a segment written anew', lyingAbout((name) => name.endsWith('.new'))],
  ['of the folder', (disk: JournalDisk) => ({ ...disk, syncFolder: async () => undefined })],
])('without the sync %s the same schedules lose something', async (_, spoil) => {
  let lost = 0;
  for (let seed = 1; seed <= 40 && lost === 0; seed++) {
    const { complaints } = await runSchedule(seed, { spoil });
    lost += complaints.filter((words) => words.endsWith('was acknowledged and is lost')).length;
  }
  expect(lost).toBeGreaterThan(0);
});

/** A journal of one segment: two acknowledged groups, and a third of which the disk has taken everything but said nothing. */
async function withTail(): Promise<{ bytes: Uint8Array; tailAt: number }> {
  const disk = simulatedDisk({ random: random(1) });
  const journal = await openJournal(disk);
  await journal.append(['acknowledged 1', 'acknowledged 2']);
  await journal.append(['acknowledged 3']);
  const tailAt = journal.bytes;
  await journal.append(['unanswered 1', '', 'unanswered 3']);
  return { bytes: disk.bytes(segmentName(0)), tailAt };
}

const opened = async (bytes: Uint8Array): Promise<{ journal: Journal; disk: SimulatedDisk }> => {
  const disk = simulatedDisk({ random: random(1) });
  disk.replace(segmentName(0), bytes);
  return { journal: await openJournal(disk), disk };
};

test('cut at every byte of the tail, with nothing, zeros or noise behind it, the acknowledged records stand', async () => {
  const { bytes, tailAt } = await withTail();
  const all = ['acknowledged 1', 'acknowledged 2', 'acknowledged 3', 'unanswered 1', '', 'unanswered 3'];
  const noise = random(5);
  const wrong: string[] = [];
  for (let cut = tailAt; cut <= bytes.length; cut++) {
    for (const behind of ['nothing', 'zeros', 'noise']) {
      const left = behind === 'nothing' ? bytes.slice(0, cut) : bytes.slice();
      for (let at = cut; at < left.length; at++) left[at] = behind === 'zeros' ? 0 : noise.integer(256);
      const { journal, disk } = await opened(left);
      const found = await texts(journal);
      const isPrefix = found.length >= 3 && found.every((text, index) => text === all[index]);
      const end = journal.end;
      await journal.append(['next']);
      const again = await openJournal(disk.restart('power'));
      const isKept = (await texts(again)).join() === [...found, 'next'].join();
      const isCalm = journal.recovery.damages.length + again.recovery.damages.length === 0;
      if (!isPrefix || !isKept || !isCalm || end < found.length) wrong.push(`${behind} from ${cut}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('a flip of any bit of any record, header or seal is seen, and no other record suffers', async () => {
  const disk = simulatedDisk({ random: random(1) });
  const journal = await openJournal(disk);
  for (const text of ['one', 'two', '{"three":3}', 'four']) await journal.append([text]);
  await journal.close();
  const bytes = disk.bytes(segmentName(0)).slice();
  const wrong: string[] = [];
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const at = bit >> 3;
    bytes[at] ^= 1 << (bit & 7);
    const found: string[] = [];
    const scan = scanSegment(bytes, 0, (start, end) =>
      found.push(Buffer.from(bytes.subarray(start, end)).toString()),
    );
    bytes[at] ^= 1 << (bit & 7);
    const isInRecord = at >= 20 && at < bytes.length - 16;
    const isIntact = found.every((text) => ['one', 'two', '{"three":3}', 'four'].includes(text));
    if (scan.tears.length !== 1 || !isIntact || found.length !== (isInRecord ? 3 : 4))
      wrong.push(`bit ${bit}`);
  }
  expect(wrong).toEqual([]);
  expect(scanSegment(bytes, 0).tears).toEqual([]);
});

test('damage in the middle is set aside and told once; what lies around it stays, at its position', async () => {
  const disk = simulatedDisk({ random: random(1) });
  const journal = await openJournal(disk, { segmentBytes: 200 });
  for (let n = 0; n < 12; n++) await journal.append([`record ${n}`, `again ${n}`]);
  const [first] = (await disk.list()).sort();
  const bytes = disk.bytes(first).slice();
  const at = Buffer.from(bytes).indexOf('again 1');
  bytes.fill(0x5a, at - 5, at + 3);
  disk.replace(first, bytes);

  const mended = await openJournal(disk.restart('process'));
  const expected = Array.from({ length: 12 }, (_, n) => [`record ${n}`, `again ${n}`])
    .flat()
    .filter((text) => text !== 'again 1');
  expect(await texts(mended)).toEqual(expected);
  const set = { segment: first, bytes: 16 + 'again 1'.length, position: 3, count: 1 };
  expect(mended.recovery.damages).toEqual([set]);
  expect(mended.ready).toBe(true);
  await mended.append(['after']);
  await mended.close();
});

test('a segment that is gone, or shorter than it was, is told with the positions that are lost', async () => {
  const disk = simulatedDisk({ random: random(1) });
  const journal = await openJournal(disk, { segmentBytes: 100 });
  for (let n = 0; n < 8; n++) await journal.append([`a record of some length ${n}`]);
  const names = (await disk.list()).sort();
  expect(names).toHaveLength(4);
  await disk.remove(names[1]);
  const short = disk.bytes(names[2]);
  disk.replace(names[2], short.slice(0, short.length - 40));
  const mended = await openJournal(disk.restart('process'));
  expect(mended.recovery.damages.map(({ position, count }) => [position, count])).toEqual([
    [2, 2],
    [5, 1],
  ]);
  const again = await openJournal(disk.restart('process'));
  expect(again.recovery).toEqual({ records: 5, tornBytes: 0, damages: [] });
});

test.each<[Fault, 'write' | 'datasync' | 'syncFolder' | 'create']>([
  ['EIO', 'datasync'],
  ['EIO', 'write'],
  ['ENOSPC', 'write'],
  ['ENOSPC', 'create'],
  ['EIO', 'syncFolder'],
])(
  'after %s at a %s nobody is answered any more, and the file is never synced again',
  async (fault, where) => {
    let isFailing = false;
    const done: string[] = [];
    const disk = simulatedDisk({
      random: random(2),
      fault(operation) {
        if (isFailing) done.push(operation);
        return isFailing && operation === where ? fault : undefined;
      },
    });
    const journal = await openJournal(disk, { segmentBytes: 64 });
    await journal.append(['kept', 'x'.repeat(100)]);
    isFailing = true;
    const early = Promise.allSettled([journal.append(['lost 1']), journal.append(['lost 2'])]);
    await new Promise((resolve) => setImmediate(resolve));
    const late = Promise.allSettled([journal.append(['lost 3'])]);
    const ends = [...(await early), ...(await late)];
    for (const end of ends)
      expect(end).toMatchObject({ status: 'rejected', reason: { code: 'DISK', cause: { code: fault } } });
    expect([journal.ready, journal.failure?.code]).toEqual([false, 'DISK']);
    await expect(journal.append([])).rejects.toMatchObject({ code: 'DISK' });
    expect(done.at(-1)).toBe(where);
    await journal.close();

    isFailing = false;
    const again = await openJournal(disk.restart('power'));
    expect((await texts(again)).slice(0, 2)).toEqual(['kept', 'x'.repeat(100)]);
    expect([again.ready, again.recovery.damages]).toEqual([true, []]);
  },
);
