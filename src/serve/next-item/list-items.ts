// What to offer each customer next, start to end: scores, filters, the best few, something of everything, and who is new.
import { AppError } from '../../core/errors.ts';
import { pause } from '../../core/pause.ts';
import { type Sequences, sequenceCount, takeSequences } from '../../core/sequences.ts';
import { topPlaces } from '../../core/top-places.ts';
import type { BestItems, NextItemModel } from '../../models/sequence/recommender.ts';
import { type Diversity, diversify, poolSize } from './diversify.ts';
import type { PopularItems } from './popular-items.ts';

/**
 * By what an item came on a list: the customer's own history; what is known of an item that nobody had when the model
 * learned; what people of the customer's segment, or everybody, takes lately.
 */
export const MADE_BY = ['history', 'attributes', 'segment', 'trend'] as const;
export type MadeBy = (typeof MADE_BY)[number];

/** Plain data: a server keeps the arrays and asks again and again. */
export interface ListOptions {
  /** So many items each, fewer where fewer may be offered. */
  readonly top: number;
  /** 1 for what may be offered, [items]; everything where absent. */
  readonly offered?: Uint8Array;
  /** What each is not offered because they had it, rows as in `before`, items as codes of the model. */
  readonly barred?: Pick<Sequences, 'offsets' | 'items'>;
  readonly diversity?: Diversity;
  /** Taken off the model's scores, [items]: see `tailPenalties`. */
  readonly penalties?: Float32Array;
  /** For those without a history; without it the model answers them as it may. */
  readonly popular?: PopularItems;
  /** Segment of each entity as in `popular`, −1 where it is not known. */
  readonly segments?: Int32Array;
  /** From this item on the model had seen none when it learned. */
  readonly firstNew?: number;
  readonly signal?: AbortSignal;
}

/** Lists one after the other: that of entity e is `items[offsets[e] … offsets[e + 1])`, best first. */
export interface ItemLists {
  /** [entities + 1] */
  readonly offsets: Uint32Array;
  readonly items: Int32Array;
  /** On the model's scale, less penalties; or ln of a share for what is popular. */
  readonly scores: Float32Array;
  /** Codes into `MADE_BY`. */
  readonly madeBy: Uint8Array;
}

/** Scores held at a time: 64 MiB of float32. */
const SCORES_AT_ONCE = 1 << 24;
const MOST_ROWS = 1024;
/** So many are asked one by one where that is quicker. */
const FEW = 4;

/**
 * Without reading or writing anything: the same for a file of customers and for one who waits.
 *
 * @param before what each has done, items in the model's codes
 * @throws AppError USAGE for options that make no sense, INTERRUPTED
 */
export async function listItems(
  model: NextItemModel,
  before: Sequences,
  options: ListOptions,
): Promise<ItemLists> {
  checkOptions(options, model.itemIds.length);
  const items = model.itemIds.length;
  const entities = sequenceCount(before);
  const lists: List[] = new Array(entities);
  const known = Int32Array.from(before.entities.keys()).filter(
    (row) => !options.popular || hasHistory(before, row, items),
  );
  const quick = model.best && !options.penalties && known.length <= FEW ? model.best : undefined;
  if (quick)
    for (const row of known)
      if (before.offsets[row] < before.offsets[row + 1])
        lists[row] = await quickList(quick, takeSequences(before, Int32Array.of(row)), row, options);
  const left = quick ? known.filter((row) => !lists[row]) : known;
  const atOnce = Math.max(1, Math.min(MOST_ROWS, Math.floor(SCORES_AT_ONCE / Math.max(1, items))));
  for (let from = 0; from < left.length; from += atOnce) {
    await pause(options.signal);
    const rows = left.subarray(from, from + atOnce);
    const scores = await model.score(takeSequences(before, rows));
    rows.forEach((row, r) => {
      const own = scores.subarray(r * items, (r + 1) * items);
      options.penalties?.forEach((penalty, item) => {
        own[item] -= penalty;
      });
      lists[row] = listOf(own, row, options, 'history');
    });
  }
  const scratch = new Float32Array(items);
  for (let row = 0; row < entities; row++) {
    if (lists[row] || !options.popular) continue;
    const { segments, shares } = options.popular;
    const own = segments[options.segments?.[row] ?? -1];
    scratch.fill(Number.NEGATIVE_INFINITY);
    (own ?? shares).forEach((share, item) => {
      scratch[item] = Math.log(share);
    });
    lists[row] = listOf(scratch, row, options, own ? 'segment' : 'trend');
  }
  return joined(lists);
}

