import { describe, expect, it } from 'vitest';
import { randomLog } from '../../../test/features/random-log.ts';
import { AppError } from '../../core/errors.ts';
import { random } from '../../core/random.ts';
import { UTC } from '../../core/time.ts';
import type { EventRow } from '../../data/event.ts';
import { defaultView } from '../../data/features/default-view.ts';
import { type SimulatedDisk, simulatedDisk } from '../../data/journal/simulated-disk.ts';
import { ALL_COLUMNS } from './kept-columns.ts';
import { loadSnapshot } from './load-snapshot.ts';
import { type OpenState, openState, type State } from './online-state.ts';
import { saveSnapshot } from './save-snapshot.ts';
import { startState } from './start-state.ts';

const log = randomLog({ seed: 11, users: 9, startMs: Date.UTC(2023, 0, 1), days: 60 });
const rows: readonly EventRow[] = log.events
  .toSorted((a, b) => a.timestamp - b.timestamp)
  .map((row, i) => ({
    ...row,
    anonymous_id: i % 7 === 0 ? `cookie ${row.user_id}` : null,
    user_id: i % 7 === 0 && i % 2 === 0 ? null : row.user_id,
  }));
const options = {
  views: [defaultView(30)],
  context: { zone: UTC, items: log.items },
  columns: ALL_COLUMNS,
  eventsPerUser: 12,
};
const NAME = 'people.snapshot';
const newDisk = (): SimulatedDisk => simulatedDisk({ random: random(1) });

/** Everything that is known of everybody, as text. */
function told(state: State): string {
  const ids = [...new Set(rows.flatMap(({ user_id, anonymous_id }) => [user_id, anonymous_id]))];
  const known = ids.flatMap((id) => [state.find({ user_id: id }), state.find({ anonymous_id: id })]);
  return JSON.stringify(
    known.map(
      (person) =>
        person && [
          [...person.events.times],
          [...person.events.types],
          person.events.texts('item_id'),
          person.events.texts('country'),
          person.events.texts('order_id'),
          [...person.events.numbers('price_minor')],
          person.past && [person.past.untilMs, [...person.past.digests].sort()],
        ],
    ),
  );
}

function stateOf(some: readonly EventRow[]): OpenState {
  const state = openState(options);
  state.apply(some);
  return state;
}

