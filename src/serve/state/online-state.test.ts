import { describe, expect, it } from 'vitest';
import { everyRule } from '../../../test/features/every-rule.ts';
import { randomLog } from '../../../test/features/random-log.ts';
import { random } from '../../core/random.ts';
import { DAY_MS, zoneOffsets } from '../../core/time.ts';
import type { EventRow } from '../../data/event.ts';
import { defaultView, withEvents } from '../../data/features/default-view.ts';
import type { FeatureView } from '../../data/features/definition.ts';
import { compileEventFold, compileFold } from '../../data/features/fold.ts';
import { openState, type State } from './online-state.ts';

const START = Date.UTC(2022, 2, 1);
const log = randomLog({ seed: 5, users: 12, startMs: START, days: 300 });
const context = { zone: zoneOffsets('America/Havana'), items: log.items };
const views = [everyRule, withEvents(defaultView(60))];
const inTime = log.events.toSorted(
  (a, b) => a.timestamp - b.timestamp || Buffer.compare(Buffer.from(a.event_id), Buffer.from(b.event_id)),
);
const people = [...new Set(log.events.flatMap(({ user_id }) => user_id ?? []))];
const ownOf = (user: string): EventRow[] => log.events.filter(({ user_id }) => user_id === user);
const folds = new Map(
  views.map((view) => [view, { rows: compileFold(view, context), state: compileEventFold(view, context) }]),
);

/** What the state says beside what the fold over all rows says, of features that are exact. */
function compare(state: State, user: string, rows: readonly EventRow[], asOf: number, view: FeatureView) {
  const known = state.find({ user_id: user });
  const fold = folds.get(view)!;
  const told = known && fold.state(known.events, asOf, known.past);
  const truth = fold.rows(rows, asOf);
  const inexact = new Set(told?.inexact);
  const pick = (values: readonly unknown[] | undefined) =>
    values?.map((value, f) => (inexact.has(f) ? '–' : value));
  return { told: pick(told?.values), truth: pick(truth), inexact: inexact.size };
}

function expectEqual(state: State, moments: (user: string) => readonly number[]): number {
  let inexact = 0;
  for (const user of people)
    for (const asOf of moments(user))
      for (const view of views) {
        const compared = compare(state, user, ownOf(user), asOf, view);
        expect(compared.told).toEqual(compared.truth);
        inexact += compared.inexact;
      }
  return inexact;
}

const someMoments = (user: string): number[] => {
  const times = ownOf(user).map(({ timestamp }) => timestamp);
  return [...times.slice(0, 4), Math.max(...times), Math.max(...times) + 40 * DAY_MS, START - 1];
};

describe('the online state', () => {
  it('gives the features that a fold over all rows gives, at any moment', () => {
    const state = openState({ views, context });
    state.apply(inTime);
    expect(expectEqual(state, someMoments)).toBe(0);
    expect(state.counts().late).toBe(0);
  });

  it('gives them whatever the order in which events come, but for the order of what shares a moment', () => {
    const state = openState({ views, context });
    // No two events of a moment, or their order would be theirs to tell.
    const apart = new Map(log.events.map((row) => [`${row.user_id} ${row.timestamp}`, row]));
    const rows = [...apart.values()];
    state.apply(random(3).shuffle([...rows]));
    expect(state.counts().late).toBeGreaterThan(100);
    for (const user of people) {
      const own = rows.filter(({ user_id }) => user_id === user);
      for (const view of views) {
        const { told, truth } = compare(state, user, own, START + 310 * DAY_MS, view);
        expect(told).toEqual(truth);
      }
    }
  });

  it('keeps the order of one moment by event id, whichever comes first', () => {
    const rows = ['c', 'a', 'd', 'b'].map(
      (id): EventRow => ({ event_id: id, type: 'view', timestamp: START, user_id: 'ann', item_id: id }),
    );
    const state = openState({ views, context });
    state.apply(rows);
    expect(state.find({ user_id: 'ann' })?.events.texts('item_id')).toEqual(['a', 'b', 'c', 'd']);
    expect(state.counts()).toMatchObject({ events: 4, looseTies: 0 });
  });

  it('stays exact over all history where only the last few events are kept, and says what is not', () => {
    const state = openState({ views, context, eventsPerUser: 8 });
    state.apply(inTime);
    const last = (user: string) => [Math.max(...ownOf(user).map(({ timestamp }) => timestamp)) + DAY_MS];
    const inexact = expectEqual(state, last);
    expect(inexact).toBeGreaterThan(0);
    expect(inexact).toBeLessThan(0.5 * people.length * (views[0].features.length + views[1].features.length));
    const busiest = people.toSorted((a, b) => ownOf(b).length - ownOf(a).length)[0];
    const known = state.find({ user_id: busiest })!;
    expect(known.events.length).toBeLessThan(10);
    const { inexact: places } = folds.get(views[1])!.state(known.events, last(busiest)[0], known.past);
    const names = places.map((f) => views[1].features[f].name);
    // Over all history, or over a window that the kept events cover.
    for (const exact of [
      'frequency',
      'orders',
      'revenue',
      'items_bought',
      'mean_gap',
      'sessions',
      'days_known',
    ])
      expect(names).not.toContain(exact);
    expect(names).toContain('orders_365d');
  });

  it('adds what comes after its time to what is gone, and says what depends on the order', () => {
    const state = openState({ views, context, eventsPerUser: 6 });
    const lost = inTime.filter((_, i) => i % 9 === 4);
    state.apply(inTime.filter((_, i) => i % 9 !== 4));
    state.apply(lost);
    const last = (user: string) => [Math.max(...ownOf(user).map(({ timestamp }) => timestamp)) + DAY_MS];
    expectEqual(state, last);
  });
});
