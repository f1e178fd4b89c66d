// WordPiece: from the left, the longest piece the vocabulary knows; a word with a part unknown is unknown as a whole.
import { rememberWords, type WordModel, type WordPieces } from './word-model.ts';

export interface WordPieceSettings {
  readonly pieces: readonly string[];
  readonly ids: ReadonlyMap<string, number>;
  readonly unknown: number;
  /** What marks a piece that is not a word's first: `##`. */
  readonly continuing: string;
  /** Longer words are unknown, in code points. */
  readonly longestWord: number;
}

export function wordPieceModel(settings: WordPieceSettings): WordModel {
  const { pieces, ids, unknown, continuing, longestWord } = settings;
  const longestPiece = pieces.reduce((most, piece) => Math.max(most, piece.length), 1);

  const split = (word: string): WordPieces => {
    const whole = ids.get(word);
    const asUnknown = { ids: [unknown], ends: [word.length] };
    if (word.length > longestWord && codePoints(word) > longestWord) return asUnknown;
    if (whole !== undefined) return { ids: [whole], ends: [word.length] };
    const found: number[] = [];
    const ends: number[] = [];
    let start = 0;
    while (start < word.length) {
      let end = Math.min(word.length, start + longestPiece);
      let id: number | undefined;
      for (; end > start; end--) {
        if (isInsidePair(word, end)) continue;
        const part = word.slice(start, end);
        id = ids.get(start === 0 ? part : continuing + part);
        if (id !== undefined) break;
      }
      if (id === undefined) return asUnknown;
      found.push(id);
      ends.push(end);
      start = end;
    }
    return { ids: found, ends };
  };
  return { pieces, ids, unknown, split: rememberWords(split) };
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** Whether a cut at `at` would part a surrogate pair. */
function isInsidePair(text: string, at: number): boolean {
  return at < text.length && (text.charCodeAt(at) & 0xfc00) === 0xdc00;
}
