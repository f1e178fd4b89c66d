// A row of scores read as a distribution and taken apart: the own items on one side, all others on the other.
import { logSumExp } from '../softmax-row.ts';

export interface SplitRow {
  /** Log of Σ exp(score / temperature) over the items that are not own; −∞ when there are none. */
  readonly othersLogSum: number;
  /** The same over the own items. */
  readonly ownLogSum: number;
}

/**
 * @param row scores, −∞ for never, [items]
 * @param own items, [own]
 */
export function splitScores(row: Float32Array, own: Int32Array, temperature: number): SplitRow {
  const kept = Float32Array.from(own, (item) => row[item]);
  for (const item of own) row[item] = Number.NEGATIVE_INFINITY;
  const othersLogSum = logSumExp(row, temperature);
  own.forEach((item, i) => {
    row[item] = kept[i];
  });
  return { othersLogSum, ownLogSum: logSumExp(kept, temperature) };
}

/** No side is ever thought impossible: e⁻²⁰ is rarer than anything a log can show. */
const MOST_LOG_ODDS = 20;

/** The base's log odds that the next item is an own one. */
export const ownLogOdds = ({ ownLogSum, othersLogSum }: SplitRow): number =>
  Math.min(MOST_LOG_ODDS, Math.max(-MOST_LOG_ODDS, ownLogSum - othersLogSum));
