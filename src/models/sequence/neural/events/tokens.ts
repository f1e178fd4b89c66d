// How events become numbers a network reads: learned once from the training sequences, then the same for one history and for a million.
import { hash32 } from '../../../../core/random.ts';
import { type ItemAttributes, type Sequences, sequenceCount } from '../../../../core/sequences.ts';
import {
  fedWidth,
  metLevel,
  type PlanVectors,
  planVectors,
  VECTORS,
  type VectorShape,
  writeVector,
} from '../fusion/plan-vectors.ts';

/** The row all items share that training never saw. */
export const UNKNOWN_ROW = 0;

/** What is known of items beside their id: a code from 1 for each, 0 where it is not known. */
export interface ItemColumn {
  readonly name: string;
  /** Codes there are, 0 included. */
  readonly levels: number;
  /** [items] */
  readonly codes: Int32Array;
}

/** What event tokens are made by; plain data, kept with the model. */
export interface TokenPlan {
  readonly itemIds: readonly string[];
  /** Rows of the item table: the unknown one first, and the one of hidden events last where there are any. */
  readonly rows: number;
  /** [items]; `UNKNOWN_ROW` for an item without a training event. */
  readonly rowOf: Int32Array;
  /** Training events of each item, [items]. */
  readonly counts: Int32Array;
  /** Added to scores, [items]: ln of an item's share in the events of its row, 0 where the row is its own; `lift` without an event. */
  readonly logShare: Float32Array;
  /** How much higher than likely items without an event are placed; 0 where absent. */
  readonly lift?: number;
  /** Kinds of events; none where all are of one kind. */
  readonly typeLevels: readonly string[];
  readonly timed: boolean;
  /** Whether events are hidden and asked for between others, rather than asked for after them. */
  readonly masked: boolean;
  readonly columns: readonly ItemColumn[];
  /** What encoders say of items; where there is any, events tell how often their item was met, too. */
  readonly vectors: readonly PlanVectors[];
  /** Of each event itself, classes with 0 for what is not known. */
  readonly marks: readonly { readonly name: string; readonly levels: number }[];
}

export interface TokenOptions extends Partial<VectorShape> {
  /** Items beyond this many, the rarest, share rows: four of them one row on average. */
  readonly ownRows: number;
  /** Whether times are read where there are any. */
  readonly times: boolean;
  readonly masked: boolean;
  /** 1: items are known by their vectors alone. */
  readonly idDropout?: number;
}

/** Items with a training event. */
export const seenItems = ({ counts }: Pick<TokenPlan, 'counts'>): number =>
  counts.reduce((seen, count) => seen + (count > 0 ? 1 : 0), 0);

/** Classes of the time since the event before, by powers of two seconds; 0 where no event came before. */
export const GAP_LEVELS = 32;
const PRICE_LEVELS = 10;
export const ITEMS_A_SHARED_ROW = 4;

export function planTokens(
  train: Sequences,
  { ownRows, times, masked, idDropout = 0, ...vectorShape }: TokenOptions,
  attributes?: ItemAttributes,
): TokenPlan {
  const { itemIds, items, typeLevels = [] } = train;
  const counts = new Int32Array(itemIds.length);
  for (const item of items) counts[item]++;
  const vectors = planVectors(attributes?.vectors ?? [], { ...VECTORS, ...vectorShape });
  // Where ids are always left out, none is to be learned.
  const { rowOf, rows } =
    vectors.length > 0 && idDropout === 1
      ? { rowOf: new Int32Array(itemIds.length).fill(UNKNOWN_ROW), rows: 1 }
      : rowsOf(itemIds, counts, ownRows);
  return {
    ...{ itemIds, counts, rowOf, masked, logShare: logShares(rowOf, rows, counts) },
    rows: masked ? rows + 1 : rows,
    typeLevels: train.types && typeLevels.length > 1 ? typeLevels : [],
    timed: times && train.timesMs !== undefined,
    columns: attributes ? columnsOf(attributes) : [],
    vectors,
    marks: (train.marks ?? []).map(({ name, levels }) => ({ name, levels })),
  };
}