interface List {
  readonly items: Int32Array;
  readonly scores: Float32Array;
  readonly madeBy: Uint8Array;
}

/** @param scores of all items, written into: what is barred gets −∞ */
function listOf(scores: Float32Array, row: number, options: ListOptions, by: MadeBy): List {
  const { top, offered, barred, diversity } = options;
  if (barred)
    for (let event = barred.offsets[row]; event < barred.offsets[row + 1]; event++)
      if (barred.items[event] >= 0) scores[barred.items[event]] = Number.NEGATIVE_INFINITY;
  const isDiverse = diversity !== undefined && diversity.amount > 0;
  const best = topPlaces(scores, isDiverse ? poolSize(top) : top, offered);
  const own = Float32Array.from(best, (item) => scores[item]);
  return chosenFrom({ items: best, scores: own }, options, by);
}

/** The list of one who waits: the same, without a score for every item. */
async function quickList(
  best: NonNullable<NextItemModel['best']>,
  before: Sequences,
  row: number,
  options: ListOptions,
): Promise<List> {
  const { top, offered, barred, diversity } = options;
  const isDiverse = diversity !== undefined && diversity.amount > 0;
  const own = barred?.items
    .subarray(barred.offsets[row], barred.offsets[row + 1])
    .filter((item) => item >= 0);
  const pool = await best(before, {
    most: isDiverse ? poolSize(top) : top,
    barred: own ?? [],
    ...(offered && { offered }),
  });
  return chosenFrom(pool, options, 'history');
}

/** @param pool best first */
function chosenFrom(
  { items: best, scores: own }: BestItems,
  { top, diversity, firstNew }: ListOptions,
  by: MadeBy,
): List {
  const isDiverse = diversity !== undefined && diversity.amount > 0;
  const order = isDiverse ? diversify(best, own, top, diversity) : Int32Array.from(best.keys());
  const items = Int32Array.from(order, (place) => best[place]);
  const code = MADE_BY.indexOf(by);
  const attributes = MADE_BY.indexOf('attributes');
  return {
    items,
    scores: Float32Array.from(order, (place) => own[place]),
    madeBy: Uint8Array.from(items, (item) =>
      by === 'history' && firstNew !== undefined && item >= firstNew ? attributes : code,
    ),
  };
}

function hasHistory({ offsets, items }: Sequences, row: number, catalogue: number): boolean {
  for (let event = offsets[row]; event < offsets[row + 1]; event++)
    if (items[event] >= 0 && items[event] < catalogue) return true;
  return false;
}

function joined(lists: readonly List[]): ItemLists {
  const offsets = new Uint32Array(lists.length + 1);
  lists.forEach((list, e) => {
    offsets[e + 1] = offsets[e] + list.items.length;
  });
  const size = offsets[lists.length];
  const all = {
    items: new Int32Array(size),
    scores: new Float32Array(size),
    madeBy: new Uint8Array(size),
  };
  lists.forEach((list, e) => {
    all.items.set(list.items, offsets[e]);
    all.scores.set(list.scores, offsets[e]);
    all.madeBy.set(list.madeBy, offsets[e]);
  });
  return { offsets, ...all };
}

function checkOptions({ top, offered, diversity, penalties, firstNew }: ListOptions, items: number): void {
  if (!(Number.isInteger(top) && top >= 1))
    throw new AppError('USAGE', `expected lists of at least one item, got ${top}`);
  if (diversity && !(diversity.amount >= 0 && diversity.amount <= 1))
    throw new AppError('USAGE', `expected a diversity from 0 to 1, got ${diversity.amount}`);
  if (offered && offered.length !== items)
    throw new AppError('USAGE', `expected a mask of ${items} items, got one of ${offered.length}`);
  if (penalties && penalties.length !== items)
    throw new AppError('USAGE', `expected penalties of ${items} items, got ${penalties.length}`);
  if (firstNew !== undefined && !(firstNew >= 0 && firstNew <= items))
    throw new AppError('USAGE', `expected new items to begin among ${items}, got ${firstNew}`);
}
