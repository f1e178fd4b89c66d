// Cases to learn or judge by: in an order of their own, no more than needed, cut from the newest sequences where none are given.
import { cutSequences, type NextItemCases, type Sequences, takeSequences } from '../../core/sequences.ts';
import { compareTexts } from '../../core/text-order.ts';
import { rowsByAge } from './classical/event-recency.ts';

/** At most so many of the cases, evenly from all entities; the order they came in decides nothing. */
export function someCases({ before, targets }: NextItemCases, most: number): NextItemCases {
  const { entities, offsets } = before;
  const length = (row: number): number => offsets[row + 1] - offsets[row];
  const sorted = Int32Array.from(targets.keys()).sort(
    (a, b) => compareTexts(entities[a], entities[b]) || length(a) - length(b) || targets[a] - targets[b],
  );
  const rows = evenly(sorted, most);
  return { before: takeSequences(before, rows), targets: Int32Array.from(rows, (row) => targets[row]) };
}

function evenly(values: Int32Array, most: number): Int32Array {
  if (values.length <= most) return values;
  return Int32Array.from({ length: most }, (_, i) => values[Math.floor(((i + 0.5) * values.length) / most)]);
}

export interface HeldOut {
  /** Sequences that no case is cut from. */
  readonly learn: Sequences;
  readonly cases: NextItemCases;
}

/**
 * The newest sequences (the last by name where there are no times) apart from the rest: every event of theirs but the first
 * is asked for from those before it.
 *
 * @param share of the sequences held out
 * @param most cases
 */
export function holdOutNewest(train: Sequences, share: number, most: number): HeldOut {
  const rows = rowsByAge(train);
  const kept = rows.length - Math.floor(rows.length * share);
  const { offsets, items } = train;
  const asked: { readonly row: number; readonly end: number }[] = [];
  for (const row of rows.subarray(kept)) {
    for (let end = offsets[row] + 1; end < offsets[row + 1]; end++) asked.push({ row, end });
  }
  const chosen = [...evenly(Int32Array.from(asked.keys()), most)].map((i) => asked[i]);
  const before = cutSequences(
    train,
    chosen.map(({ row }) => row),
    (row, i) => [offsets[row], chosen[i].end],
  );
  return {
    learn: takeSequences(train, rows.subarray(0, kept)),
    cases: { before, targets: Int32Array.from(chosen, ({ end }) => items[end]) },
  };
}
