// Examples of a customer and an item: who may buy what they have looked at, with what is known of the one, the other and both.
import { throwIfAborted } from '../../core/errors.ts';
import type { Column } from '../../core/frame.ts';
import { DAY_MS } from '../../core/time.ts';
import { inViewOrder, lookUp, placesIn, viewOf } from '../blocks.ts';
import type { Engine } from '../engine.ts';
import { buildExamples, type ExampleOptions, type ExampleSet } from '../examples.ts';
import type { FeatureOwner } from '../features/definition.ts';
import { everyoneKnown } from '../labels.ts';
import type { EventSource } from '../source.ts';
import { standingColumns } from './candidate-standing.ts';
import {
  categoriesSql,
  categoryLog,
  everybodysItems,
  ofCustomers,
  pairKey,
  pairLog,
  splitPairKey,
} from './keyed-log.ts';

/** How far back features of items, pairs and categories look at most. */
export const PAIR_HISTORY_MS = 90 * DAY_MS;

/**
 * Examples of the pairs of a population: customers with the items of which they had a matching event within its lookback.
 *
 * Every block of features is an ordinary build of examples over the log keyed by another owner, at the same moments; nothing
 * after a moment reaches its rows.
 *
 * @returns `entities` are customers; rows rise by `asOf` and by customer and item; `subjects` name the items
 * @throws AppError as `buildExamples`
 */
export async function buildPairExamples(
  engine: Engine,
  shop: EventSource,
  options: ExampleOptions,
): Promise<ExampleSet> {
  const { view, asOfs, signal, progress, onlyEntities } = options;
  const source = ofCustomers(shop, options);
  const afterMs = Math.min(...asOfs) - PAIR_HISTORY_MS;
  const pairs = await buildExamples(engine, pairLog(source, afterMs), {
    ...options,
    onlyEntities: undefined,
    view: viewOf(view, 'pair'),
  });
  throwIfAborted(signal);
  const keys = pairs.entities.map(splitPairKey);
  const users = keys.map(([user]) => user);
  const items = keys.map(([, item]) => item);
  const rows = keys.length;
  const columns: Column[] = [...pairs.frame.columns];
  /** Features of another owner, looked up by each row's key. */
  const addBlock = async (
    owner: FeatureOwner | undefined,
    log: EventSource,
    { keyOf, only }: { keyOf: (row: number) => string | undefined; only?: readonly string[] },
  ) => {
    const own = viewOf(view, owner);
    if (own.features.length === 0) return;
    const set = await buildExamples(engine, log, {
      ...{ view: own, population: everyoneKnown, asOfs, signal, progress },
      ...(only ? { onlyEntities: only } : {}),
    });
    const placeOf = placesIn(set);
    const places = Int32Array.from(keys, (_, row) => {
      const key = keyOf(row);
      return key === undefined ? -1 : placeOf(pairs.asOf[row], key);
    });
    columns.push(...lookUp({ frame: set.frame, view: own }, places, source));
  };
  await addBlock(undefined, source, { keyOf: (row) => users[row] });
  await addBlock('item', everybodysItems(shop, afterMs), {
    keyOf: (row) => items[row],
    ...(onlyEntities ? { only: [...new Set(items)] } : {}),
  });
  const categories = await readCategories(engine, shop, signal);
  await addBlock('category', categoryLog(source, afterMs), {
    keyOf(row) {
      const category = categories.get(items[row]);
      return category === undefined ? undefined : pairKey(users[row], category);
    },
  });
  columns.push(...standingColumns(pairs, users));
  return {
    entities: users,
    asOf: pairs.asOf,
    frame: inViewOrder(view, columns, { rows, currency: source.currency }),
    ...(pairs.target ? { target: pairs.target } : {}),
    counts: pairs.counts,
    subjects: { items },
  };
}

async function readCategories(
  engine: Engine,
  source: EventSource,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const categories = new Map<string, string>();
  await engine.stream(
    `SELECT item_id, category FROM ${categoriesSql(source)}`,
    (columns, count) => {
      for (let row = 0; row < count; row++)
        categories.set(columns[0][row] as string, columns[1][row] as string);
    },
    signal,
  );
  return categories;
}
