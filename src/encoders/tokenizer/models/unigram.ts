// Unigram: the pieces whose log probabilities sum highest (Kudo 2018, arXiv:1804.10959), by Viterbi's way through a trie.
import { rememberWords, type Spell, type WordModel, type WordPieces } from './word-model.ts';

export interface UnigramSettings {
  readonly pieces: readonly string[];
  /** Log probability of each piece. */
  readonly scores: Float64Array;
  readonly ids: ReadonlyMap<string, number>;
  readonly unknown: number | undefined;
  readonly spell?: Spell;
}

/** How far below the least likely piece an unknown character lies, as SentencePiece has it. */
const UNKNOWN_PENALTY = 10;

export function unigramModel(settings: UnigramSettings): WordModel {
  const { pieces, ids, unknown, scores, spell } = settings;
  const trie = pieceTrie(pieces);
  const least = scores.reduce((low, score) => Math.min(low, score), Infinity);
  const unknownScore = least - UNKNOWN_PENALTY;
  const UNKNOWN = -1;

  const split = (word: string): WordPieces => {
    const size = word.length;
    const best = new Float64Array(size + 1);
    const from = new Int32Array(size + 1).fill(-1);
    const chosen = new Int32Array(size + 1);
    const offer = (start: number, end: number, score: number, id: number): void => {
      const candidate = best[start]! + score;
      if (from[end]! >= 0 && candidate <= best[end]!) return;
      best[end] = candidate;
      from[end] = start;
      chosen[end] = id;
    };
    for (let start = 0; start < size; ) {
      const width = word.codePointAt(start)! > 0xffff ? 2 : 1;
      let hasSingle = false;
      let node = 0;
      for (let at = start; at < size; at++) {
        node = trie.child(node, word.charCodeAt(at));
        if (node < 0) break;
        const id = trie.piece(node);
        if (id < 0) continue;
        offer(start, at + 1, scores[id]!, id);
        if (at + 1 - start === width) hasSingle = true;
      }
      if (!hasSingle) offer(start, start + width, unknownScore, UNKNOWN);
      start += width;
    }
    return wayBack(word, from, chosen);
  };

  function wayBack(word: string, from: Int32Array, chosen: Int32Array): WordPieces {
    const found: number[] = [];
    const ends: number[] = [];
    for (let end = word.length; end > 0; ) {
      const isUnknown = chosen[end] === UNKNOWN || chosen[end] === unknown;
      let start = from[end]!;
      // Unknown characters side by side are one unknown piece.
      if (isUnknown) {
        while (start > 0 && (chosen[start] === UNKNOWN || chosen[start] === unknown)) start = from[start]!;
      }
      const id = isUnknown ? undefined : chosen[end]!;
      if (id !== undefined) {
        found.push(id);
        ends.push(end);
      } else {
        pushUnknown(word.slice(start, end), end, found, ends);
      }
      end = start;
    }
    return { ids: found.reverse(), ends: ends.reverse() };
  }

  function pushUnknown(part: string, end: number, found: number[], ends: number[]): void {
    const known = ids.get(part);
    const replaced = known !== undefined ? [known] : [...(spell?.(part) ?? [unknown])];
    for (const id of replaced.reverse()) {
      if (id === undefined) continue;
      found.push(id);
      ends.push(end);
    }
  }

  return { pieces, ids, unknown, split: rememberWords(split) };
}

/** A trie over UTF-16 units: children in one hash, keyed by node and unit. */
function pieceTrie(pieces: readonly string[]): {
  child(node: number, unit: number): number;
  piece(node: number): number;
} {
  const children = new Map<number, number>();
  const ends: number[] = [-1];
  pieces.forEach((piece, id) => {
    let node = 0;
    for (let at = 0; at < piece.length; at++) {
      const key = node * 0x10000 + piece.charCodeAt(at);
      let next = children.get(key);
      if (next === undefined) {
        next = ends.length;
        ends.push(-1);
        children.set(key, next);
      }
      node = next;
    }
    if (node > 0 && ends[node] === -1) ends[node] = id;
  });
  return {
    child: (node, unit) => children.get(node * 0x10000 + unit) ?? -1,
    piece: (node) => ends[node]!,
  };
}
