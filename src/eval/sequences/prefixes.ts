// Every prefix of a sequence as a case of its own: how sessions are learned from, and asked about at any moment.
import type { CaseView } from '../../core/case-view.ts';
import { type Sequences, sequenceCount } from '../../core/sequences.ts';

/**
 * One case for each event of the rows from `from(row)` on; the target is the event, before it stands all that came first.
 * The sequences themselves are shared, not copied.
 *
 * @param from place in the events of all sequences; the second event of the row when absent
 */
export function everyPrefix(
  sequences: Sequences,
  rows: ArrayLike<number> = Array.from({ length: sequenceCount(sequences) }, (_, row) => row),
  from: (row: number) => number = (row) => sequences.offsets[row] + 1,
): CaseView {
  const { offsets, items } = sequences;
  const caseRows: number[] = [];
  const ends: number[] = [];
  for (let i = 0; i < rows.length; i++) {
    for (let at = from(rows[i]); at < offsets[rows[i] + 1]; at++) {
      caseRows.push(rows[i]);
      ends.push(at);
    }
  }
  return {
    sequences,
    rows: Uint32Array.from(caseRows),
    ends: Uint32Array.from(ends),
    targets: Int32Array.from(ends, (at) => items[at]),
  };
}
