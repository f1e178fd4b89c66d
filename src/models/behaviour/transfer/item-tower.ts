// Items as vectors by what is known of them: learned in one shop from its items' rows, asked in another about its own.
import { choleskyFactor, solveFactored } from '../../../core/cholesky.ts';
import { AppError } from '../../../core/errors.ts';
import { hash32 } from '../../../core/random.ts';

/** What a catalogue tells of its items, all [items]; '' and NaN where it is not known. */
export interface ItemContent {
  readonly categories: readonly string[];
  readonly brands: readonly string[];
  readonly titles: readonly string[];
  readonly priceMinor: Float64Array;
}

/** Words are counted by a digest in so many places: no vocabulary is needed, and none leaves. */
export const BUCKETS = 512;
/** Prices are told by their place among the shop's own: currencies differ. */
const PRICE_PLACES = 10;
/** Events' worth of doubt about each place: an item seldom met says little of its words. */
const RIDGE = 5;

/** Places an item's content is counted in, each once, [items] of lists. */
export function contentPlaces(content: ItemContent): readonly (readonly number[])[] {
  const { categories, brands, titles, priceMinor } = content;
  const cuts = priceCuts(priceMinor);
  return categories.map((category, item) => {
    const price = priceMinor[item];
    const words = [
      ...(category ? [`category ${category.toLowerCase()}`] : []),
      ...(brands[item] ? [`brand ${brands[item].toLowerCase()}`] : []),
      ...(Number.isFinite(price) ? [`price ${cuts.filter((cut) => price >= cut).length}`] : []),
      ...wordsOf(titles[item]).map((word) => `word ${word}`),
    ];
    return [...new Set(words.map((word) => hash32(word) % BUCKETS))];
  });
}

function priceCuts(priceMinor: Float64Array): readonly number[] {
  const known = priceMinor.filter(Number.isFinite).sort();
  if (known.length === 0) return [];
  return Array.from(
    { length: PRICE_PLACES - 1 },
    (_, i) => known[Math.floor(((i + 1) * known.length) / PRICE_PLACES)],
  );
}

/** Words of letters and digits; of scripts without spaces every two signs together. */
function wordsOf(title: string): readonly string[] {
  const parts = title
    .toLowerCase()
    .match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+|[\p{L}\p{N}]+/gu);
  return (parts ?? []).flatMap((part) =>
    /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(part) && part.length > 2
      ? Array.from({ length: part.length - 1 }, (_, at) => part.slice(at, at + 2))
      : [part],
  );
}

/** Rows of a table of items. */
export interface ItemRows {
  /** [rows, width]; row 0 stands for items that are not known. */
  readonly table: Float32Array;
  readonly width: number;
}

/**
 * A row for each place, [BUCKETS, width], such that an item's row is the unknown one and the rows of its places: by ridge
 * regression over the items met, each weighing as many events as it has.
 *
 * @param rowOf of each item of the content
 * @param counts events of each item; those without any teach nothing
 */
export function fitItemTower(
  content: ItemContent,
  { rowOf, counts }: { readonly rowOf: Int32Array; readonly counts: Int32Array },
  { table, width }: ItemRows,
): Float32Array {
  const places = contentPlaces(content);
  const gram = new Float64Array(BUCKETS * BUCKETS);
  const right = new Float64Array(BUCKETS * width);
  places.forEach((own, item) => {
    // A row shared, or never learned, says nothing of its item.
    if (!(counts[item] > 0) || rowOf[item] === 0) return;
    const weight = Math.log1p(counts[item]);
    for (const a of own) {
      for (const b of own) gram[a * BUCKETS + b] += weight;
      for (let d = 0; d < width; d++)
        right[a * width + d] += weight * (table[rowOf[item] * width + d] - table[d]);
    }
  });
  for (let a = 0; a < BUCKETS; a++) gram[a * BUCKETS + a] += RIDGE;
  const factor = choleskyFactor(gram, BUCKETS);
  if (!factor)
    throw new AppError('BAD_DATA', 'expected weights that are numbers, the trunk has others; pretrain again');
  const tower = new Float32Array(BUCKETS * width);
  for (let d = 0; d < width; d++) {
    const solved = solveFactored(
      factor,
      Float64Array.from({ length: BUCKETS }, (_, a) => right[a * width + d]),
    );
    solved.forEach((value, a) => {
      tower[a * width + d] = value;
    });
  }
  return tower;
}

/** The rows content stands for, [1 + items, width], the unknown one first. */
export function towerRows(content: ItemContent, tower: Float32Array, unknown: Float32Array): Float32Array {
  const width = unknown.length;
  const places = contentPlaces(content);
  const rows = new Float32Array((1 + places.length) * width);
  rows.set(unknown);
  places.forEach((own, item) => {
    const row = rows.subarray((1 + item) * width, (2 + item) * width);
    row.set(unknown);
    for (const place of own) for (let d = 0; d < width; d++) row[d] += tower[place * width + d];
  });
  return rows;
}
