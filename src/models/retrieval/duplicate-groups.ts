// Items that are the same thing said differently, in groups: likely pairs found, each looked at, and put together.
import { pause } from '../../core/pause.ts';
import { shinglePairs } from './shingle-blocks.ts';
import { readTitles, titleLikeness } from './title-likeness.ts';
import { findSlips } from './typos.ts';
import { variantMarks, withoutQuantities } from './variant-marks.ts';
import type { Neighbours, VectorTable } from './vector-search.ts';

export interface DuplicateOptions {
  /** What its category is, [items]; items of different ones are no duplicates. Empty where it is not known. */
  readonly categories?: readonly string[];
  /** Vectors of titles, and the nearest of each: then also what shares no words is looked at. */
  readonly meaning?: { readonly table: VectorTable; readonly neighbours: Neighbours };
  /** Vectors of pictures: two items whose pictures differ are no duplicates. */
  readonly pictures?: VectorTable;
  /** How alike titles must be; by the shape of the data where absent. */
  readonly threshold?: number;
  readonly signal?: AbortSignal;
}

export interface DuplicateGroup {
  /** Two or more, the first being the one the others are held against. */
  readonly items: readonly number[];
  /** The least alike member's likeness to the first, in [0, 1]. */
  readonly likeness: number;
}

export interface Duplicates {
  /** Largest likeness first. */
  readonly groups: readonly DuplicateGroup[];
  readonly threshold: number;
  /** Whether a valley in the likeness of pairs told the threshold, or it is the usual one. */
  readonly isFound: boolean;
  readonly compared: number;
}

const PAUSE_EVERY = 20_000;
/** Two photographs of one thing; another thing of its kind lies under it. */
const SAME_PICTURE = 0.92;

/**
 * @param titles [items]; empty ones are nobody's duplicate
 * @throws AppError INTERRUPTED
 */
export async function findDuplicates(
  titles: readonly string[],
  options: DuplicateOptions = {},
): Promise<Duplicates> {
  const { categories, meaning, pictures, signal } = options;
  const words = readTitles(titles.map(withoutQuantities));
  const slips = findSlips(new Map(words.words.map((word, code) => [word, words.titles[code]])));
  const marks = titles.map((title) => variantMarks(title, slips));
  const likenessOf = (a: number, b: number): number => {
    if (marks[a] !== marks[b] || areCategoriesApart(categories, a, b)) return 0;
    if (pictures && arePicturesApart(pictures, a, b)) return 0;
    const said = titleLikeness(words, a, b);
    // Meaning lifts what words say by half of the way and does not stand for it: vectors of one kind of thing are near, too.
    return meaning ? Math.max(said, (said + cosine(meaning.table, a, b)) / 2) : said;
  };
  const candidates = [...shinglePairs(titles), ...nearPairs(meaning?.neighbours, titles.length)];
  const pairs = new Map<number, Pair>();
  for (const [k, [a, b]] of candidates.entries()) {
    if (k % PAUSE_EVERY === 0) await pause(signal);
    const key = a * titles.length + b;
    if (pairs.has(key)) continue;
    const likeness = likenessOf(a, b);
    if (likeness > 0) pairs.set(key, { a, b, likeness });
  }
  const found =
    options.threshold === undefined
      ? valley(Array.from(pairs.values(), ({ likeness }) => likeness))
      : undefined;
  const threshold = options.threshold ?? found ?? USUAL;
  const alike = [...pairs.values()].filter(({ likeness }) => likeness >= threshold);
  const groups = groupPairs(alike, { count: titles.length, likenessOf, least: threshold });
  return { groups, threshold, isFound: found !== undefined, compared: pairs.size };
}

/** A category that is not known speaks for nothing. */
const areCategoriesApart = (categories: readonly string[] | undefined, a: number, b: number): boolean =>
  categories !== undefined && categories[a] !== '' && categories[b] !== '' && categories[a] !== categories[b];

