// Boosting a mean that a few wild amounts cannot drag along: squares near zero, straight lines far out.
import type { Examples, Objective } from './objective.ts';
import { weightedQuantile } from './weighted-quantile.ts';

/**
 * With r = η − y: loss r²/2 where |r| ≤ δ, else δ (|r| − δ/2); gradient r held to [−δ, δ].
 *
 * The curvature is min(1, δ/|r|): the parabola of that bend touches the loss here and lies above it everywhere, so a full
 * Newton step always gains and leaves need no renewal.
 *
 * @param delta in the target's unit
 * @see Huber 1964, Robust estimation of a location parameter
 */
export const huber = (delta: number): Objective => ({
  link: 'identity',
  outputs: 1,
  start: (examples) => Float64Array.of(centre(examples, delta)),
  fillSlopes({ target, weight }, [margin], [{ gradient, curvature }]) {
    for (let row = 0; row < target.length; row++) {
      const residual = margin[row] - target[row];
      const bend = Math.min(1, delta / Math.abs(residual));
      gradient[row] = weight[row] * residual * bend;
      curvature[row] = weight[row] * bend;
    }
  },
  lossOf(target, [margin], row) {
    const size = Math.abs(margin[row] - target);
    return size <= delta ? 0.5 * size * size : delta * (size - 0.5 * delta);
  },
});

/** Where `share` of the rows lie no farther from the median: larger errors count in proportion only. */
export function huberDelta({ target, weight }: Examples, share: number): number {
  const median = weightedQuantile(target, weight, 0.5);
  const far = weightedQuantile(
    target.map((y) => Math.abs(y - median)),
    weight,
    share,
  );
  return far > 0 ? far : 1;
}

/** Reweighted means from the median on: each step lowers the loss. */
function centre({ target, weight }: Examples, delta: number): number {
  let middle = weightedQuantile(target, weight, 0.5);
  for (let step = 0; step < 200; step++) {
    let sum = 0;
    let total = 0;
    for (let row = 0; row < target.length; row++) {
      const residual = Math.abs(target[row] - middle);
      const bend = weight[row] * (residual <= delta ? 1 : delta / residual);
      sum += bend * target[row];
      total += bend;
    }
    const next = total > 0 ? sum / total : middle;
    if (Math.abs(next - middle) <= 1e-12 * (delta + Math.abs(next))) return next;
    middle = next;
  }
  return middle;
}
