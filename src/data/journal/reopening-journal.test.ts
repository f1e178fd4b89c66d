// A disk that fails now and then: the journal opens itself anew, what was acknowledged stays, and a state hears of each event once.
import { expect, test } from 'vitest';
import { random } from '../../core/random.ts';
import type { EventRow } from '../event.ts';
import { openEventsOn } from './event-journal.ts';
import { reopeningJournal } from './reopening-journal.ts';
import { type Fault, simulatedDisk } from './simulated-disk.ts';

const view = (id: string): EventRow => ({ event_id: id, type: 'view', timestamp: 0, user_id: 'ann' });
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('after a failed sync it is unready, refuses, opens anew, and tells of what is on the disk', async () => {
  let fault: Fault | undefined;
  const disk = simulatedDisk({
    random: random(3),
    fault: (operation) => (operation === 'datasync' ? fault : undefined),
  });
  const recovered: string[] = [];
  let release = (): void => {};
  const waits: number[] = [];
  const journal = reopeningJournal(await openEventsOn(disk), () => openEventsOn(disk), {
    onRecovered: (rows) => recovered.push(...rows.map(({ event_id }) => event_id)),
    wait(ms) {
      waits.push(ms);
      return new Promise((resolve) => {
        release = resolve;
      });
    },
  });
  expect(await journal.append([view('kept')])).toEqual(['accepted']);
  fault = 'EIO';
  await expect(journal.append([view('refused')])).rejects.toMatchObject({ code: 'DISK' });
  expect(journal.ready).toBe(false);
  await expect(journal.append([view('other')])).rejects.toMatchObject({ code: 'DISK' });
  // The disk fails on: the next try comes later.
  await expect.poll(() => waits).toEqual([1000]);
  release();
  await expect.poll(() => waits).toEqual([1000, 2000]);
  fault = undefined;
  release();
  await expect.poll(() => journal.ready).toBe(true);
  // In the cache it stood whole: it is kept now, and whoever sends it again hears so.
  expect(recovered).toEqual(['refused']);
  expect(await journal.append([view('refused'), view('other')])).toEqual(['duplicate', 'accepted']);
  const ids: string[] = [];
  await journal.read(journal.journal.start, ({ event_id }) => ids.push(event_id));
  expect(ids).toEqual(['kept', 'refused', 'other']);
  await journal.close();
});

test.each(Array.from({ length: 150 }, (_, seed) => seed))(
  'schedule %i: each event once, in journal and state',
  async (seed) => {
    const draw = random(seed);
    let isOver = false;
    const faults: readonly Fault[] = ['EIO', 'ENOSPC', 'short'];
    const disk = simulatedDisk({
      random: draw.fork('disk'),
      fault: () => (!isOver && draw.uniform() < 0.04 ? faults[draw.integer(faults.length)] : undefined),
      delay: soon,
    });
    const open = async () => {
      for (;;) {
        try {
          return await openEventsOn(disk, { segmentBytes: 600 });
        } catch {
          await soon();
        }
      }
    };
    const state: string[] = [];
    const journal = reopeningJournal(await open(), () => openEventsOn(disk, { segmentBytes: 600 }), {
      onRecovered: (rows) => state.push(...rows.map(({ event_id }) => event_id)),
      wait: soon,
    });
    const client = async (name: string): Promise<void> => {
      for (let number = 0; number < 12; ) {
        const rows = Array.from({ length: 1 + draw.integer(3) }, (_, at) => view(`${name}-${number + at}`));
        try {
          const fates = await journal.append(rows);
          rows.forEach(({ event_id }, at) => {
            if (fates[at] === 'accepted') state.push(event_id);
          });
          number += rows.length;
        } catch {
          await soon();
        }
      }
    };
    await Promise.all(['a', 'b', 'c'].map(client));
    isOver = true;
    await expect.poll(() => journal.ready).toBe(true);
    const kept: string[] = [];
    await journal.read(journal.journal.start, ({ event_id }) => kept.push(event_id));
    expect(new Set(kept).size).toBe(kept.length);
    for (const name of ['a', 'b', 'c'])
      for (let number = 0; number < 12; number++) expect(kept).toContain(`${name}-${number}`);
    expect([...state].sort()).toEqual([...kept].sort());
    await journal.close();
  },
);
