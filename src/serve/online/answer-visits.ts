// A saved model of visits asked about the visits people are on, from their own events in memory.
import { minorPerMajor } from '../../core/money.ts';
import { UTC } from '../../core/time.ts';
import { inViewOrder } from '../../data/blocks.ts';
import type { FeatureOwner, FeatureView } from '../../data/features/definition.ts';
import { withEventDays } from '../../data/features/event-days.ts';
import type { FieldContext } from '../../data/features/fields.ts';
import { compileEventFold } from '../../data/features/fold.ts';
import { foldFrame } from '../../data/features/fold-frame.ts';
import { takeEvents, type UserEvents } from '../../data/features/user-events.ts';
import { placeAfter } from '../../data/features/user-log.ts';
import { clockColumns, ownView, VISITOR_HISTORY_MS, ZERO_MS } from '../../data/visits/visit-examples.ts';
import { forecast } from '../../models/calibrated.ts';
import type { LoadedBundle } from '../../registry/bundle.ts';
import type { AnswerOptions, AskedUser, OnlineAnswers } from './answer-users.ts';
import type { ItemColumns } from './item-columns.ts';
import { findOpenVisit, type OpenVisit } from './open-visit.ts';

/** A visitor, and which of their visits; the newest one open where none is named. */
export interface AskedVisit extends AskedUser {
  readonly sessionId?: string;
}

export interface VisitAnswerer {
  answer(visits: readonly AskedVisit[], asOfMs: number, options?: AnswerOptions): Promise<OnlineAnswers>;
}

interface Found extends AskedVisit {
  readonly visit: OpenVisit;
}

/** Whose events a block of features is made of. */
const OWN_BLOCKS: readonly (readonly [FeatureOwner | undefined, (found: Found) => UserEvents])[] = [
  ['visit', ({ visit }) => visit.events],
  [
    undefined,
    ({ events, visit }) => between(events, visit.startMs - VISITOR_HISTORY_MS, visit.startMs, true),
  ],
  ['visitor', ({ events, visit }) => between(events, visit.atMs - VISITOR_HISTORY_MS, visit.atMs)],
  [
    'pair',
    ({ events, visit }) => withItem(between(events, visit.atMs - VISITOR_HISTORY_MS, visit.atMs), visit.item),
  ],
];

/**
 * The features are those of `buildVisitExamples` but for what everybody did with the item met last, which is as of the
 * lake's last event.
 */
export function openVisitAnswerer(
  bundle: LoadedBundle,
  context: FieldContext,
  items: () => Promise<ItemColumns>,
): VisitAnswerer {
  const { view, calibrated, background, task } = bundle;
  const { currency } = background.frame;
  // On every example's own clock, as the examples were made.
  const rebased: FieldContext = { ...context, zone: UTC };
  const compile = (asked: FeatureView) =>
    OWN_BLOCKS.map(([owner, eventsOf]) => {
      const own = ownView(asked, owner);
      const isBehind = owner === undefined || owner === 'visitor' || owner === 'pair';
      return { own, eventsOf, isBehind, fold: compileEventFold(own, rebased) };
    });
  const usual = compile(view);
  const money = task.kind === 'amount';
  return {
    async answer(visits, asOfMs, { withDays = false } = {}) {
      const asked = withDays ? withEventDays(view, asOfMs) : view;
      const blocks = withDays ? compile(asked) : usual;
      const rows = new Int32Array(visits.length).fill(-1);
      const found: Found[] = [];
      visits.forEach((each, at) => {
        const visit = findOpenVisit(each.events, asOfMs, each.sessionId);
        if (visit) rows[at] = found.push({ ...each, visit }) - 1;
      });
      const itemColumns = await items();
      const at = Float64Array.from(found, ({ visit }) => visit.atMs);
      const columns = [
        ...blocks.flatMap(({ own, eventsOf, fold }) => {
          const values = found.map(
            (each) => fold(onOwnClock(eventsOf(each), each.visit.atMs), ZERO_MS).values,
          );
          return foldFrame(own, values, currency).columns;
        }),
        ...itemColumns.of(found.map(({ visit }) => visit.item)),
        ...clockColumns(asked, at, context.zone),
      ];
      const frame = inViewOrder(asked, columns, { rows: found.length, currency });
      const behind = blocks
        .filter(({ isBehind }) => isBehind)
        .flatMap(({ own }) => own.features.map(({ name }) => name));
      return {
        rows,
        inexact: found.map(({ past, visit }) =>
          past && past.untilMs > visit.startMs - VISITOR_HISTORY_MS ? behind : [],
        ),
        predictions: {
          entities: found.map(({ userId }) => userId),
          asOf: asOfMs,
          frame,
          forecast: await forecast(calibrated, frame, new Float64Array(frame.rows).fill(asOfMs)),
          unit: money ? currency : 'probability',
          perUnit: money ? minorPerMajor(currency) : 1,
          subjects: { sessions: found.map(({ visit }) => visit.sessionId), at },
        },
      };
    },
  };
}

/** Events in `(afterMs, untilMs]`, or before `untilMs`. */
function between(events: UserEvents, afterMs: number, untilMs: number, isBefore = false): UserEvents {
  const { times, length } = events;
  const from = placeAfter(times, length, afterMs);
  let to = placeAfter(times, length, untilMs);
  if (isBefore) while (to > from && times[to - 1] >= untilMs) to--;
  return takeEvents(
    events,
    Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i),
  );
}

function withItem(events: UserEvents, item: string): UserEvents {
  const items = events.texts('item_id');
  const places: number[] = [];
  for (let at = 0; at < events.length; at++) if (item !== '' && items[at] === item) places.push(at);
  return takeEvents(events, places);
}

/** The moment stands at the same hour for every example. */
const onOwnClock = (events: UserEvents, atMs: number): UserEvents => ({
  ...events,
  times: events.times.map((ms) => ms - atMs + ZERO_MS),
});