describe('a snapshot', () => {
  it('gives back everything that was known, and goes on from there', async () => {
    const disk = newDisk();
    const state = stateOf(rows.slice(0, 200));
    state.adopt(`cookie ${rows[0].user_id}`, rows[0].user_id ?? '');
    await saveSnapshot(state, 200, { disk, name: NAME });
    const loaded = await loadSnapshot(options, { disk, name: NAME });
    expect(loaded?.position).toBe(200);
    const other = loaded?.state as OpenState;
    expect(told(other)).toBe(told(state));
    expect(other.isAdopted(`cookie ${rows[0].user_id}`)).toBe(true);
    state.apply(rows.slice(200));
    other.apply(rows.slice(200));
    expect(told(other)).toBe(told(state));
    expect(other.counts()).toMatchObject({ people: state.counts().people, events: state.counts().events });
  });

  it('is of the moment it was asked for, whatever comes while it is written', async () => {
    let state: OpenState | undefined;
    let next = 150;
    // Every operation of the disk lets a few more events in.
    const delay = async () => {
      state?.apply(rows.slice(next, next + 60));
      next += 60;
    };
    const disk = simulatedDisk({ random: random(2), delay });
    state = stateOf(rows.slice(0, 150));
    const before = told(state);
    await saveSnapshot(state, 150, { disk, name: NAME });
    expect(next).toBeGreaterThan(150 + 240);
    expect(told(state)).not.toBe(before);
    state = undefined;
    const loaded = await loadSnapshot(options, { disk, name: NAME });
    expect(told(loaded?.state as State)).toBe(before);
  });

  it('is the old one or the new one, at whichever operation the power is cut', async () => {
    const first = stateOf(rows.slice(0, 100));
    const second = stateOf(rows.slice(0, 180));
    const seen = new Set<number | undefined>();
    for (let cut = 1; ; cut++) {
      let isArmed = false;
      let count = 0;
      const disk = simulatedDisk({
        random: random(cut),
        fault: () => (isArmed && ++count === cut ? 'cut' : undefined),
      });
      await saveSnapshot(first, 100, { disk, name: NAME });
      isArmed = true;
      const isDone = await saveSnapshot(second, 180, { disk, name: NAME }).then(
        () => true,
        () => false,
      );
      isArmed = false;
      const loaded = await loadSnapshot(options, { disk: disk.restart('power'), name: NAME });
      seen.add(loaded?.position);
      expect(told(loaded?.state as State)).toBe(told(loaded?.position === 180 ? second : first));
      if (isDone) {
        expect(loaded?.position).toBe(180);
        break;
      }
    }
    expect(seen).toEqual(new Set([100, 180]));
  });

  it('is refused whole where one bit is another, or its end is missing', async () => {
    const disk = newDisk();
    await saveSnapshot(stateOf(rows.slice(0, 12)), 12, { disk, name: NAME });
    const whole = disk.bytes(NAME).slice();
    expect(whole.length).toBeGreaterThan(500);
    const refusal = async (bytes: Uint8Array): Promise<string | undefined> => {
      disk.replace(NAME, bytes);
      try {
        await loadSnapshot(options, { disk, name: NAME });
        return undefined;
      } catch (error) {
        return (error as AppError).code;
      }
    };
    expect(await refusal(whole)).toBeUndefined();
    for (let bit = 0; bit < 8 * whole.length; bit += 11) {
      const flipped = whole.slice();
      flipped[bit >> 3] ^= 1 << (bit & 7);
      expect(['BAD_FILE', 'VERSION']).toContain(await refusal(flipped));
    }
    for (let length = 0; length < whole.length; length += 37)
      expect(await refusal(whole.slice(0, length))).toBe('BAD_FILE');
  });

  it('holds nothing of somebody who was erased before, and is given up where it is while it is written', async () => {
    const disk = newDisk();
    const state = stateOf([
      ...rows,
      {
        event_id: 'x1',
        type: 'search',
        timestamp: 5,
        user_id: 'ann-17',
        query: 'size 44 sandals',
        anonymous_id: 'a-cookie',
      },
      {
        event_id: 'x2',
        type: 'view',
        timestamp: 6,
        user_id: null,
        anonymous_id: 'a-cookie',
        item_id: 'lamp',
      },
    ]);
    state.adopt('a-cookie', 'ann-17');
    await saveSnapshot(state, 1, { disk, name: NAME });
    const before = Buffer.from(disk.bytes(NAME)).toString('utf8');
    for (const trace of ['ann-17', 'a-cookie', 'size 44 sandals']) {
      expect(before).toContain(trace);
      expect(new RegExp(`(?<![\\w-])${trace}(?![\\w-])`).test(before)).toBe(true);
    }
    expect(state.erase('ann-17')).toBe(true);
    expect(state.erase('ann-17')).toBe(false);
    expect(state.find({ user_id: 'ann-17' })).toBeUndefined();
    expect(state.find({ anonymous_id: 'a-cookie' })).toBeUndefined();
    await saveSnapshot(state, 2, { disk, name: NAME });
    const after = Buffer.from(disk.bytes(NAME)).toString('utf8');
    for (const trace of ['ann-17', 'a-cookie', 'size 44 sandals']) expect(after).not.toContain(trace);

    const user = rows.find(({ user_id }) => user_id !== null)?.user_id as string;
    let isArmed = true;
    const late = simulatedDisk({
      random: random(3),
      fault(operation) {
        if (operation === 'datasync' && isArmed) state.erase(user);
        isArmed &&= operation !== 'datasync';
        return undefined;
      },
    });
    await expect(saveSnapshot(state, 3, { disk: late, name: NAME })).rejects.toMatchObject({ code: 'BUSY' });
    expect(await late.list()).toEqual([]);
    await saveSnapshot(state, 3, { disk: late, name: NAME });
    expect(Buffer.from(late.bytes(NAME)).toString('utf8')).not.toContain(`\u0001${user}\0`);
  });
});

