// A validation set where the test is a file of its own: the last item of some sequences, drawn at random.
import type { Random } from '../../core/random.ts';
import { cutSequences, type NextItemCases, type Sequences, sequenceCount } from '../../core/sequences.ts';
import { casesAt } from './leave-one-out.ts';

export interface HoldOutOptions {
  readonly random: Random;
  /** Of the sequences with two items or more; .1 when absent. */
  readonly share?: number;
  /** 5,000 when absent. */
  readonly most?: number;
}

/** Only the drawn items leave the training side: what came before them stays. `valid` is absent where none can be drawn. */
export function holdOutLast(
  sequences: Sequences,
  { random, share = 0.1, most = 5000 }: HoldOutOptions,
): { readonly train: Sequences; readonly valid?: NextItemCases; readonly known: Sequences } {
  const { offsets } = sequences;
  const all = Array.from({ length: sequenceCount(sequences) }, (_, row) => row);
  const long = all.filter((row) => offsets[row + 1] - offsets[row] >= 2);
  const count = Math.min(most, Math.floor(long.length * share));
  // An interval needs two.
  if (count < 2) return { train: sequences, known: sequences };
  // A partial shuffle: the first `count` places are a draw without replacement.
  for (let i = 0; i < count; i++) {
    const j = i + random.integer(long.length - i);
    [long[i], long[j]] = [long[j], long[i]];
  }
  const drawn = long.slice(0, count).sort((a, b) => a - b);
  const isDrawn = new Set(drawn);
  return {
    train: cutSequences(sequences, all, (row) => [
      offsets[row],
      offsets[row + 1] - (isDrawn.has(row) ? 1 : 0),
    ]),
    valid: casesAt(sequences, drawn, (row) => offsets[row + 1] - 1),
    known: sequences,
  };
}
