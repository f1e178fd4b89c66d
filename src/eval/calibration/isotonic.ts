// The best rising step function through points: pool adjacent violators, as curves of knots.
import { groupEqualScores } from './equal-scores.ts';

/** Values that never fall, nearest to `values` in weighted squares (pool adjacent violators). */
export function poolAdjacent(values: ArrayLike<number>, weights: ArrayLike<number>): Float64Array {
  const mean: number[] = [];
  const weight: number[] = [];
  const size: number[] = [];
  for (let i = 0; i < values.length; i++) {
    mean.push(values[i]);
    weight.push(weights[i]);
    size.push(1);
    while (mean.length > 1 && mean[mean.length - 2] > mean[mean.length - 1]) {
      const last = mean.length - 1;
      const total = weight[last - 1] + weight[last];
      mean[last - 1] = (mean[last - 1] * weight[last - 1] + mean[last] * weight[last]) / total;
      weight[last - 1] = total;
      size[last - 1] += size[last];
      mean.pop();
      weight.pop();
      size.pop();
    }
  }
  const pooled = new Float64Array(values.length);
  let at = 0;
  for (let block = 0; block < mean.length; block++) {
    pooled.fill(mean[block], at, at + size[block]);
    at += size[block];
  }
  return pooled;
}

/**
 * Isotonic regression of outcomes on predictions, as knots for `interpolate`.
 *
 * Half a success stands before the first prediction and half a failure behind the last, so that no value is exactly 0
 * or 1 and one surprise does not cost an infinite log loss.
 */
export function fitIsotonic(
  predicted: Float64Array,
  actual: Float64Array,
): { knots: readonly number[]; values: readonly number[] } {
  const { score, rows, ones } = groupEqualScores(predicted, actual);
  const sum = Array.from(ones);
  const count = Array.from(rows);
  sum[0] += 0.5;
  count[0] += 0.5;
  count[count.length - 1] += 0.5;
  const pooled = poolAdjacent(
    sum.map((total, i) => total / count[i]),
    count,
  );
  const knots: number[] = [];
  const values: number[] = [];
  pooled.forEach((value, i) => {
    // Inside a flat block only its two ends are kept.
    if (i > 0 && i < pooled.length - 1 && pooled[i - 1] === value && pooled[i + 1] === value) return;
    knots.push(score[i]);
    values.push(value);
  });
  return { knots, values };
}

/** Straight lines between rising knots, flat outside them. */
export function interpolate(knots: ArrayLike<number>, values: ArrayLike<number>, x: number): number {
  const last = knots.length - 1;
  if (x <= knots[0]) return values[0];
  if (x >= knots[last]) return values[last];
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (knots[middle] <= x) low = middle;
    else high = middle;
  }
  const share = (x - knots[low]) / (knots[high] - knots[low]);
  return values[low] + share * (values[high] - values[low]);
}
