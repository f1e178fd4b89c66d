// Learns pieces and their probabilities from words with counts: expectation and maximisation over all ways to cut a word.
import { AppError } from '../../core/errors.ts';

export interface CountedWord {
  readonly word: string;
  readonly count: number;
}

export interface LearnedPiece {
  readonly piece: string;
  /** Log probability. */
  readonly score: number;
}

export interface UnigramTask {
  /** Sorted, so that sums of floats come out the same whatever the order of the texts. */
  readonly words: readonly CountedWord[];
  /** Single characters: always pieces. */
  readonly letters: readonly string[];
  /** Longer pieces to begin with. */
  readonly seeds: readonly CountedWord[];
  /** Pieces wanted at most, letters counted. */
  readonly size: number;
}

/** Of the pieces that are too many, how many a round keeps. */
const KEPT = 0.7;
/** Times probabilities are made better between two prunings, as in the paper. */
const ITERATIONS = 2;
/** A letter nobody needed keeps this many occurrences, so that it stays possible. */
const LEAST_COUNT = 0.5;

/**
 * Starts with too many pieces, and drops those whose loss makes the texts the least improbable, until `size` are left.
 *
 * @returns letters and pieces, the likeliest first, equals by their text
 * @see Kudo 2018, arXiv:1804.10959, §3.2
 * @throws AppError NOT_ENOUGH_DATA
 */
export function learnUnigram(task: UnigramTask): readonly LearnedPiece[] {
  const { letters, size } = task;
  let pieces = [...letters, ...task.seeds.map(({ word }) => word)];
  let weights: Float64Array = Float64Array.from(pieces, () => 1);
  task.seeds.forEach(({ count }, i) => {
    weights[letters.length + i] = count;
  });
  const wanted = Math.max(size, letters.length);
  if (letters.length === 0)
    throw new AppError('NOT_ENOUGH_DATA', 'there is no letter in the texts to learn from');
  for (;;) {
    const lattice = allCuts(task.words, pieces);
    let scores = logShares(weights);
    for (let i = 0; i < ITERATIONS; i++) {
      weights = expectedCounts(lattice, scores);
      scores = logShares(weights);
    }
    if (pieces.length <= wanted) return ranked(pieces, scores);
    const target = Math.max(wanted, Math.floor(pieces.length * KEPT));
    const kept = mostNeeded({ pieces, scores, weights, letters: letters.length, keep: target });
    pieces = kept.map((i) => pieces[i]!);
    weights = Float64Array.from(kept, (i) => weights[i]!);
  }
}

/** Every way pieces lie in the words: edges of word after word, by their end, in one set of flat arrays. */
interface Lattice {
  readonly counts: Float64Array;
  readonly lengths: Int32Array;
  /** Edges of word w are [edgeFrom[w], edgeFrom[w + 1]). */
  readonly edgeFrom: Int32Array;
  readonly start: Int32Array;
  readonly end: Int32Array;
  readonly piece: Int32Array;
  readonly pieces: number;
  readonly longest: number;
}

function allCuts(words: readonly CountedWord[], pieces: readonly string[]): Lattice {
  const ids = new Map(pieces.map((piece, id) => [piece, id]));
  const longestPiece = pieces.reduce((most, piece) => Math.max(most, piece.length), 1);
  const start: number[] = [];
  const end: number[] = [];
  const piece: number[] = [];
  const edgeFrom = new Int32Array(words.length + 1);
  words.forEach(({ word }, w) => {
    for (let to = 1; to <= word.length; to++) {
      for (let from = Math.max(0, to - longestPiece); from < to; from++) {
        const id = ids.get(word.slice(from, to));
        if (id === undefined) continue;
        start.push(from);
        end.push(to);
        piece.push(id);
      }
    }
    edgeFrom[w + 1] = start.length;
  });
  return {
    counts: Float64Array.from(words, ({ count }) => count),
    lengths: Int32Array.from(words, ({ word }) => word.length),
    edgeFrom,
    start: Int32Array.from(start),
    end: Int32Array.from(end),
    piece: Int32Array.from(piece),
    pieces: pieces.length,
    longest: words.reduce((most, { word }) => Math.max(most, word.length), 0),
  };
}

/** How often each piece is expected, over all ways to cut each word: forward and backward sums of probabilities. */
function expectedCounts(lattice: Lattice, scores: Float64Array): Float64Array {
  const { counts, lengths, edgeFrom, start, end, piece } = lattice;
  const shares = scores.map(Math.exp);
  const expected = new Float64Array(lattice.pieces);
  const ahead = new Float64Array(lattice.longest + 1);
  const behind = new Float64Array(lattice.longest + 1);
  for (let w = 0; w < counts.length; w++) {
    const length = lengths[w]!;
    const from = edgeFrom[w]!;
    const to = edgeFrom[w + 1]!;
    ahead.fill(0, 0, length + 1)[0] = 1;
    for (let e = from; e < to; e++) ahead[end[e]!]! += ahead[start[e]!]! * shares[piece[e]!]!;
    const total = ahead[length]!;
    // Too improbable for a double, or a letter that is no piece: such words say nothing.
    if (!(total > 0)) continue;
    behind.fill(0, 0, length + 1)[length] = 1;
    for (let e = to - 1; e >= from; e--) behind[start[e]!]! += behind[end[e]!]! * shares[piece[e]!]!;
    const scale = counts[w]! / total;
    for (let e = from; e < to; e++) {
      expected[piece[e]!]! += scale * ahead[start[e]!]! * shares[piece[e]!]! * behind[end[e]!]!;
    }
  }
  return expected;
}

function logShares(weights: Float64Array): Float64Array {
  const floored = weights.map((weight) => Math.max(weight, LEAST_COUNT));
  const total = floored.reduce((sum, weight) => sum + weight, 0);
  return floored.map((weight) => Math.log(weight / total));
}

/** Letters, and the pieces the texts would miss most: their count times what the next best cut of them costs. */
function mostNeeded(now: {
  readonly pieces: readonly string[];
  readonly scores: Float64Array;
  readonly weights: Float64Array;
  readonly letters: number;
  readonly keep: number;
}): readonly number[] {
  const { pieces, scores, weights, letters, keep } = now;
  const ids = new Map(pieces.map((piece, id) => [piece, id]));
  const needs = pieces.map((piece, id) =>
    id < letters ? Infinity : weights[id]! * (scores[id]! - withoutItself(piece, ids, scores)),
  );
  return [...pieces.keys()]
    .sort((a, b) => (needs[a] === needs[b] ? byText(pieces[a]!, pieces[b]!) : needs[b]! - needs[a]!))
    .slice(0, keep)
    .sort((a, b) => a - b);
}

/** The best score of a piece cut into others. */
function withoutItself(piece: string, ids: ReadonlyMap<string, number>, scores: Float64Array): number {
  const best = new Float64Array(piece.length + 1).fill(-Infinity);
  best[0] = 0;
  for (let to = 1; to <= piece.length; to++) {
    for (let from = 0; from < to; from++) {
      if (best[from] === -Infinity || to - from === piece.length) continue;
      const id = ids.get(piece.slice(from, to));
      if (id !== undefined) best[to] = Math.max(best[to]!, best[from]! + scores[id]!);
    }
  }
  return best[piece.length]!;
}

function ranked(pieces: readonly string[], scores: Float64Array): readonly LearnedPiece[] {
  return pieces
    .map((piece, i) => ({ piece, score: Math.round(scores[i]! * 1e5) / 1e5 }))
    .sort((a, b) => b.score - a.score || byText(a.piece, b.piece));
}

/** By UTF-16 units: the same on every machine. */
function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
