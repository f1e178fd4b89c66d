// Byte-pair encoding: neighbours are joined in the order the merges were learned (Sennrich 2016, arXiv:1508.07909).
import { rememberWords, type Spell, type WordModel, type WordPieces } from './word-model.ts';

export interface BytePairSettings {
  readonly pieces: readonly string[];
  readonly ids: ReadonlyMap<string, number>;
  readonly unknown: number | undefined;
  /** Pairs of pieces, the first learned first. */
  readonly merges: readonly (readonly [string, string])[];
  readonly continuing: string;
  readonly closing: string;
  readonly fusesUnknown: boolean;
  /** A word the vocabulary knows is one piece, whatever the merges say. */
  readonly ignoresMerges: boolean;
  readonly spell?: Spell;
}

interface Merge {
  readonly rank: number;
  readonly id: number;
}

export function bytePairModel(settings: BytePairSettings): WordModel {
  const { pieces, ids, unknown, ignoresMerges } = settings;
  const size = pieces.length;
  const merges = new Map<number, Merge>();
  settings.merges.forEach(([left, right], rank) => {
    const a = ids.get(left);
    const b = ids.get(right);
    const id = ids.get(left + right.slice(settings.continuing.length));
    if (a !== undefined && b !== undefined && id !== undefined) merges.set(a * size + b, { rank, id });
  });

  const split = (word: string): WordPieces => {
    const whole = ignoresMerges ? ids.get(word) : undefined;
    if (whole !== undefined) return { ids: [whole], ends: [word.length] };
    const letters = lettersOf(word, settings);
    return joinPairs(letters, (a, b) => merges.get(a * size + b));
  };
  return { pieces, ids, unknown, split: rememberWords(split) };
}

/** The word letter by letter, as far as the vocabulary knows them. */
function lettersOf(word: string, settings: BytePairSettings): { ids: number[]; ends: number[] } {
  const { ids, unknown, continuing, closing, spell, fusesUnknown } = settings;
  const found: number[] = [];
  const ends: number[] = [];
  for (let at = 0; at < word.length; ) {
    const end = at + (word.codePointAt(at)! > 0xffff ? 2 : 1);
    const letter = word.slice(at, end);
    const id = ids.get((at > 0 ? continuing : '') + letter + (end === word.length ? closing : ''));
    const spelled = id === undefined ? spell?.(letter) : undefined;
    at = end;
    if (id !== undefined) {
      found.push(id);
      ends.push(end);
    } else if (spelled !== undefined) {
      for (const byte of spelled) {
        found.push(byte);
        ends.push(end);
      }
    } else if (unknown !== undefined) {
      if (fusesUnknown && found.at(-1) === unknown) ends[ends.length - 1] = end;
      else {
        found.push(unknown);
        ends.push(end);
      }
    }
  }
  return { ids: found, ends };
}

/**
 * Joins the pair learned earliest, the leftmost first, until none is left. A heap of (rank, place) over a linked list:
 * n log n, so that a word of 100,000 letters is no danger.
 */
function joinPairs(
  letters: { ids: number[]; ends: number[] },
  mergeOf: (left: number, right: number) => Merge | undefined,
): WordPieces {
  const { ids, ends } = letters;
  const length = ids.length;
  const next = Int32Array.from({ length }, (_, i) => (i + 1 < length ? i + 1 : -1));
  const previous = Int32Array.from({ length }, (_, i) => i - 1);
  const isGone = new Uint8Array(length);
  const heap: number[] = [];
  const PLACES = 2 ** 26;
  const offer = (at: number): void => {
    const after = at < 0 ? -1 : next[at]!;
    if (after < 0) return;
    const merge = mergeOf(ids[at]!, ids[after]!);
    if (merge !== undefined) pushLeast(heap, merge.rank * PLACES + at);
  };
  for (let at = 0; at + 1 < length; at++) offer(at);
  while (heap.length > 0) {
    const key = popLeast(heap);
    const at = key % PLACES;
    const after = next[at]!;
    if (isGone[at] === 1 || after < 0) continue;
    const merge = mergeOf(ids[at]!, ids[after]!);
    // The pair that was offered here may have been joined to another since.
    if (merge === undefined || merge.rank !== (key - at) / PLACES) continue;
    ids[at] = merge.id;
    ends[at] = ends[after]!;
    isGone[after] = 1;
    next[at] = next[after]!;
    if (next[at]! >= 0) previous[next[at]!] = at;
    offer(previous[at]!);
    offer(at);
  }
  const isKept = (_: unknown, at: number): boolean => isGone[at] === 0;
  return { ids: ids.filter(isKept), ends: ends.filter(isKept) };
}

function pushLeast(heap: number[], key: number): void {
  let at = heap.push(key) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (heap[parent]! <= key) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = key;
}

function popLeast(heap: number[]): number {
  const least = heap[0]!;
  const last = heap.pop()!;
  const size = heap.length;
  if (size === 0) return least;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && heap[child + 1]! < heap[child]!) child++;
    if (heap[child]! >= last) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return least;
}
