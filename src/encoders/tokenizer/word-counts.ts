// Counts the words of texts: what a vocabulary is learned from, in one pass over them.
import { isUnspaced } from '../chinese/shop-text.ts';
import { stretches } from './steps/stretches.ts';
import type { CountedWord } from './unigram-training.ts';

/** Letters with their counts, and words longer than one letter. */
export interface WordCounts {
  readonly letters: ReadonlyMap<string, number>;
  readonly words: readonly CountedWord[];
}

/** Words longer than this, in UTF-16 units, are no words of a language. */
const LONGEST_WORD = 40;

/**
 * Runs of scripts without spaces are parted into words as the platform's dictionary has it; a word found nowhere in it stays
 * a row of letters. Only learning needs the dictionary: what was learned is read without it, alike on every machine.
 *
 * Memory grows with the different words, not with the texts.
 */
export function countWords(
  texts: Iterable<string>,
  wordsOf: (text: string) => readonly string[],
): WordCounts {
  const counts = new Map<string, number>();
  const runs = new Map<string, number>();
  for (const text of texts) {
    for (const word of wordsOf(text)) {
      const into = isUnspaced(word) ? runs : counts;
      into.set(word, (into.get(word) ?? 0) + 1);
    }
  }
  const segmenter = new Intl.Segmenter('zh', { granularity: 'word' });
  for (const [run, count] of runs) {
    for (const [from, to] of stretches(run)) {
      for (const { segment } of segmenter.segment(run.slice(from, to))) {
        counts.set(segment, (counts.get(segment) ?? 0) + count);
      }
    }
  }
  const letters = new Map<string, number>();
  for (const [word, count] of counts) {
    for (const letter of word) letters.set(letter, (letters.get(letter) ?? 0) + count);
  }
  const words = [...counts]
    .filter(([word]) => word.length <= LONGEST_WORD)
    .map(([word, count]) => ({ word, count }))
    .sort((a, b) => (a.word < b.word ? -1 : 1));
  return { letters, words };
}
