// Questions that share their histories: a sequence asked about at every event is kept once, not once a question.
import { cutSequences, type NextItemCases, type Sequences, sequenceCount } from './sequences.ts';

/** Cases as places in sequences. Memory grows with events and cases, not with what came before all of them. */
export interface CaseView {
  readonly sequences: Sequences;
  /** Which sequence a case is of, [cases] */
  readonly rows: Uint32Array;
  /** What came before a case ends before this event of all sequences, [cases] */
  readonly ends: Uint32Array;
  /** Item codes, −1 for one the catalogue does not have, [cases] */
  readonly targets: Int32Array;
}

/** Each sequence of the cases as a history of its own; nothing is copied. */
export function viewOf(cases: NextItemCases | CaseView): CaseView {
  if (!('before' in cases)) return cases;
  const { before, targets } = cases;
  const rows = Uint32Array.from({ length: sequenceCount(before) }, (_, row) => row);
  return { sequences: before, rows, ends: before.offsets.slice(1), targets };
}

/** Whom each case belongs to, [cases] */
export const caseEntities = ({ sequences: { entities }, rows }: CaseView): readonly string[] =>
  Array.from(rows, (row) => entities[row]);

/** Some of the cases laid out one after the other, as a model is asked them. @param which places among the cases */
export function layOut(
  { sequences, rows, ends, targets }: CaseView,
  which: ArrayLike<number>,
): NextItemCases {
  const asked = Uint32Array.from(which, (at) => rows[at]);
  const before = cutSequences(sequences, asked, (row, i) => [sequences.offsets[row], ends[which[i]]]);
  return { before, targets: Int32Array.from(which, (at) => targets[at]) };
}
