// Titles as vectors without any encoder: the usual words of a catalogue, one direction each.
import { searchWords } from './search-words.ts';

/** A word that fewer titles have cannot be learned from. */
const LEAST_TITLES = 3;
const MOST_WORDS = 1024;

/**
 * TF-IDF over the words that most titles have, up to 1,024 of them, rows of length one; zeros where a title has none.
 *
 * @returns vectors [titles, width]; width 0 where no word is usual
 */
export function wordVectors(titles: readonly string[]): {
  readonly vectors: Float32Array;
  readonly width: number;
} {
  const own = titles.map((title) => [...new Set(searchWords(title))]);
  const having = new Map<string, number>();
  for (const words of own) for (const word of words) having.set(word, (having.get(word) ?? 0) + 1);
  const usual = [...having]
    .filter(([, count]) => count >= LEAST_TITLES)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, MOST_WORDS);
  const width = usual.length;
  const column = new Map(usual.map(([word], k) => [word, k]));
  const idf = usual.map(([, count]) => Math.log(titles.length / count) + 1);
  const vectors = new Float32Array(titles.length * width);
  own.forEach((words, row) => {
    const found = words.flatMap((word) => column.get(word) ?? []);
    const length = Math.sqrt(found.reduce((sum, k) => sum + idf[k] ** 2, 0));
    for (const k of found) vectors[row * width + k] = idf[k] / length;
  });
  return { vectors, width };
}