describe('the state at a start', () => {
  /** A journal of rows at positions from 1000 on. */
  const journalOf = (all: readonly EventRow[], start = 1000) => ({
    async read(from: number, reader: (row: EventRow, position: number) => void) {
      if (from < start) throw new AppError('NOT_FOUND', 'dropped');
      all.slice(from - 1000).forEach((row, i) => {
        reader(row, from + i);
      });
      return 1000 + all.length;
    },
  });
  const rebuild = async (state: State) => {
    state.apply(rows.slice(0, 50));
    return 1050;
  };
  const whole = told(
    (() => {
      const state = openState(options);
      for (const row of rows) {
        state.apply([row]);
        if (row.anonymous_id && row.user_id && !state.isAdopted(row.anonymous_id))
          state.adopt(row.anonymous_id, row.user_id);
      }
      return state;
    })(),
  );

  it('is the snapshot with the journal after it, and what it was before the end', async () => {
    const disk = newDisk();
    const snapshot = { disk, name: NAME };
    const journal = journalOf(rows);
    const empty = async () => 1000;
    const first = await startState({ ...options, snapshot, journal, rebuild: empty });
    expect([first.from, first.position, told(first.state)]).toEqual(['lake', 1000 + rows.length, whole]);
    const half = await startState({
      ...options,
      snapshot,
      journal: journalOf(rows.slice(0, 90)),
      rebuild: empty,
    });
    await saveSnapshot(half.state, half.position, snapshot);
    const second = await startState({ ...options, snapshot, journal, rebuild });
    expect([second.from, second.position, told(second.state)]).toEqual([
      'snapshot',
      1000 + rows.length,
      whole,
    ]);
  });

  it('knows who is on which visit, of those written down and of those of the journal', async () => {
    const snapshot = { disk: newDisk(), name: NAME };
    const at = Math.max(...rows.map(({ timestamp }) => timestamp));
    const step = (id: string, more: Partial<EventRow>): EventRow => ({
      ...{ event_id: id, type: 'view', item_id: 'i1', user_id: 'known', session_id: 's-known' },
      timestamp: at + 1000,
      ...more,
    });
    const before = openState(options);
    before.apply([
      ...rows,
      step('a', {}),
      step('b', { user_id: null, anonymous_id: 'v', session_id: 's-v' }),
    ]);
    await saveSnapshot(before, 1000, snapshot);
    const { state, from } = await startState({
      ...{ ...options, snapshot, rebuild },
      journal: journalOf([step('c', { user_id: 'later', session_id: 's-later' })]),
    });
    expect(from).toBe('snapshot');
    const onVisit = (visit_id: string) => state.find({ visit_id })?.events.texts('session_id').at(-1);
    for (const visit of ['s-known', 's-v', 's-later']) expect(onVisit(visit)).toBe(visit);
    // A profile is looked up by what somebody is known by, and nobody is known by that session.
    expect(state.find({ session_id: 's-known' })).toBeUndefined();
    state.adopt('v', 'known');
    expect(state.find({ visit_id: 's-v' })?.events.texts('session_id')).toEqual(['s-known', 's-v']);
    state.erase('known');
    // Their numbers go to others.
    state.apply([
      step('d', { user_id: 'new', session_id: null }),
      step('e', { user_id: 'newer', session_id: null }),
    ]);
    for (const visit of ['s-known', 's-v']) expect(onVisit(visit)).toBeUndefined();
    expect(onVisit('s-later')).toBe('s-later');
  });

  it('is made anew from the lake where the snapshot is damaged, older than the journal, or of other columns', async () => {
    const disk = newDisk();
    const snapshot = { disk, name: NAME };
    await saveSnapshot(stateOf(rows.slice(0, 20)), 1020, snapshot);
    const reasons: string[] = [];
    const onUnusable = (reason: AppError) => void reasons.push(reason.code);
    const start = (more: object) =>
      startState({ ...options, snapshot, journal: journalOf(rows, 1040), rebuild, onUnusable, ...more });
    expect((await start({})).from).toBe('lake');
    const bytes = disk.bytes(NAME).slice();
    bytes[100] ^= 8;
    disk.replace(NAME, bytes);
    expect((await start({})).from).toBe('lake');
    const few = openState({ ...options, columns: [] });
    await saveSnapshot(few, 1050, snapshot);
    const started = await start({});
    expect(started.from).toBe('lake');
    expect(reasons).toEqual(['NOT_FOUND', 'BAD_FILE', 'VERSION']);
    expect(started.state.counts().events).toBeGreaterThan(0);
  });
});
