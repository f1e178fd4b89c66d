// Do SQL, the online fold and the oracle give the same values? Counts every difference, and shows the first few.
import type { Frame } from '../../src/core/frame.ts';
import { random } from '../../src/core/random.ts';
import type { Engine } from '../../src/data/engine.ts';
import { EVENT_COLUMNS, type EventRow } from '../../src/data/event.ts';
import { buildExamples } from '../../src/data/examples.ts';
import type { FeatureView } from '../../src/data/features/definition.ts';
import { compileFold, type FeatureValue } from '../../src/data/features/fold.ts';
import { everyoneKnown } from '../../src/data/labels.ts';
import type { EventSource } from '../../src/data/source.ts';
import { type OracleItem, openOracle } from './oracle.ts';

export interface AgreementOptions {
  readonly view: FeatureView;
  readonly items?: ReadonlyMap<string, OracleItem>;
  readonly users: number;
  readonly moments: number;
  readonly seed: number;
}

export interface Agreement {
  readonly examples: number;
  readonly values: number;
  readonly differences: readonly string[];
  readonly differing: number;
}

/** Look-backs of the views: a moment this long after an event stands on the open end of its window. */
const LOOKBACK_DAYS = [7, 20, 25, 30, 45, 60, 90, 180];

/** Random users at random moments of the log; some fall exactly on an event, some a look-back after one. */
export async function checkAgreement(
  engine: Engine,
  source: EventSource,
  { view, items = new Map(), users, moments, seed }: AgreementOptions,
): Promise<Agreement> {
  const draw = random(seed);
  const everyone = await engine.rows<{ user_id: string }>(
    `SELECT DISTINCT user_id FROM ${source.events} WHERE user_id IS NOT NULL ORDER BY user_id`,
  );
  const chosen = draw.shuffle(everyone.map(({ user_id }) => user_id)).slice(0, users);
  const eventTimes = await engine.rows<{ timestamp: number }>(
    `SELECT DISTINCT timestamp FROM ${source.events} ORDER BY timestamp`,
  );
  const anEvent = () => eventTimes[draw.integer(eventTimes.length)].timestamp;
  const asOfs = Array.from({ length: moments }, (_, i) => {
    if (i % 3 === 0) return anEvent();
    if (i % 3 === 1) return anEvent() + LOOKBACK_DAYS[draw.integer(LOOKBACK_DAYS.length)] * 86_400_000;
    return Math.floor(source.firstMs + draw.uniform() * (source.lastMs - source.firstMs + 40 * 86_400_000));
  });
  const histories = await readHistories(engine, source, chosen);
  const set = await buildExamples(engine, source, {
    view,
    population: everyoneKnown,
    asOfs,
    onlyEntities: chosen,
  });
  const fold = compileFold(view, { zone: source.zone, items });
  const oracle = openOracle({ zone: source.zone.zone, items });
  const differences: string[] = [];
  let differing = 0;
  let values = 0;
  set.entities.forEach((entity, row) => {
    const asOf = set.asOf[row];
    const history = (histories.get(entity) ?? []).filter((event) => event.timestamp <= asOf);
    const folded = fold(histories.get(entity) ?? [], asOf);
    view.features.forEach((feature, f) => {
      const truth = oracle(feature, history, asOf);
      const fromSql = cellOf(set.frame, f, row);
      values++;
      if (same(fromSql, truth) && same(folded[f], truth)) return;
      differing++;
      if (differences.length < 10) {
        differences.push(
          `${feature.name} at ${new Date(asOf).toISOString()}: oracle ${truth}, sql ${fromSql}, fold ${folded[f]}`,
        );
      }
    });
  });
  return { examples: set.entities.length, values, differences, differing };
}

async function readHistories(engine: Engine, source: EventSource, users: readonly string[]) {
  const histories = new Map<string, EventRow[]>(users.map((user) => [user, []]));
  const columns = Object.keys(EVENT_COLUMNS)
    .map((column) => `"${column}"`)
    .join(', ');
  const rows = await engine.rows(`SELECT ${columns} FROM ${source.events} WHERE user_id IS NOT NULL`);
  for (const row of rows as unknown as EventRow[]) histories.get(row.user_id ?? '')?.push(row);
  return histories;
}

/** What stands in a column of a view, as the fold says it. */
export function cellOf(frame: Frame, f: number, row: number): FeatureValue {
  const column = frame.columns[f];
  if (column.kind === 'number') return column.values[row];
  if (column.kind === 'category') return column.codes[row] < 0 ? null : column.levels[column.codes[row]];
  if (column.kind !== 'sequence') throw new Error(`a ${column.kind} column from a view`);
  const codes = column.codes.subarray(column.offsets[row], column.offsets[row + 1]);
  return Array.from(codes, (code) => column.levels[code] ?? null);
}

/** Integers to the last bit, floats 1e-9 relative. */
export function same(got: FeatureValue, truth: FeatureValue): boolean {
  if (typeof truth === 'number' && typeof got === 'number') {
    if (Object.is(got, truth) || got === truth) return true;
    if (Number.isNaN(got) || Number.isNaN(truth) || Number.isInteger(truth)) {
      // A ratio that happens to be whole may come out one rounding away; a count may not.
      return (
        Number.isInteger(truth) && !Number.isInteger(got) && Math.abs(got - truth) <= 1e-9 * Math.abs(truth)
      );
    }
    return Math.abs(got - truth) <= 1e-9 * Math.abs(truth);
  }
  if (Array.isArray(truth)) return JSON.stringify(got) === JSON.stringify(truth);
  return got === truth;
}
