// Examples of a customer and an item: who may buy what they have looked at, with what is known of the one, the other and both.
import { throwIfAborted } from '../../core/errors.ts';
import type { Column } from '../../core/frame.ts';
import { DAY_MS } from '../../core/time.ts';
import { inViewOrder, lookUp, placesIn, viewOf } from '../blocks.ts';
import type { Engine } from '../engine.ts';
import { buildExamples, type ExampleOptions, type ExampleSet } from '../examples.ts';
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
  const shared = { population: everyoneKnown, asOfs, signal };
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
  const places = (set: ExampleSet, keyOf: (row: number) => string | undefined) => {
    const placeOf = placesIn(set);
    return Int32Array.from(keys, (_, row) => {
      const key = keyOf(row);
      return key === undefined ? -1 : placeOf(pairs.asOf[row], key);
    });
  };
  const columns: Column[] = [...pairs.frame.columns];
  const userView = viewOf(view, undefined);
  const ofUsers = await buildExamples(engine, source, { ...shared, view: userView, progress });
  columns.push(
    ...lookUp(
      { frame: ofUsers.frame, view: userView },
      places(ofUsers, (row) => users[row]),
      source,
    ),
  );
  const itemView = viewOf(view, 'item');
  const ofItems = await buildExamples(engine, everybodysItems(shop, afterMs), {
    ...shared,
    view: itemView,
    ...(onlyEntities ? { onlyEntities: [...new Set(items)] } : {}),
    progress,
  });
  columns.push(
    ...lookUp(
      { frame: ofItems.frame, view: itemView },
      places(ofItems, (row) => items[row]),
      source,
    ),
  );
  const categoryView = viewOf(view, 'category');
  if (categoryView.features.length > 0) {
    const categories = await readCategories(engine, shop, signal);
    const ofCategories = await buildExamples(engine, categoryLog(source, afterMs), {
      ...shared,
      view: categoryView,
      progress,
    });
    const keyOf = (row: number) => {
      const category = categories.get(items[row]);
      return category === undefined ? undefined : pairKey(users[row], category);
    };
    columns.push(
      ...lookUp({ frame: ofCategories.frame, view: categoryView }, places(ofCategories, keyOf), source),
    );
  }
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
