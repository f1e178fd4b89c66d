// What every tokenizer's model is: a word of the text to numbers of pieces, and the words it has seen kept.

/** A word as pieces. */
export interface WordPieces {
  readonly ids: readonly number[];
  /** Where each piece ends in the word, in UTF-16 units. */
  readonly ends: readonly number[];
}

/** WordPiece, byte pairs or Unigram over one vocabulary. */
export interface WordModel {
  /** Each piece as the vocabulary writes it; holes where a number is not used. */
  readonly pieces: readonly string[];
  readonly ids: ReadonlyMap<string, number>;
  readonly unknown: number | undefined;
  split(word: string): WordPieces;
}

/** A letter no piece covers, spelled in pieces of its bytes; undefined where one of them has none. */
export type Spell = (letter: string) => readonly number[] | undefined;

/** Words of shops repeat: what was split once is looked up, up to so many words. */
const KEPT_WORDS = 65_536;
const LONGEST_KEPT = 64;

/** The same splitting, remembering words; forgets all at once when full. */
export function rememberWords(split: (word: string) => WordPieces): (word: string) => WordPieces {
  let known = new Map<string, WordPieces>();
  return (word) => {
    const kept = known.get(word);
    if (kept !== undefined) return kept;
    const pieces = split(word);
    if (word.length <= LONGEST_KEPT) {
      if (known.size >= KEPT_WORDS) known = new Map();
      known.set(word, pieces);
    }
    return pieces;
  };
}
