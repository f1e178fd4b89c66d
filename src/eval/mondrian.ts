// Groups that each keep a conformal promise of their own (Mondrian), and the quantile that keeps it.
import { takeNumbers } from '../core/frame.ts';

/** Rows each group should have for a quantile of its own. */
const ROWS_PER_GROUP = 150;
const MOST_GROUPS = 5;

/** Quantiles of a size known before the outcome, which part the groups, each once. */
export function groupEdges(size: Float64Array): number[] {
  const groups = Math.max(1, Math.min(MOST_GROUPS, Math.floor(size.length / ROWS_PER_GROUP)));
  const sorted = size.slice().sort();
  const edges = new Set<number>();
  for (let g = 1; g < groups; g++) edges.add(sorted[Math.floor((g * sorted.length) / groups)]);
  edges.delete(sorted[sorted.length - 1]);
  return [...edges];
}

/** Group g holds sizes up to `edges[g]`; the last group has no edge. */
export const groupOf = (edges: readonly number[], size: number): number => {
  const at = edges.findIndex((edge) => size <= edge);
  return at < 0 ? edges.length : at;
};

/** Smallest score with `level` of the weight at or under it, one more row of the largest weight standing at infinity. */
export function conformalQuantile(
  scores: Float64Array,
  weight: Float64Array | undefined,
  level: number,
): number {
  const order = Array.from(scores.keys()).sort((a, b) => scores[a] - scores[b] || a - b);
  const weightOf = (row: number) => weight?.[row] ?? 1;
  let total = 0;
  let largest = 0;
  for (const row of order) {
    total += weightOf(row);
    largest = Math.max(largest, weightOf(row));
  }
  const needed = level * (total + largest);
  let reached = 0;
  for (const row of order) {
    reached += weightOf(row);
    if (reached >= needed * (1 - 1e-12)) return scores[row];
  }
  return Number.POSITIVE_INFINITY;
}

/**
 * The conformal quantile of each group; that of everybody where a group is too small for a finite one, and the largest
 * finite score where everybody is.
 *
 * @param rows  scores and group of each row (0 … groups − 1), [rows]
 * @param least the quantile when no score is finite and larger
 */
export function groupQuantiles(
  rows: { scores: Float64Array; group: Int32Array; groups: number; weight?: Float64Array },
  level: number,
  least: number,
): number[] {
  const { scores, group, groups, weight } = rows;
  const overall = conformalQuantile(scores, weight, level);
  const largest = scores.reduce(
    (most, score) => (Number.isFinite(score) ? Math.max(most, score) : most),
    least,
  );
  return Array.from({ length: groups }, (_, g) => {
    const inside = Array.from(group.keys()).filter((i) => group[i] === g);
    const own = conformalQuantile(takeNumbers(scores, inside), weight && takeNumbers(weight, inside), level);
    if (Number.isFinite(own)) return own;
    return Number.isFinite(overall) ? overall : largest;
  });
}
