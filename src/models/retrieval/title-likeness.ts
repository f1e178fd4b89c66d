// How much of what two titles say is the same: words weighed by their rarity, a typo forgiven where it is one.
import { GLUE, searchWords } from './search-words.ts';
import { isRareBeside, isWithin, SHORTEST } from './typos.ts';

/** The words of every title as codes, each once and rising, with what they weigh. */
export interface TitleWords {
  /** Title i has the words `codes[offsets[i] … offsets[i + 1])`. */
  readonly offsets: Uint32Array;
  readonly codes: Int32Array;
  readonly words: readonly string[];
  /** Titles with the word, [words]. */
  readonly titles: Int32Array;
  /** [words] */
  readonly weight: Float64Array;
}

export function readTitles(titles: readonly string[]): TitleWords {
  const codeOf = new Map<string, number>();
  const offsets = new Uint32Array(titles.length + 1);
  const codes: number[] = [];
  const having: number[] = [];
  titles.forEach((title, i) => {
    const own = new Set<number>();
    for (const word of searchWords(title)) {
      if (GLUE.has(word)) continue;
      const code = codeOf.get(word) ?? codeOf.size;
      codeOf.set(word, code);
      own.add(code);
    }
    for (const code of own) having[code] = (having[code] ?? 0) + 1;
    codes.push(...[...own].sort((a, b) => a - b));
    offsets[i + 1] = codes.length;
  });
  const weight = Float64Array.from(having, (count) => Math.log(1 + titles.length / count));
  return {
    offsets,
    codes: Int32Array.from(codes),
    words: [...codeOf.keys()],
    titles: Int32Array.from(having),
    weight,
  };
}

/**
 * Σ weight of shared words / Σ weight of all, in [0, 1]; 1 for the same words in any order. A word without a twin counts as
 * shared where it is a typo of one without a twin on the other side: one letter off (two from ten letters on), never the first,
 * and one of them hardly anybody writes. Words run together count as the words they are.
 */
export function titleLikeness(titles: TitleWords, a: number, b: number): number {
  const { offsets, codes, weight } = titles;
  let shared = 0;
  const [left, right]: [number[], number[]] = [[], []];
  let [i, j] = [offsets[a], offsets[b]];
  while (i < offsets[a + 1] || j < offsets[b + 1]) {
    const x = i < offsets[a + 1] ? codes[i] : Number.POSITIVE_INFINITY;
    const y = j < offsets[b + 1] ? codes[j] : Number.POSITIVE_INFINITY;
    if (x === y) {
      shared += weight[x];
      i++;
      j++;
    } else if (x < y) {
      left.push(x);
      i++;
    } else {
      right.push(y);
      j++;
    }
  }
  // "t shirt" and "tshirt": what is left on both sides reads the same once put together.
  if (sameTogether(titles, left, right)) return 1;
  const free = new Set(right);
  let apart = 0;
  for (const code of left) {
    const twin = [...free].find((other) => isTypo(titles, code, other));
    if (twin === undefined) {
      apart += weight[code];
      continue;
    }
    free.delete(twin);
    shared += Math.min(weight[code], weight[twin]);
  }
  for (const code of free) apart += weight[code];
  return shared + apart > 0 ? shared / (shared + apart) : 0;
}

/** Words of which the usual one is known, or long enough that two real ones are seldom so near. */
const KNOWN_TITLES = 3;
const LONG = 6;
const VERY_LONG = 10;

function isTypo({ words, titles }: TitleWords, a: number, b: number): boolean {
  const [rare, usual] = titles[a] < titles[b] ? [titles[a], titles[b]] : [titles[b], titles[a]];
  if (!isRareBeside(rare, usual + 1)) return false;
  const [x, y] = [words[a], words[b]];
  // Hands slip within a word; bathroom and washroom differ where words begin.
  if (x[0] !== y[0] || /\d/.test(x) || /\d/.test(y)) return false;
  const least = Math.min(x.length, y.length);
  if (least < SHORTEST || (usual < KNOWN_TITLES && least < LONG)) return false;
  return isWithin(x, y, least >= VERY_LONG ? 2 : 1);
}

const letters = ({ words }: TitleWords, codes: readonly number[]): string =>
  [...codes.map((code) => words[code]).join('')].sort().join('');

const sameTogether = (titles: TitleWords, a: readonly number[], b: readonly number[]): boolean =>
  a.length !== b.length && Math.min(a.length, b.length) === 1 && letters(titles, a) === letters(titles, b);