/** A row for each item seen, by code; where there are too many, the rarest go to shared rows by a hash of their id. */
function rowsOf(
  itemIds: readonly string[],
  counts: Int32Array,
  ownRows: number,
): { readonly rowOf: Int32Array; readonly rows: number } {
  const seen = Int32Array.from(counts.keys()).filter((item) => counts[item] > 0);
  const ranked = seen.length > ownRows ? seen.slice().sort((a, b) => counts[b] - counts[a] || a - b) : seen;
  const owners = ranked.subarray(0, ownRows).slice().sort();
  const sharers = ranked.subarray(ownRows);
  const shared = Math.ceil(sharers.length / ITEMS_A_SHARED_ROW);
  const rowOf = new Int32Array(itemIds.length).fill(UNKNOWN_ROW);
  owners.forEach((item, i) => {
    rowOf[item] = 1 + i;
  });
  for (const item of sharers) rowOf[item] = 1 + owners.length + (hash32(itemIds[item]) % shared);
  return { rowOf, rows: 1 + owners.length + shared };
}

/** What an item with a row and without an event counts for: it was met before, though not in these events. */
const UNMET = 0.5;

/** ln of each item's share in the events of its row, [items]; 0 for the unknown row, and for an item alone in its own. */
export function logShares(rowOf: Int32Array, rows: number, counts: Int32Array): Float32Array {
  const events = new Float64Array(rows);
  const own = Float64Array.from(counts, (count) => count || UNMET);
  for (let item = 0; item < rowOf.length; item++) events[rowOf[item]] += own[item];
  return Float32Array.from(rowOf, (row, item) =>
    row === UNKNOWN_ROW ? 0 : Math.log(own[item] / events[row]),
  );
}

/** Columns of codes from 1 in the order of the levels, the price last. */
export function columnsOf({ categories, priceMinor }: ItemAttributes): readonly ItemColumn[] {
  const named = Object.entries(categories).map(
    ([name, { codes, levels }]): ItemColumn => ({
      name,
      levels: levels.length + 1,
      codes: Int32Array.from(codes, (code) => (code >= 0 && code < levels.length ? code + 1 : 0)),
    }),
  );
  return priceMinor === undefined
    ? named
    : [...named, { name: 'price', levels: PRICE_LEVELS + 1, codes: priceLevels(priceMinor) }];
}

/**
 * Tenths of the items by price, from 1; 0 where the price is not known.
 *
 * @param among whose tenths: these items' own where absent
 */
export function priceLevels(priceMinor: Float64Array, among = priceMinor): Int32Array {
  const known = among.filter(Number.isFinite).sort();
  const cuts = Array.from(
    { length: PRICE_LEVELS - 1 },
    (_, i) => known[Math.floor(((i + 1) * known.length) / PRICE_LEVELS)],
  );
  return Int32Array.from(priceMinor, (price) =>
    Number.isFinite(price) ? 1 + cuts.filter((cut) => price >= cut).length : 0,
  );
}

/** Tokens of many places, all [places]; which of them there are depends on the plan alone. */
export interface Tokens {
  readonly rows: Int32Array;
  readonly types?: Int32Array;
  readonly gaps?: Int32Array;
  /** Seconds since the first event of the window. */
  readonly seconds?: Int32Array;
  /** 1 for an event, 0 for padding; where places after an event are seen. */
  readonly present?: Float32Array;
  /** One a column of the plan. */
  readonly columns: readonly Int32Array[];
  /** `metLevel` of each item; where the plan has vectors. */
  readonly levels?: Int32Array;
  /** One a kind of vector of the plan, [places, fedWidth]. */
  readonly vectors: readonly Float32Array[];
  /** One a mark of the plan. */
  readonly marks: readonly Int32Array[];
}

export function emptyTokens(
  { typeLevels, timed, masked, columns, vectors, marks }: TokenPlan,
  places: number,
): Tokens {
  return {
    rows: new Int32Array(places),
    ...(typeLevels.length > 0 && { types: new Int32Array(places) }),
    ...(timed && { gaps: new Int32Array(places), seconds: new Int32Array(places) }),
    ...(masked && { present: new Float32Array(places) }),
    columns: columns.map(() => new Int32Array(places)),
    ...(vectors.length > 0 && { levels: new Int32Array(places) }),
    vectors: vectors.map((own) => new Float32Array(places * fedWidth(own))),
    marks: marks.map(() => new Int32Array(places)),
  };
}

/** Which events of one sequence: from, and up to but not including. */
export interface Window {
  readonly from: number;
  readonly to: number;
  /** First event of the sequence the window lies in. */
  readonly start: number;
}

/** Writes the tokens of events into places from `at` on. */
export type WriteTokens = (window: Window, into: Tokens, at: number) => void;

