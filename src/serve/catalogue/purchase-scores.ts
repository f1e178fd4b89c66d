// How likely an item is bought once it is shown: from a file of scores, or from what visitors viewed and bought.
import { AppError } from '../../core/errors.ts';
import { cellTexts, type Frame, findColumn } from '../../core/frame.ts';
import type { Engine } from '../../data/engine.ts';
import { itemIdColumn } from '../../data/sequences/read-items.ts';
import type { EventSource } from '../../data/source.ts';
import type { PurchaseScores } from './search-catalogue.ts';

/** `value` is what `predict item-purchase` writes. */
const SCORE = /^(value|probability|score|p)$/i;

/** Whether a column of scores names something: all but the scores. */
export const isScoreText = (column: string): boolean => !SCORE.test(column);

/**
 * Scores of a table with an item and a probability a row, such as `predict item-purchase` writes.
 *
 * @param frame read by `readTable` with `isScoreText`
 * @param user only the rows of this user; of several rows of an item the mean counts
 * @throws AppError USAGE for a table without those columns or rows of that user, BAD_DATA for numbers outside [0, 1]
 */
export function readPurchaseScores(frame: Frame, user?: string): PurchaseScores {
  const names = frame.columns.map((column) => column.name);
  const id = itemIdColumn(names);
  const scores = frame.columns.find((column) => column.kind === 'number' && SCORE.test(column.name));
  if (scores?.kind !== 'number')
    throw new AppError(
      'USAGE',
      `--intent: expected a column value, probability or score of numbers, got ${names.join(', ')}`,
    );
  const users = user === undefined ? undefined : findColumn(frame, 'user_id');
  if (user !== undefined && !users)
    throw new AppError('USAGE', '--user: expected a column user_id in the file of --intent, there is none');
  const items = cellTexts(findColumn(frame, id), frame.rows);
  const owners = users && cellTexts(users, frame.rows);
  const sums = new Map<string, { sum: number; count: number }>();
  for (let row = 0; row < frame.rows; row++) {
    const value = scores.values[row];
    if (Number.isNaN(value) || (owners && owners[row] !== user) || items[row] === '') continue;
    if (value < 0 || value > 1)
      throw new AppError(
        'BAD_DATA',
        `--intent: expected probabilities from 0 to 1 in "${scores.name}", got ${value}`,
      );
    const own = sums.get(items[row]) ?? { sum: 0, count: 0 };
    sums.set(items[row], { sum: own.sum + value, count: own.count + 1 });
  }
  if (sums.size === 0)
    throw new AppError(
      'USAGE',
      user === undefined
        ? '--intent: expected rows with scores, got none'
        : '--user: the file of --intent has no row of that user',
    );
  const of = new Map([...sums].map(([item, { sum, count }]) => [item, sum / count]));
  // What the file does not know is taken for one of its weaker items, not for an average one.
  const sorted = [...of.values()].sort((a, b) => a - b);
  return { of, usual: sorted[Math.floor(sorted.length / 4)] };
}

/** So many views at the shop's own rate stand beside an item's own. */
const SHARED_VIEWS = 50;

/**
 * Purchases a view of each item, drawn to the shop's rate as if it had been viewed fifty times more.
 *
 * @throws AppError NOT_ENOUGH_DATA without views and purchases
 */
export async function popularityScores(
  engine: Engine,
  { events }: Pick<EventSource, 'events'>,
  signal?: AbortSignal,
): Promise<PurchaseScores> {
  const rows = await engine.rows<{ item: string; views: number; purchases: number }>(
    `SELECT item_id AS item, CAST(count(*) FILTER (type = 'view') AS DOUBLE) AS views,
       CAST(count(*) FILTER (type = 'purchase') AS DOUBLE) AS purchases
     FROM ${events} WHERE item_id IS NOT NULL GROUP BY item_id`,
    signal,
  );
  const views = rows.reduce((sum, row) => sum + row.views, 0);
  const purchases = rows.reduce((sum, row) => sum + row.purchases, 0);
  if (views === 0 || purchases === 0)
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `expected views and purchases in the workspace, got ${views} and ${purchases}: name a file of scores with --intent FILE`,
    );
  const rate = Math.min(0.5, purchases / views);
  // More purchases than views happen where not all views were logged.
  const of = new Map(
    rows.map((row) => [
      row.item,
      Math.min(
        0.99,
        (row.purchases + SHARED_VIEWS * rate) / (Math.max(row.views, row.purchases) + SHARED_VIEWS),
      ),
    ]),
  );
  return { of, usual: rate };
}

/** So many customers at the shop's own share stand beside an item's own. */
const SHARED_CUSTOMERS = 50;
/** Of a shop in which nobody has bought anything yet. */
const NOTHING_BOUGHT: PurchaseScores = { of: new Map(), usual: 0.01 };

/**
 * {@link popularityScores}; for a shop whose views are not logged, the share of its customers who bought the item, drawn to
 * that of the average item.
 */
export async function shopPurchaseScores(
  engine: Engine,
  source: Pick<EventSource, 'events'>,
  signal?: AbortSignal,
): Promise<PurchaseScores> {
  try {
    return await popularityScores(engine, source, signal);
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'NOT_ENOUGH_DATA')) throw error;
  }
  const rows = await engine.rows<{ item: string; buyers: number; customers: number }>(
    `SELECT item_id AS item, CAST(count(DISTINCT user_id) AS DOUBLE) AS buyers,
       (SELECT CAST(count(DISTINCT user_id) AS DOUBLE) FROM ${source.events} WHERE type = 'purchase') AS customers
     FROM ${source.events} WHERE type = 'purchase' AND item_id IS NOT NULL AND user_id IS NOT NULL GROUP BY item_id`,
    signal,
  );
  if (rows.length === 0) return NOTHING_BOUGHT;
  const [{ customers }] = rows;
  const usual = rows.reduce((sum, { buyers }) => sum + buyers, 0) / rows.length / customers;
  const of = new Map(
    rows.map(({ item, buyers }) => [
      item,
      Math.min(0.99, (buyers + SHARED_CUSTOMERS * usual) / (customers + SHARED_CUSTOMERS)),
    ]),
  );
  return { of, usual: Math.min(0.5, usual) };
}
