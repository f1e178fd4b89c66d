// Examples of visits: moments within a session, what the visit and the visitor did by then, and whether the outcome followed.
import { AppError } from '../../core/errors.ts';
import type { Column, NumberColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { silent } from '../../core/progress.ts';
import { DAY_MS, HOUR_MS, localDay, offsetAt, UTC, type ZoneOffsets } from '../../core/time.ts';
import { inViewOrder, lookUp, placesIn, viewOf } from '../blocks.ts';
import type { Engine } from '../engine.ts';
import { buildExamples, type ExampleOptions, type ExampleSet } from '../examples.ts';
import type { FeatureOwner, FeatureView } from '../features/definition.ts';
import { formulaOf } from '../features/formula.ts';
import { everyoneKnown, type LabelDefinition } from '../labels.ts';
import { customersSql, everybodysItems } from '../pairs/keyed-log.ts';
import type { EventSource } from '../source.ts';
import { cutVisits, drawMoments, openMoments, visitorLog } from './visits.ts';

export interface VisitOptions extends Omit<ExampleOptions, 'population'> {
  readonly seed?: number;
}

/** How far back features of visitors and items look at most. */
export const VISITOR_HISTORY_MS = 90 * DAY_MS;

/** Visits that run across the ends of what is asked about must be seen to: so much is read before and after. */
export const READ_AROUND_MS = DAY_MS;

/**
 * On the logs below every example is a customer of its own whose clock shows this at its moment, so that one SELECT
 * answers for moments that all differ. The last instant of a day: what happened less than 24 hours before is of "today".
 */
export const ZERO_MS = 40_000 * DAY_MS - 1;

const STEPS = 6;

/** Of so few moments the items are looked up by name. */
const FEW_ROWS = 1000;

let built = 0;

/**
 * With a label: moments drawn from visits that begin and end within `horizonMs` after one of `asOfs`. Without: the visits
 * open at each of `asOfs`, as they stood at their last event. Either way only before the outcome has come.
 *
 * Features of the visit see its events up to and including the moment; those of the visitor see what came before the visit;
 * those of the item (the one last met) see everybody's events up to `asOf`; those of the pair see this visitor's events with
 * it up to the moment. The label is over the rest of the visit.
 *
 * @returns `entities` are visitors; rows rise by `asOf`, visitor and moment; `subjects` say which visit and which moment
 * @throws AppError as `buildExamples`
 */
export async function buildVisitExamples(
  engine: Engine,
  shop: EventSource,
  options: VisitOptions,
): Promise<ExampleSet> {
  const { view, label, signal, progress = silent, seed = 0 } = options;
  const starts = [...new Set(options.asOfs)].sort((a, b) => a - b);
  const { horizonMs } = options;
  if (label && !(horizonMs !== undefined && horizonMs > 0))
    throw new AppError('USAGE', `expected a stretch of more than zero beside the label, got ${horizonMs}`);
  const source = visitorLog(shop);
  const prefix = `visits_${++built}`;
  const visits = `${prefix}_cut`;
  const moments = `${prefix}_moments`;
  const made = [visits, moments];
  try {
    await cutVisits(engine, source, visits, {
      afterMs: starts[0] - READ_AROUND_MS,
      untilMs: starts[starts.length - 1] + (label ? (horizonMs as number) + READ_AROUND_MS : 0),
      outcome: label?.filter ?? { types: ['purchase'] },
      visitors: customersSql(options),
      signal,
    });
    if (label) {
      const stretchMs = horizonMs as number;
      await drawMoments(engine, visits, moments, { starts, stretchMs, seed, signal });
    } else await openMoments(engine, visits, moments, { asOf: starts[starts.length - 1], signal });
    progress.step({ task: 'features', done: 1, total: STEPS, unit: 'steps' });
    const rows = await readMoments(engine, moments, signal);

    let done = 1;
    /** The features of one owner, each example's events in a log of its own whose clock ends at its moment. */
    const block = async (owner: FeatureOwner | undefined, log: string, label?: LabelDefinition) => {
      const own = ownView(view, owner);
      if (own.features.length === 0 && !label) return { columns: [] };
      const table = `${prefix}_${owner ?? 'before'}`;
      made.push(table);
      const rebased = `REPLACE (x.id AS user_id, e.timestamp - x.at_t + ${ZERO_MS} AS timestamp)`;
      await engine.run(`CREATE TEMP TABLE ${table} AS SELECT e.* ${log.replace('REBASED', rebased)}`, signal);
      const set = await buildExamples(
        engine,
        { ...source, events: table, zone: UTC, firstMs: 0, lastMs: 2 * ZERO_MS },
        {
          ...{ view: own, population: everyoneKnown, asOfs: [ZERO_MS], signal },
          ...(label ? { label, horizonMs } : {}),
        },
      );
      await engine.run(`DROP TABLE ${table}`);
      progress.step({ task: 'features', done: ++done, total: STEPS, unit: 'steps' });
      const placeOf = placesIn(set);
      const places = Int32Array.from(rows.ids, (id) => placeOf(ZERO_MS, id));
      return { columns: lookUp({ frame: set.frame, view: own }, places, source), target: set.target };
    };
    const { columns: ofVisit, target } = await block(
      'visit',
      `EXCLUDE (visit, start_t, end_t, done_t) REBASED FROM ${visits} AS e JOIN ${moments} AS x ON e.user_id = x.user_id AND e.visit = x.visit AND e.start_t = x.start_t`,
      label,
    );
    const { columns: before } = await block(
      undefined,
      `REBASED FROM ${source.events} AS e JOIN ${moments} AS x ON e.user_id = x.user_id AND e.timestamp < x.start_t AND e.timestamp > x.start_t - ${VISITOR_HISTORY_MS}`,
    );
    const { columns: ofVisitor } = await block(
      'visitor',
      `REBASED FROM ${source.events} AS e JOIN ${moments} AS x ON e.user_id = x.user_id AND e.timestamp <= x.at_t AND e.timestamp > x.at_t - ${VISITOR_HISTORY_MS}`,
    );
    const { columns: ofPair } = await block(
      'pair',
      `REBASED FROM ${source.events} AS e JOIN ${moments} AS x ON e.user_id = x.user_id AND e.item_id = x.item_id AND e.timestamp <= x.at_t AND e.timestamp > x.at_t - ${VISITOR_HISTORY_MS}`,
    );
    const ofItem = await itemColumns(engine, source, { view, starts, rows, signal });
    const columns = [
      ...ofVisit,
      ...before,
      ...ofVisitor,
      ...ofPair,
      ...ofItem,
      ...clockColumns(view, rows.at, shop.zone),
    ];
    progress.step({ task: 'features', done: STEPS, total: STEPS, unit: 'steps' });
    return {
      entities: rows.visitors,
      asOf: rows.asOf,
      frame: inViewOrder(view, columns, { rows: rows.ids.length, currency: source.currency }),
      ...(target ? { target } : {}),
      counts: starts.map((start) => ({
        asOf: start,
        rows: rows.asOf.reduce((count, asOf) => count + (asOf === start ? 1 : 0), 0),
      })),
      subjects: { sessions: rows.sessions, at: rows.at },
    };
  } finally {
    for (const table of made) await engine.run(`DROP TABLE IF EXISTS ${table}`);
  }
}

/** Features of an owner that are made of events; the calendar is read off each row's own moment. */
export const ownView = (view: FeatureView, owner: FeatureOwner | undefined): FeatureView => {
  const own = viewOf(view, owner);
  return { ...own, features: own.features.filter(({ rule }) => rule.kind !== 'calendar') };
};

/** What everybody did with the item met last, up to the beginning of the stretch. */
async function itemColumns(
  engine: Engine,
  source: EventSource,
  {
    view,
    starts,
    rows,
    signal,
  }: { view: FeatureView; starts: readonly number[]; rows: MomentRows; signal?: AbortSignal },
): Promise<readonly Column[]> {
  const own = ownView(view, 'item');
  if (own.features.length === 0) return [];
  const items = await buildExamples(engine, everybodysItems(source, starts[0] - VISITOR_HISTORY_MS), {
    view: own,
    population: everyoneKnown,
    asOfs: starts,
    ...(rows.ids.length <= FEW_ROWS ? { onlyEntities: [...new Set(rows.items)] } : {}),
    signal,
  });
  const placeOf = placesIn(items);
  const places = Int32Array.from(rows.items, (item, row) => placeOf(rows.asOf[row], item));
  return lookUp({ frame: items.frame, view: own }, places, source);
}

interface MomentRows {
  readonly ids: readonly string[];
  readonly visitors: string[];
  /** The session id, or when the visit began. */
  readonly sessions: string[];
  readonly items: string[];
  readonly asOf: Float64Array;
  readonly at: Float64Array;
}

async function readMoments(engine: Engine, table: string, signal?: AbortSignal): Promise<MomentRows> {
  const ids: string[] = [];
  const visitors: string[] = [];
  const sessions: string[] = [];
  const items: string[] = [];
  const asOf: number[] = [];
  const at: number[] = [];
  await engine.stream(
    `SELECT id, user_id, visit, coalesce(item_id, ''), CAST(origin AS DOUBLE), CAST(at_t AS DOUBLE), CAST(start_t AS DOUBLE) FROM ${table} ORDER BY id`,
    (columns, count) => {
      for (let row = 0; row < count; row++) {
        ids.push(columns[0][row] as string);
        visitors.push(columns[1][row] as string);
        sessions.push((columns[2][row] as string) || new Date(columns[6][row] as number).toISOString());
        items.push(columns[3][row] as string);
        asOf.push(columns[4][row] as number);
        at.push(columns[5][row] as number);
      }
    },
    signal,
  );
  return { ids, visitors, sessions, items, asOf: Float64Array.from(asOf), at: Float64Array.from(at) };
}

/** The hour, and what the view asks of the calendar, at each row's own moment on the shop's clock. */
export function clockColumns(view: FeatureView, at: Float64Array, zone: ZoneOffsets): NumberColumn[] {
  const hours: NumberColumn = {
    kind: 'number',
    name: 'visit_hour',
    label: name('Hour of the day', '一天中的小时'),
    unit: 'none',
    group: 'calendar',
    values: at.map((ms) => Math.floor((ms + offsetAt(zone, ms)) / HOUR_MS) % 24),
  };
  const calendar = view.features.filter(({ rule }) => rule.kind === 'calendar');
  return [
    hours,
    ...calendar.map((feature): NumberColumn => {
      const formula = formulaOf(feature);
      const { name: own, label, unit, group } = feature;
      const values = at.map((asOfMs) => formula.finish([], { asOfMs, day: localDay(zone, asOfMs) }));
      return { kind: 'number', name: own, label, unit, group, values };
    }),
  ];
}