/** @param sequences items by the plan's codes; other kinds of events than the plan's, and codes outside, are unknown */
export function tokenWriter(plan: TokenPlan, sequences: Sequences): WriteTokens {
  const { items, timesMs, types, typeLevels = [] } = sequences;
  const marks = plan.marks.map(({ name }) => sequences.marks?.find((mark) => mark.name === name)?.codes);
  const typeOf = typeLevels.map((level) => 1 + plan.typeLevels.indexOf(level));
  return ({ from, to, start }, into, at) => {
    for (let event = from; event < to; event++) {
      const place = at + event - from;
      const item = items[event];
      into.rows[place] = rowOfItem(plan, item);
      if (into.present) into.present[place] = 1;
      for (let c = 0; c < into.columns.length; c++) into.columns[c][place] = plan.columns[c].codes[item] ?? 0;
      if (into.levels) into.levels[place] = levelOf(plan, item);
      plan.vectors.forEach((own, v) => void writeVector(own, item, into.vectors[v], place));
      for (let m = 0; m < marks.length; m++) into.marks[m][place] = marks[m]?.[event] ?? 0;
      if (into.types && types) into.types[place] = typeOf[types[event]] ?? 0;
      if (into.gaps && into.seconds && timesMs) {
        into.gaps[place] = event === start ? 0 : gapLevel(timesMs[event] - timesMs[event - 1]);
        into.seconds[place] = secondsBetween(timesMs[from], timesMs[event]);
      }
    }
  };
}

/** Makes an event one that is asked for: there, at the time of the one before, and nothing else. */
export function hideToken(plan: TokenPlan, tokens: Tokens, place: number, isFirst: boolean): void {
  tokens.rows[place] = plan.rows - 1;
  for (const codes of [...tokens.columns, ...tokens.marks]) codes[place] = 0;
  if (tokens.levels) tokens.levels[place] = 0;
  plan.vectors.forEach((own, v) => void writeVector(own, -1, tokens.vectors[v], place));
  if (tokens.present) tokens.present[place] = 1;
  if (tokens.types) tokens.types[place] = 0;
  if (tokens.gaps) tokens.gaps[place] = 0;
  if (tokens.seconds) tokens.seconds[place] = isFirst ? 0 : tokens.seconds[place - 1];
}

/** What is known of items themselves, in tokens of their own: the rows asked for, in that order. */
export type ItemTokens = Pick<Tokens, 'rows' | 'columns' | 'levels' | 'vectors'>;

export function itemTokens(plan: TokenPlan, items: ArrayLike<number>): ItemTokens {
  const { columns, rowOf, vectors } = plan;
  return {
    rows: Int32Array.from(items, (item) => rowOf[item]),
    columns: columns.map(({ codes }) => Int32Array.from(items, (item) => codes[item])),
    ...(vectors.length > 0 && { levels: Int32Array.from(items, (item) => levelOf(plan, item)) }),
    vectors: vectors.map((own) => {
      const values = new Float32Array(items.length * fedWidth(own));
      for (let place = 0; place < items.length; place++) writeVector(own, items[place], values, place);
      return values;
    }),
  };
}

/** How often an item was met, as far as it has a row to show for it. */
const levelOf = ({ counts, rowOf }: TokenPlan, item: number): number =>
  (rowOf[item] ?? UNKNOWN_ROW) === UNKNOWN_ROW ? 0 : metLevel(counts[item]);

export const rowOfItem = ({ rowOf }: TokenPlan, item: number): number => rowOf[item] ?? UNKNOWN_ROW;

/** 1 for less than two seconds, 2 for less than four, …; the last takes everything longer. */
export function gapLevel(gapMs: number): number {
  return 1 + Math.min(GAP_LEVELS - 2, Math.floor(Math.log2(Math.max(1, gapMs / 1000))));
}

const MOST_SECONDS = 2 ** 31 - 1;

const secondsBetween = (fromMs: number, toMs: number): number =>
  Math.max(0, Math.min(MOST_SECONDS, Math.round((toMs - fromMs) / 1000)));

/**
 * Windows of at most `most` events that cover each sequence from its end backwards; the last event of one is the first
 * of the next, so that every event but a sequence's first has one before it once.
 */
export function windowsOf(sequences: Sequences, most: number, least: number): readonly Window[] {
  const windows: Window[] = [];
  for (let e = 0; e < sequenceCount(sequences); e++) {
    const start = sequences.offsets[e];
    for (let to = sequences.offsets[e + 1]; to - start >= least; to -= most - 1)
      windows.push({ from: Math.max(start, to - most), to, start });
  }
  return windows;
}
