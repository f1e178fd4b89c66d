// Evidence for items turned into shares of the whole catalogue: popularity speaks where there is none.
import { invariant } from '../../../core/errors.ts';
import { pause } from '../../../core/pause.ts';
import { type Sequences, sequenceCount } from '../../../core/sequences.ts';

/** Sums by item, with a list of which are not zero: emptied in the time it took to fill. */
export interface Tally {
  /** [items], all zero between uses */
  readonly sums: Float64Array;
  /** Items with a sum, the first `count` of them: [items] */
  readonly touched: Int32Array;
  count: number;
}

export const emptyTally = (items: number): Tally => ({
  sums: new Float64Array(items),
  touched: new Int32Array(items),
  count: 0,
});

/** @param weight above 0 */
export function add(tally: Tally, item: number, weight: number): void {
  if (tally.sums[item] === 0) tally.touched[tally.count++] = item;
  tally.sums[item] += weight;
}

export function empty(tally: Tally): void {
  for (let i = 0; i < tally.count; i++) tally.sums[tally.touched[i]] = 0;
  tally.count = 0;
}

/** How popularity and evidence make one distribution. */
export interface BackOff {
  /** Above 0, adding up to 1, [items] */
  readonly popularity: Float64Array;
  /** The share of probability that popularity keeps where there is evidence, in (0, 1). */
  readonly share: number;
}

/** Adds what a history speaks for; a history holds known items only, oldest first. */
export type Gather = (history: Int32Array, tally: Tally) => void;

/** So many rows are scored between turns given to others. */
const ROWS_A_TURN = 64;

/**
 * Log shares: log((1 − share) · evidence / Σ evidence + share · popularity), and log popularity without evidence. Only
 * items with evidence cost a logarithm.
 *
 * @returns [entities, items]
 */
export async function scoreByEvidence(
  before: Sequences,
  gather: Gather,
  { popularity, share }: BackOff,
): Promise<Float32Array> {
  const [rows, items] = [sequenceCount(before), popularity.length];
  const scores = new Float32Array(rows * items);
  const popular = Float32Array.from(popularity, Math.log);
  const floor = popular.map((value) => value + Math.log(share));
  const tally = emptyTally(items);
  for (let row = 0; row < rows; row++) {
    if (row % ROWS_A_TURN === ROWS_A_TURN - 1) await pause(undefined);
    gather(knownItems(before, row, items), tally);
    const total = sumOf(tally);
    if (total > 0) {
      scores.set(floor, row * items);
      const scale = (1 - share) / total;
      for (let i = 0; i < tally.count; i++) {
        const item = tally.touched[i];
        scores[row * items + item] = Math.log(scale * tally.sums[item] + share * popularity[item]);
      }
    } else scores.set(popular, row * items);
    empty(tally);
  }
  return scores;
}

/** Items of a sequence the model knows, oldest first. */
export function knownItems({ items, offsets }: Sequences, row: number, catalogue: number): Int32Array {
  const own = items.subarray(offsets[row], offsets[row + 1]);
  for (let i = 0; i < own.length; i++)
    if (own[i] < 0 || own[i] >= catalogue) return own.filter(known(catalogue));
  return own;
}

const known = (catalogue: number) => (item: number) => item >= 0 && item < catalogue;

function sumOf({ sums, touched, count }: Tally): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += sums[touched[i]];
  invariant(total >= 0, 'evidence never speaks against an item');
  return total;
}
