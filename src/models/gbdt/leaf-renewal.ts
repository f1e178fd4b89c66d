// Leaves set to a quantile of the residuals of their rows, for losses whose bend does not say how far to go.
import type { GrownTree } from './grow/grower.ts';
import { selectQuantile } from './objectives/weighted-quantile.ts';

interface Residuals {
  readonly target: Float64Array;
  readonly margin: Float64Array;
  /** A row's say, 0 for one that was not drawn, [rows]. */
  readonly weight: Float32Array;
  readonly share: number;
}

/** The tree's values with every leaf at the given quantile of y − η over its drawn rows, held where it has to stay. */
export function renewedValues(tree: GrownTree, { target, margin, weight, share }: Residuals): Float64Array {
  const { leafOfRow, feature, lowest, highest } = tree;
  const start = new Int32Array(feature.length + 1);
  for (let row = 0; row < leafOfRow.length; row++) if (weight[row] > 0) start[leafOfRow[row] + 1]++;
  for (let node = 0; node < feature.length; node++) start[node + 1] += start[node];
  const next = start.slice();
  const residuals = new Float64Array(start[feature.length]);
  const says = new Float64Array(residuals.length);
  for (let row = 0; row < leafOfRow.length; row++) {
    if (weight[row] === 0) continue;
    const at = next[leafOfRow[row]]++;
    residuals[at] = target[row] - margin[row];
    says[at] = weight[row];
  }
  const value = tree.value.slice();
  for (let node = 0; node < value.length; node++) {
    if (feature[node] >= 0 || start[node] === start[node + 1]) continue;
    const renewed = selectQuantile(residuals, says, { from: start[node], to: start[node + 1], share });
    value[node] = lowest && highest ? Math.min(highest[node], Math.max(lowest[node], renewed)) : renewed;
  }
  return value;
}
