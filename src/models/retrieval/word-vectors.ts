// Titles as vectors without any encoder: the usual words of a catalogue, one direction each.
import { searchWords } from './search-words.ts';

/** A word that fewer titles have cannot be learned from. */
const LEAST_TITLES = 3;
const MOST_WORDS = 1024;

/** A vocabulary, and titles read by it. */
export interface WordVectors {
  /** 0 where no word is usual. */
  readonly width: number;
  /** TF-IDF rows of length one, [titles, width]; zeros where a title has no usual word. */
  read(titles: readonly string[]): Float32Array;
}

/** Learns the words that most titles have, up to 1,024 of them. */
export function wordVectors(titles: readonly string[]): WordVectors {
  const having = new Map<string, number>();
  for (const title of titles)
    for (const word of new Set(searchWords(title))) having.set(word, (having.get(word) ?? 0) + 1);
  const usual = [...having]
    .filter(([, count]) => count >= LEAST_TITLES)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, MOST_WORDS);
  const width = usual.length;
  const column = new Map(usual.map(([word], k) => [word, k]));
  const idf = usual.map(([, count]) => Math.log(titles.length / count) + 1);
  return {
    width,
    read(asked) {
      const vectors = new Float32Array(asked.length * width);
      asked.forEach((title, row) => {
        const found = [...new Set(searchWords(title))].flatMap((word) => column.get(word) ?? []);
        const length = Math.sqrt(found.reduce((sum, k) => sum + idf[k] ** 2, 0));
        for (const k of found) vectors[row * width + k] = idf[k] / length;
      });
      return vectors;
    },
  };
}
