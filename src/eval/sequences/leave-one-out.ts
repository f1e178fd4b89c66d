// Leave-one-out: of every entity the last item is the test, the one before it the validation, the rest is learned from.
import { AppError } from '../../core/errors.ts';
import { cutSequences, type NextItemCases, type Sequences, sequenceCount } from '../../core/sequences.ts';

export interface SequenceSplit {
  readonly train: Sequences;
  readonly valid: NextItemCases;
  readonly test: NextItemCases;
  /** All that was known before any test: what is learned from, and the validation targets. */
  readonly known: Sequences;
  /** Entities too short to be asked about: learned from, never tested. */
  readonly tooShort: number;
}

/** Learning, validation and test need an item each. */
export const LEAST_EVENTS = 3;

/**
 * What came before a test target includes the validation target, as it would on the day.
 *
 * @throws AppError NOT_ENOUGH_DATA when no entity has three events
 */
export function leaveOneOut(sequences: Sequences): SequenceSplit {
  const { offsets } = sequences;
  const all = Array.from({ length: sequenceCount(sequences) }, (_, row) => row);
  const tested = all.filter((row) => offsets[row + 1] - offsets[row] >= LEAST_EVENTS);
  if (tested.length === 0) {
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `expected sequences of at least ${LEAST_EVENTS} items to leave the last out, none of ${all.length} is that long: name a test file`,
    );
  }
  const short = new Set(all);
  for (const row of tested) short.delete(row);
  return {
    train: cutSequences(sequences, all, (row) => [offsets[row], offsets[row + 1] - (short.has(row) ? 0 : 2)]),
    valid: casesAt(sequences, tested, (row) => offsets[row + 1] - 2),
    test: casesAt(sequences, tested, (row) => offsets[row + 1] - 1),
    known: cutSequences(sequences, all, (row) => [offsets[row], offsets[row + 1] - (short.has(row) ? 0 : 1)]),
    tooShort: short.size,
  };
}

/**
 * One case a row: the event at `place(row)` is the target, what stands before it in its sequence is what came before.
 *
 * @param place into the events of all sequences
 */
export function casesAt(
  sequences: Sequences,
  rows: ArrayLike<number>,
  place: (row: number) => number,
): NextItemCases {
  return {
    before: cutSequences(sequences, rows, (row) => [sequences.offsets[row], place(row)]),
    targets: Int32Array.from(rows, (row) => sequences.items[place(row)]),
  };
}
