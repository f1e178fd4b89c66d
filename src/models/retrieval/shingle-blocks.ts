// Which titles are worth comparing: those whose pieces of words collide, found without comparing all with all.
import { hash32, mix32 } from '../../core/random.ts';
import { searchWords } from './search-words.ts';

/**
 * 24 bands of 3: two titles that share half of their pieces meet with a chance of 1 − (1 − .5³)²⁴ = .96, a third .59, of a
 * tenth .02.
 */
const BANDS = 24;
const ROWS = 3;
const PIECE = 3;
/** In a crowd of the same pieces everybody is compared with this many next ones, not with all. */
const MOST_IN_CROWD = 40;

/**
 * Pairs of titles likely to be alike, `a < b`, each once.
 *
 * @see Broder 1997, On the resemblance and containment of documents; bands as in Leskovec, Rajaraman and Ullman, chapter 3
 */
export function shinglePairs(titles: readonly string[]): readonly (readonly [number, number])[] {
  const seeds = Array.from({ length: BANDS * ROWS }, (_, k) => mix32(0x9e3779b9 + k));
  const bands = Array.from({ length: BANDS }, () => new Map<number, number[]>());
  titles.forEach((title, at) => {
    const pieces = piecesOf(title);
    if (pieces.length === 0) return;
    for (let band = 0; band < BANDS; band++) {
      let key = band;
      for (let row = 0; row < ROWS; row++) {
        const seed = seeds[band * ROWS + row];
        let least = 0xffffffff;
        for (const piece of pieces) least = Math.min(least, mix32(piece ^ seed));
        key = mix32(Math.imul(key, 31) ^ least);
      }
      const bucket = bands[band].get(key);
      if (bucket) bucket.push(at);
      else bands[band].set(key, [at]);
    }
  });
  const seen = new Set<number>();
  const pairs: [number, number][] = [];
  for (const band of bands) {
    for (const bucket of band.values()) {
      for (let i = 0; i < bucket.length; i++) {
        const end = Math.min(bucket.length, i + 1 + MOST_IN_CROWD);
        for (let j = i + 1; j < end; j++) {
          const key = bucket[i] * titles.length + bucket[j];
          if (seen.has(key)) continue;
          seen.add(key);
          pairs.push([bucket[i], bucket[j]]);
        }
      }
    }
  }
  return pairs;
}

/** Hashes of runs of three letters within words, borders included; shorter words whole. */
function piecesOf(title: string): number[] {
  const pieces = new Set<number>();
  for (const word of searchWords(title)) {
    const framed = ` ${word} `;
    if (framed.length <= PIECE) pieces.add(hash32(framed));
    for (let i = 0; i + PIECE <= framed.length; i++) pieces.add(hash32(framed.slice(i, i + PIECE)));
  }
  return [...pieces];
}
