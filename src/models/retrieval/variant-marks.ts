// What keeps two items apart however alike they are called: numbers with their units, sizes, colours, for whom.
import { searchWords } from './search-words.ts';

/** Units to the one they are counted in, with how many of it they are. */
const UNITS = mapOf<readonly [unit: string, times: number]>({
  mg: ['g', 0.001],
  g: ['g', 1],
  gm: ['g', 1],
  gram: ['g', 1],
  gramme: ['g', 1],
  kg: ['g', 1000],
  kilo: ['g', 1000],
  kilogram: ['g', 1000],
  克: ['g', 1],
  千克: ['g', 1000],
  公斤: ['g', 1000],
  斤: ['g', 500],
  oz: ['oz', 1],
  ounce: ['oz', 1],
  lb: ['oz', 16],
  pound: ['oz', 16],
  ml: ['ml', 1],
  毫升: ['ml', 1],
  cl: ['ml', 10],
  l: ['ml', 1000],
  litre: ['ml', 1000],
  liter: ['ml', 1000],
  升: ['ml', 1000],
  mm: ['mm', 1],
  毫米: ['mm', 1],
  cm: ['mm', 10],
  厘米: ['mm', 10],
  m: ['mm', 1000],
  meter: ['mm', 1000],
  metre: ['mm', 1000],
  米: ['mm', 1000],
  in: ['inch', 1],
  inch: ['inch', 1],
  寸: ['inch', 1],
  英寸: ['inch', 1],
  mb: ['gb', 1 / 1024],
  gb: ['gb', 1],
  tb: ['gb', 1024],
  w: ['w', 1],
  watt: ['w', 1],
  瓦: ['w', 1],
  v: ['v', 1],
  volt: ['v', 1],
  mah: ['mah', 1],
  pack: ['piece', 1],
  pc: ['piece', 1],
  piece: ['piece', 1],
  count: ['piece', 1],
  ct: ['piece', 1],
  set: ['piece', 1],
  pair: ['pair', 1],
  件: ['piece', 1],
  个: ['piece', 1],
  片: ['piece', 1],
  包: ['piece', 1],
  只: ['piece', 1],
  支: ['piece', 1],
  双: ['pair', 1],
  码: ['size', 1],
});

const SIZES: ReadonlyMap<string, string> = new Map(
  [
    ['xxs', '2xs'],
    ['2xs', '2xs', 'xxsmall'],
    ['xs', 'xs', 'xsmall'],
    ['s', 's', 'small'],
    ['m', 'm', 'medium'],
    ['l', 'l', 'large'],
    ['xl', 'xl', 'xlarge'],
    ['2xl', '2xl', 'xxl', 'xxlarge'],
    ['3xl', '3xl', 'xxxl'],
    ['4xl', '4xl', 'xxxxl'],
    ['小号', '小号'],
    ['中号', '中号'],
    ['大号', '大号'],
    ['加大', '加大'],
  ].flatMap(([size, ...names]) => names.map((name) => [name, size] as const)),
);

const KINDS: Readonly<Record<string, readonly string[]>> = {
  colour:
    'black white grey gray red green blue navy yellow orange purple pink brown beige cream ivory khaki olive teal turquoise maroon burgundy magenta lavender violet gold silver bronze copper tan peach mustard charcoal coral mint indigo rose rust nude multi multicolor multicolour'.split(
      ' ',
    ),
  whom: 'men man women woman lady boy girl kid child children baby infant toddler unisex adult junior'.split(
    ' ',
  ),
};
/** Spellings of one word. */
const SAME = mapOf<string>({
  gray: 'grey',
  multicolor: 'multi',
  multicolour: 'multi',
  man: 'men',
  woman: 'women',
  lady: 'women',
  child: 'kid',
  children: 'kid',
  infant: 'baby',
  toddler: 'baby',
});
const WORD_KIND: ReadonlyMap<string, string> = new Map(
  Object.entries(KINDS).flatMap(([kind, words]) => words.map((word) => [word, kind] as const)),
);
const HAN_MARKS =
  /(?<whom>男童|女童|男士|女士|儿童|婴儿|男|女)|(?<colour>黑|白|灰|红|绿|蓝|黄|橙|紫|粉|棕|褐|米色|卡其|金色|银色)色?/gu;

/** Numbers with fraction and unit, letters and digits that belong together, and what stands between an `x`. */
const NUMBER = /(\d+(?:[.,]\d+)?)\s*([a-z]+|[\p{Script=Han}]{1,2})?/gu;
const CODE = /\b(?=[a-z0-9]*\d)(?=[a-z0-9]*[a-z])[a-z0-9]{3,}\b/gu;

const plain = (title: string): string =>
  title
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/['’]/g, '')
    // A thousand's comma is not a decimal one.
    .replaceAll(/(\d),(\d{3})(?!\d)/g, '$1$2');

/** A title without numbers of known units, which its marks have. */
export const withoutQuantities = (title: string): string =>
  plain(title).replaceAll(NUMBER, (found, _, letters = '') => (unitOf(letters) ? ' ' : found));

/**
 * The marks of a title in one text, order forgotten: `500 ml` and `0.5 l` give the same, `38` and `39` do not. Two items are
 * variants, not duplicates, where these differ.
 *
 * @param slips words and what was meant by them: a colour misspelt is that colour
 */
export function variantMarks(title: string, slips: ReadonlyMap<string, string> = new Map()): string {
  const marks: string[] = [];
  // What is read as a quantity is taken out: the m of `1 m` is no size.
  const clean = plain(title).replaceAll(NUMBER, (found, digits: string, letters = '') => {
    const value = Number(digits.replace(',', '.'));
    const known = unitOf(letters);
    marks.push(known ? `${rounded(value * known[1])}${known[0]}` : rounded(value));
    return known ? ' ' : found;
  });
  for (const [code] of clean.matchAll(CODE)) marks.push(code);
  for (const word of new Set(
    clean.replaceAll(/\bx[- ](?=(small|large)\b)/g, 'x').match(/[\p{L}\p{N}]+/gu) ?? [],
  )) {
    const size = SIZES.get(word);
    if (size) marks.push(`size ${size}`);
  }
  for (const word of new Set(searchWords(clean))) {
    const meant = slips.get(word) ?? word;
    const kind = WORD_KIND.get(meant);
    if (kind) marks.push(`${kind} ${SAME.get(meant) ?? meant}`);
  }
  for (const { groups, 0: found } of clean.matchAll(HAN_MARKS))
    marks.push(groups?.whom ? `whom ${groups.whom}` : `colour ${groups?.colour ?? found}`);
  return [...new Set(marks)].sort().join('|');
}

/** Plurals count as their singular; of Han the first character may be the unit and the next the next word. */
const unitOf = (letters: string) =>
  UNITS.get(letters) ??
  UNITS.get(letters.replace(/s$/, '')) ??
  (/^\p{Script=Han}/u.test(letters) ? UNITS.get(letters.slice(0, 1)) : undefined);

const rounded = (value: number): string => String(Number(value.toPrecision(6)));

/** A word such as `constructor` must find nothing: objects have members nobody wrote. */
function mapOf<T>(entries: Readonly<Record<string, T>>): ReadonlyMap<string, T> {
  return new Map(Object.entries(entries));
}
