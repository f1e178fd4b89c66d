// Searches as a shop logged them, which items were shown and which bought, read to teach a catalogue what to put first.
import { AppError } from '../../core/errors.ts';
import { cellTexts, type Frame } from '../../core/frame.ts';
import { hash32 } from '../../core/random.ts';
import {
  type AnsweredSearch,
  learnOrder,
  type OrderWeights,
  orderScores,
  UNTAUGHT,
} from '../../models/retrieval/purchase-order.ts';
import type { OpenCatalogue } from './open-catalogue.ts';
import { fitOf, type PurchaseScores } from './search-catalogue.ts';

export interface TaughtOrder {
  /** Learned from all searches. */
  readonly weights: OrderWeights;
  readonly searches: number;
  readonly purchases: number;
  /** On a fifth of the searches, by weights learned from the others; absent where those are too few to learn from. */
  readonly held?: {
    readonly searches: number;
    /** Mean of 1 / rank of what was bought among what was shown. */
    readonly taught: number;
    readonly untaught: number;
    readonly likenessAlone: number;
  };
}

const BOUGHT = /^(bought|purchased)$/i;

/** Whether a column of logged searches names something: all but the mark of a purchase. */
export const isSearchText = (column: string): boolean => !BOUGHT.test(column);

/**
 * @param log read by `readTable` with `isSearchText`; a row an item shown: search (or search_id; where absent rows of one query are one search), query, item_id, bought
 * @throws AppError USAGE for missing columns; NOT_ENOUGH_DATA under 20 purchases
 */
export async function teachOrder(
  open: OpenCatalogue,
  log: Frame,
  purchase: PurchaseScores,
): Promise<TaughtOrder> {
  const searches = await answeredSearches(open, log, purchase);
  const weights = learnOrder(searches.map(({ search }) => search));
  const isHeld = ({ key }: KeyedSearch) => hash32(`order ${key}`) % 5 === 0;
  const [held, learned] = [searches.filter(isHeld), searches.filter((own) => !isHeld(own))];
  const purchases = searches.reduce((sum, { search }) => sum + search.bought.length, 0);
  const counts = { weights, searches: searches.length, purchases };
  const telling = held
    .map(({ search }) => search)
    .filter(({ found, bought }) => found.length > 1 && bought.length > 0);
  if (telling.length === 0) return counts;
  let taught: OrderWeights;
  try {
    taught = learnOrder(learned.map(({ search }) => search));
  } catch (error) {
    if (error instanceof AppError && error.code === 'NOT_ENOUGH_DATA') return counts;
    throw error;
  }
  return {
    ...counts,
    held: {
      searches: telling.length,
      taught: meanReciprocalRank(telling, taught),
      untaught: meanReciprocalRank(telling, UNTAUGHT),
      likenessAlone: meanReciprocalRank(telling, { likeness: 1, purchase: 0 }),
    },
  };
}

interface KeyedSearch {
  readonly key: string;
  readonly search: AnsweredSearch;
}

async function answeredSearches(
  open: OpenCatalogue,
  log: Frame,
  purchase: PurchaseScores,
): Promise<readonly KeyedSearch[]> {
  const column = (pattern: RegExp) => log.columns.find((own) => pattern.test(own.name));
  const [query, item, bought] = [column(/^query$/i), column(/^item(_id)?$/i), column(BOUGHT)];
  const key = column(/^search(_id)?$/i) ?? query;
  if (!query || !item || !bought || !key)
    throw new AppError(
      'USAGE',
      `expected columns query, item_id and bought (and search_id, if a query was asked more than once), got ${log.columns.map((own) => own.name).join(', ')}`,
    );
  const [keys, queries, items, marks] = [key, query, item, bought].map((own) => cellTexts(own, log.rows));
  const rowOf = new Map(open.bundle.itemIds.map((id, row) => [id, row]));
  const rows = new Map<string, { query: string; items: number[]; bought: boolean[] }>();
  for (let i = 0; i < log.rows; i++) {
    const place = rowOf.get(items[i]);
    // What the catalogue no longer has was shown, but cannot be judged.
    if (place === undefined) continue;
    const own = rows.get(keys[i]) ?? { query: queries[i], items: [], bought: [] };
    rows.set(keys[i], own);
    own.items.push(place);
    own.bought.push(/^(1|true|yes|是)$/i.test(marks[i]));
  }
  const fits = new Map<string, Float32Array>();
  const found: KeyedSearch[] = [];
  for (const [id, own] of rows) {
    if (own.query.trim() === '') continue;
    const fit = fits.get(own.query) ?? (await fitOf(open, { text: own.query }));
    if (fits.size < 1000) fits.set(own.query, fit);
    found.push({
      key: id,
      search: {
        found: own.items.map((place) => ({
          fit: fit[place],
          purchase: purchase.of.get(open.bundle.itemIds[place]) ?? purchase.usual,
        })),
        bought: own.bought.flatMap((yes, i) => (yes ? [i] : [])),
      },
    });
  }
  return found;
}

/** Ties count against us: what scores the same stands above. */
function meanReciprocalRank(searches: readonly AnsweredSearch[], weights: OrderWeights): number {
  let [sum, count] = [0, 0];
  for (const { found, bought } of searches) {
    const scores = orderScores(found, weights);
    for (const place of bought) {
      const above = scores.filter((own, i) => i !== place && own >= scores[place]).length;
      sum += 1 / (1 + above);
      count++;
    }
  }
  return sum / Math.max(1, count);
}
