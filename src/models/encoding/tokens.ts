// Text as hashed n-grams: words and pairs of words, pieces of words, and runs of characters where nobody writes spaces.
import { mix32 } from '../../core/random.ts';

/** Hashes of one text's n-grams, in order of appearance: `hashes[0 … count)`. Reused from text to text. */
export interface Grams {
  hashes: Uint32Array;
  count: number;
}

export const emptyGrams = (): Grams => ({ hashes: new Uint32Array(4096), count: 0 });

export interface GramOptions {
  /** Pieces of 3 to 5 characters within words, edges included: forgives typos and endings, costs four times the features. */
  readonly pieces: boolean;
}

const SHORTEST_PIECE = 3;
const LONGEST_PIECE = 5;
/** Longer runs without a space are no words. */
const LONGEST_WORD = 40;

/** Kinds of code units; 0 is everything that is in no n-gram. */
const SPACED = 1;
/** Han, kana, Thai and their like, and halves of characters beyond 16 bits (rare Han, emoji): each stands alone. */
const UNSPACED = 2;
const SILENT = 3;

const UNSPACED_SCRIPT =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

let kinds: Uint8Array | undefined;
/** The kind of every UTF-16 code unit, worked out once. */
function unitKinds(): Uint8Array {
  if (kinds) return kinds;
  const table = new Uint8Array(65536);
  for (let unit = 0; unit < 65536; unit++) {
    const char = String.fromCharCode(unit);
    if (unit >= 0xd800 && unit <= 0xdfff) table[unit] = UNSPACED;
    else if (UNSPACED_SCRIPT.test(char)) table[unit] = UNSPACED;
    else if (/[\p{L}\p{M}\p{N}]/u.test(char)) table[unit] = SPACED;
  }
  // An apostrophe inside a word joins it: "didn't" is one word.
  table[0x27] = SILENT;
  table[0x2019] = SILENT;
  kinds = table;
  return table;
}

const DIGIT = 0x30;
const EDGE = 0x20;
const WORD_SEED = 0x811c9dc5;
const PAIR_SEED = 0x9e3779b9;
const PIECE_SEED = 0x243f6a88;
const RUN_SEED = 0xb7e15162;

/** One step of FNV-1a; its low bits repeat until they are mixed. */
const stir = (hash: number, unit: number): number => Math.imul(hash ^ unit, 0x01000193);

/** Fills `into` with the n-grams of a text: NFKC, lower case, every digit the same. */
export function hashGrams(text: string, { pieces }: GramOptions, into: Grams): void {
  const table = unitKinds();
  const clean = text.normalize('NFKC').toLowerCase();
  const length = clean.length;
  // At most a word, a pair and three pieces a character, plus the edges of words.
  if (into.hashes.length < 8 * length + 16) into.hashes = new Uint32Array(16 * length + 16);
  const { hashes } = into;
  const word = new Uint16Array(LONGEST_WORD + 2);
  let count = 0;
  let previous = 0;
  let i = 0;
  while (i < length) {
    const kind = table[clean.charCodeAt(i)];
    if (kind === SPACED) {
      let size = 1;
      let hash = WORD_SEED;
      word[0] = EDGE;
      for (; i < length; i++) {
        let unit = clean.charCodeAt(i);
        const own = table[unit];
        if (own === SILENT) continue;
        if (own !== SPACED) break;
        if (unit >= 0x30 && unit <= 0x39) unit = DIGIT;
        hash = stir(hash, unit);
        if (size <= LONGEST_WORD) word[size++] = unit;
      }
      const done = mix32(hash);
      hashes[count++] = done;
      if (previous !== 0) hashes[count++] = mix32(stir(stir(PAIR_SEED, previous), done));
      previous = done;
      if (!pieces) continue;
      word[size++] = EDGE;
      for (let start = 0; start + SHORTEST_PIECE <= size; start++) {
        let piece = PIECE_SEED;
        const end = Math.min(size, start + LONGEST_PIECE);
        for (let at = start; at < end; at++) {
          piece = stir(piece, word[at]);
          if (at - start + 1 >= SHORTEST_PIECE) hashes[count++] = mix32(piece);
        }
      }
    } else if (kind === UNSPACED) {
      const start = i;
      while (i < length && table[clean.charCodeAt(i)] === UNSPACED) i++;
      for (let from = start; from < i; from++) {
        let run = RUN_SEED;
        const end = Math.min(i, from + 3);
        for (let at = from; at < end; at++) {
          run = stir(run, clean.charCodeAt(at));
          hashes[count++] = mix32(run);
        }
      }
      previous = 0;
    } else {
      i++;
    }
  }
  into.count = count;
}
