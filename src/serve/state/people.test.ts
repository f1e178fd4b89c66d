import { describe, expect, it } from 'vitest';
import { DAY_MS, UTC } from '../../core/time.ts';
import type { EventRow, EventType } from '../../data/event.ts';
import { defaultView } from '../../data/features/default-view.ts';
import { compileEventFold } from '../../data/features/fold.ts';
import { ALL_COLUMNS } from './kept-columns.ts';
import { openState, type State } from './online-state.ts';

const START = Date.UTC(2024, 4, 1);
let made = 0;
const row = (at: number, type: EventType, who: Partial<EventRow>): EventRow => ({
  event_id: `e${String(made++).padStart(4, '0')}`,
  type,
  timestamp: START + at,
  user_id: null,
  item_id: `item ${at}`,
  ...who,
});
const ann = { user_id: 'ann' };
const cookie = { anonymous_id: 'cookie' };
const views = [defaultView(30)];
const context = { zone: UTC };
const open = (more: object = {}) => openState({ views, context, columns: ALL_COLUMNS, ...more });
const timesOf = (state: State, who: { user_id?: string; anonymous_id?: string }) =>
  [...(state.find(who)?.events.times ?? [])].map((time) => time - START);

describe('a visitor who turns out to be a user', () => {
  it('gives the user what came before and what comes after, in the order of time', () => {
    const state = open();
    state.apply([
      row(1, 'view', cookie),
      row(5, 'view', cookie),
      row(3, 'view', ann),
      row(9, 'purchase', ann),
    ]);
    expect(timesOf(state, cookie)).toEqual([1, 5]);
    state.adopt('cookie', 'ann');
    state.adopt('cookie', 'ann');
    expect(timesOf(state, ann)).toEqual([1, 3, 5, 9]);
    expect(timesOf(state, cookie)).toEqual([1, 3, 5, 9]);
    state.apply([row(11, 'view', cookie), row(2, 'view', cookie)]);
    expect(timesOf(state, ann)).toEqual([1, 2, 3, 5, 9, 11]);
    expect(state.counts()).toMatchObject({ people: 1, events: 6 });
  });

  it('keeps the order of the newest moment by event id, whoever had which', () => {
    const state = open();
    const at = (event_id: string, who: object) => ({ ...row(7, 'view', who), event_id, item_id: event_id });
    state.apply([at('b', ann), at('d', ann), at('a', cookie), at('c', cookie)]);
    state.adopt('cookie', 'ann');
    expect(state.find(ann)?.events.texts('item_id')).toEqual(['a', 'b', 'c', 'd']);
    state.apply([at('bb', ann)]);
    expect(state.find(ann)?.events.texts('item_id')).toEqual(['a', 'b', 'bb', 'c', 'd']);
  });

  it('is exact where the user’s own oldest events are gone, and says what is not where the visitor’s are', () => {
    const names = views[0].features.map(({ name }) => name);
    const fold = compileEventFold(views[0], context);
    const inexactOf = (state: State) => {
      const known = state.find(ann);
      return fold(known!.events, START + DAY_MS, known?.past).inexact.map((f) => names[f]);
    };
    const many = Array.from({ length: 30 }, (_, i) => i);
    const own = open({ eventsPerUser: 8 });
    own.apply([
      ...many.map((i) => row(100 + i, 'purchase', ann)),
      row(50, 'view', cookie),
      row(128, 'view', cookie),
    ]);
    own.adopt('cookie', 'ann');
    expect(inexactOf(own)).not.toContain('orders');
    expect(inexactOf(own)).toContain('orders_7d');
    const visitors = open({ eventsPerUser: 8 });
    visitors.apply([...many.map((i) => row(100 + i, 'view', cookie)), row(50, 'purchase', ann)]);
    visitors.adopt('cookie', 'ann');
    expect(inexactOf(visitors)).toEqual(expect.arrayContaining(['orders', 'sessions', 'days_known']));
  });
});

it('somebody of the same id as a visitor and as a user is two people', () => {
  const state = open();
  state.apply([
    row(1, 'view', { user_id: 'x' }),
    row(2, 'view', { anonymous_id: 'x' }),
    row(3, 'view', { session_id: 'x' }),
  ]);
  expect(timesOf(state, { user_id: 'x' })).toEqual([1]);
  expect(timesOf(state, { anonymous_id: 'x' })).toEqual([2]);
  expect(state.counts().people).toBe(3);
  expect(state.erase('x')).toBe(true);
  expect(state.counts()).toMatchObject({ people: 0, events: 0 });
});

it('never throws for what stands in a row, and counts what belongs to nobody or to no moment', () => {
  const state = open();
  state.apply([
    row(1, 'view', {}),
    { ...row(2, 'view', ann), timestamp: Number.NaN },
    { ...row(3, 'view', ann), timestamp: 1.5 },
    { ...row(4, 'view', ann), item_id: '\ud800\udc00\udfff', price_minor: -5, quantity: 1e300, props: '{' },
    { ...row(5, 'view', ann), query: 'x'.repeat(200_000) },
    { ...row(6, 'nonsense' as EventType, ann), event_id: '' },
    { ...row(-4e15, 'view', ann) },
  ]);
  expect(state.counts()).toMatchObject({ passedOver: 3, events: 4, people: 1 });
  expect([...(state.find(ann)?.events.numbers('price_minor') ?? [])].filter((price) => price === -5)).toEqual(
    [-5],
  );
  expect(state.find(ann)?.events.texts('query').at(2)?.length).toBe(200_000);
});

it('takes more items and contexts than it knows by number, none of them changed', () => {
  const state = open({ mostItems: 3 });
  const rows = Array.from({ length: 10 }, (_, i) => ({ ...row(i, 'view', ann), country: `C${i}` }));
  state.apply(rows);
  expect(state.find(ann)?.events.texts('item_id')).toEqual(rows.map(({ item_id }) => item_id));
  expect(state.find(ann)?.events.texts('country')).toEqual(rows.map(({ country }) => country));
});

it('forgets visitors of long ago, and users never', () => {
  const state = open();
  state.apply([row(1, 'view', ann), row(2, 'view', cookie), row(50, 'view', { session_id: 's' })]);
  expect(state.forgetVisitors(START + 10)).toBe(1);
  expect(timesOf(state, cookie)).toEqual([]);
  expect(state.counts().people).toBe(2);
  state.apply([row(60, 'view', cookie)]);
  expect(timesOf(state, cookie)).toEqual([60]);
});

it('answers with other views where their columns are kept', () => {
  const state = openState({ views, context });
  state.changeViews([defaultView(90)]);
  const sessions = {
    ...views[0],
    features: [
      { ...views[0].features[0], rule: { kind: 'distinct', field: 'session_id', filter: {} } as const },
    ],
  };
  expect(() => state.changeViews([sessions])).toThrow(/session_id/);
});
