// Which texts run together, and at which length: few programs, little padding.
import { pieceLengths } from './piece-lengths.ts';

/** Texts of like length, run together. */
export interface PlannedBatch {
  /** Rows of the program; more than `rows` where the last of a length are too few. */
  readonly batch: number;
  /** Pieces of each row. */
  readonly time: number;
  /** Places of the texts. */
  readonly rows: Int32Array;
}

/** Pieces of a batch: enough to keep every thread busy, few enough to stay in the caches. */
const PIECES = 1024;
/** Opening a program costs about as much time as this many pieces. */
const OPENING = 1024;
/** Rows of a program where there are few texts: powers of four waste little and let programs be used again. */
const FEW = 4;

/** Rows of a full batch at a length. */
export const fullBatch = (time: number): number => Math.max(1, Math.floor(PIECES / time));

/**
 * Batches of texts by their counts of pieces, shortest first. A length with so few texts that a program of its own does
 * not pay is read at the next longer one.
 *
 * @param lengths of pieces, [texts]
 * @param greatest no text is longer
 */
export function planBatches(lengths: Int32Array, greatest: number): readonly PlannedBatch[] {
  const order = Int32Array.from(lengths, (_, i) => i).sort((a, b) => lengths[a] - lengths[b] || a - b);
  const ends = bucketEnds(lengths, order, pieceLengths(greatest));
  const plan: PlannedBatch[] = [];
  let from = 0;
  for (const { time, end } of ends) {
    const full = Math.min(fullBatch(time), roomFor(end - from));
    for (; from < end; from += full)
      plan.push({ batch: full, time, rows: order.subarray(from, Math.min(end, from + full)) });
    from = end;
  }
  return plan;
}

/** 1, 4, 16, …: the least that holds so many. */
function roomFor(count: number): number {
  let rows = 1;
  while (rows < count) rows *= FEW;
  return rows;
}

/** Where each length that is used ends in the order. */
function bucketEnds(
  lengths: Int32Array,
  order: Int32Array,
  times: readonly number[],
): readonly { readonly time: number; readonly end: number }[] {
  const ends: { time: number; end: number }[] = [];
  let end = 0;
  let open = 0;
  for (const [i, time] of times.entries()) {
    while (end < order.length && lengths[order[end]] <= time) end++;
    const count = end - open;
    if (count === 0) continue;
    const nextText = order[end];
    const next =
      nextText === undefined ? undefined : times.find((one, k) => k > i && one >= lengths[nextText]);
    if (next !== undefined && count * (next - time) < OPENING) continue;
    ends.push({ time, end });
    open = end;
  }
  return ends;
}
