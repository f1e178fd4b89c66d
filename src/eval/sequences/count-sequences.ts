// What there is of sequences, for the stamp beside every number.
import { type CaseView, viewOf } from '../../core/case-view.ts';
import { type NextItemCases, type Sequences, sequenceCount } from '../../core/sequences.ts';

export interface SequenceCounts {
  /** Users or sessions with an event. */
  readonly entities: number;
  /** Items that occur. */
  readonly items: number;
  readonly interactions: number;
  readonly longest: number;
}

export function countSequences(sequences: Sequences): SequenceCounts {
  const seen = new Uint8Array(sequences.itemIds.length);
  for (const item of sequences.items) seen[item] = 1;
  let entities = 0;
  let longest = 0;
  for (let row = 0; row < sequenceCount(sequences); row++) {
    const length = sequences.offsets[row + 1] - sequences.offsets[row];
    if (length > 0) entities++;
    longest = Math.max(longest, length);
  }
  return {
    entities,
    items: seen.reduce((sum, one) => sum + one, 0),
    interactions: sequences.items.length,
    longest,
  };
}

/** Which cases ask for an item the entity has had before, 1 or 0 a case. */
export function repeatedTargets(cases: NextItemCases | CaseView): Uint8Array {
  const { sequences, rows, ends, targets } = viewOf(cases);
  return Uint8Array.from(targets, (target, at) =>
    sequences.items.subarray(sequences.offsets[rows[at]], ends[at]).includes(target) ? 1 : 0,
  );
}