function nearPairs(neighbours: Neighbours | undefined, items: number): (readonly [number, number])[] {
  if (!neighbours) return [];
  const most = neighbours.places.length / Math.max(1, items);
  const pairs: [number, number][] = [];
  for (let a = 0; a < items; a++)
    for (let k = 0; k < most; k++) {
      const b = neighbours.places[a * most + k];
      if (b >= 0 && b !== a) pairs.push([Math.min(a, b), Math.max(a, b)]);
    }
  return pairs;
}

function cosine({ vectors, width }: VectorTable, a: number, b: number): number {
  let product = 0;
  for (let k = 0; k < width; k++) product += vectors[a * width + k] * vectors[b * width + k];
  return product;
}

/** Where one of them has none, nothing is known: a product with itself is then zero. */
function arePicturesApart(pictures: VectorTable, a: number, b: number): boolean {
  const bothHave = cosine(pictures, a, a) > 0.5 && cosine(pictures, b, b) > 0.5;
  return bothHave && cosine(pictures, a, b) < SAME_PICTURE;
}

const USUAL = 0.8;
const [LOWEST, HIGHEST] = [0.6, 0.95];
const BINS = 40;
/** Fewer pairs have no shape. */
const LEAST_PAIRS = 200;

/**
 * The likeness at which pairs are rarest between the many that are merely of a kind and the few that are the same: the lowest
 * place of the smoothed histogram from .6 to .95, if there are clearly more pairs above it. Of equals the highest.
 */
export function valley(likeness: readonly number[]): number | undefined {
  if (likeness.length < LEAST_PAIRS) return undefined;
  const counts = new Float64Array(BINS + 1);
  for (const own of likeness) counts[Math.min(BINS, Math.floor(own * BINS))]++;
  const smooth = counts.map((own, k) => (2 * own + (counts[k - 1] ?? own) + (counts[k + 1] ?? own)) / 4);
  let lowest = -1;
  for (let k = Math.round(LOWEST * BINS); k <= Math.round(HIGHEST * BINS); k++)
    if (lowest < 0 || smooth[k] <= smooth[lowest]) lowest = k;
  let above = 0;
  for (let k = lowest + 1; k <= BINS; k++) above = Math.max(above, smooth[k]);
  return above > 1.2 * smooth[lowest] ? (lowest + 0.5) / BINS : undefined;
}

interface Pair {
  readonly a: number;
  readonly b: number;
  readonly likeness: number;
}

/** The surest pairs first; two groups become one only where their first members are alike, so that no chain drifts away. */
function groupPairs(
  pairs: readonly Pair[],
  {
    count,
    likenessOf,
    least,
  }: { count: number; likenessOf: (a: number, b: number) => number; least: number },
): readonly DuplicateGroup[] {
  const groupOf = new Int32Array(count).fill(-1);
  const groups: (number[] | undefined)[] = [];
  for (const { a, b } of pairs.toSorted((x, y) => y.likeness - x.likeness || x.a - y.a || x.b - y.b)) {
    const [first, second] = [a, b].map((item) => {
      if (groupOf[item] < 0) groupOf[item] = groups.push([item]) - 1;
      return groupOf[item];
    });
    if (first === second) continue;
    const [into, from] = [groups[first] as number[], groups[second] as number[]];
    if (likenessOf(into[0], from[0]) < least) continue;
    const merged = [...into, ...from].sort((x, y) => x - y);
    for (const item of merged) groupOf[item] = first;
    groups[first] = merged;
    groups[second] = undefined;
  }
  return groups
    .filter((items): items is number[] => items !== undefined && items.length > 1)
    .map((items) => ({
      items,
      likeness: items.reduce(
        (low, item, at) => (at === 0 ? low : Math.min(low, likenessOf(items[0], item))),
        1,
      ),
    }))
    .sort((x, y) => y.likeness - x.likeness || x.items[0] - y.items[0]);
}
