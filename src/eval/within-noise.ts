// Whether one loss is no worse than another beyond chance: paired by customer, because rows of one are not independent.
import type { Clusters } from './bootstrap.ts';

/** Whether the mean of `loss` exceeds that of `best` by at most one standard error of their difference, [rows] each. */
export function withinNoise(loss: Float64Array, best: Float64Array, { cluster, count }: Clusters): boolean {
  const byCustomer = new Float64Array(count);
  const gap = meanLoss(loss) - meanLoss(best);
  for (let i = 0; i < loss.length; i++) byCustomer[cluster[i]] += loss[i] - best[i] - gap;
  const standardError = Math.sqrt(byCustomer.reduce((sum, value) => sum + value * value, 0)) / loss.length;
  return gap <= standardError;
}

export const meanLoss = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
