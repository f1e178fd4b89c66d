// What a feature looked like when the model was trained: bins of about equal share, and how many values were missing.
import { invariant } from '../../core/errors.ts';
import { quantile } from '../../eval/bootstrap.ts';

/** A feature's distribution over the training rows. Bins are `(edge before, edge]`; the last bin counts missing values. */
export interface Reference {
  /** Rising, [bins − 2]: the upper ends of all but the last two bins. */
  readonly edges: Float64Array;
  /** [bins], sum to `rows`. */
  readonly counts: Float64Array;
  readonly rows: number;
  /** Where a value of each bin stands among the reference's known values, in [0, 1]: the middle of its ranks, [bins − 1]. */
  readonly ranks: Float64Array;
}

const BINS = 10;

/**
 * Cuts the values at their deciles; equal ones share a bin, so a feature that is mostly zero has a bin of zeros.
 *
 * @param values [rows], NaN where missing; a category by its number
 */
export function referenceOf(values: ArrayLike<number>, bins = BINS): Reference {
  const known = Float64Array.from(values)
    .filter((value) => !Number.isNaN(value))
    .sort();
  const ends = new Set<number>();
  for (let bin = 1; bin < bins; bin++) ends.add(known.length > 0 ? quantile(known, bin / bins) : 0);
  // A bin above the largest value would be empty for ever.
  const edges = Float64Array.from(ends).filter((end) => known.length === 0 || end < known[known.length - 1]);
  const counts = new Float64Array(edges.length + 2);
  for (let row = 0; row < values.length; row++) counts[binOf(edges, values[row])]++;
  return { edges, counts, rows: values.length, ranks: ranksOf(counts) };
}

function ranksOf(counts: Float64Array): Float64Array {
  const ranks = new Float64Array(counts.length - 1);
  let total = 0;
  for (let bin = 0; bin < ranks.length; bin++) total += counts[bin];
  let below = 0;
  for (let bin = 0; bin < ranks.length; bin++) {
    ranks[bin] = total > 0 ? (below + counts[bin] / 2) / total : 0.5;
    below += counts[bin];
  }
  return ranks;
}

/** The bin of a value: the first whose upper end is not below it. */
export function binOf(edges: Float64Array, value: number): number {
  if (Number.isNaN(value)) return edges.length + 1;
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= edges[middle]) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** As plain data, to be kept beside a model. */
export interface SavedReference {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

export const saveReference = ({ edges, counts }: Reference): SavedReference => ({
  edges: [...edges],
  counts: [...counts],
});

export function loadReference(saved: SavedReference): Reference {
  const counts = Float64Array.from(saved.counts);
  invariant(counts.length === saved.edges.length + 2, 'a reference has two more counts than edges');
  return {
    edges: Float64Array.from(saved.edges),
    counts,
    rows: counts.reduce((sum, count) => sum + count, 0),
    ranks: ranksOf(counts),
  };
}
