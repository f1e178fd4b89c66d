// Columns of one group that tell the same story: their effects belong in one sentence.
import type { Frame, NumberColumn } from '../core/frame.ts';

/** Rank correlation, either way, from which two columns count as one story. */
const ALIKE = 0.8;
/** Fewer background rows than this say nothing about correlation. */
const ENOUGH_ROWS = 10;

/**
 * Sorts `names` into clusters: number columns of the same group whose Spearman correlation over the background is at least
 * .8 either way, directly or through a third. Everything else stands alone. A missing value ranks below all others.
 *
 * @returns indices into `names`, each in one cluster, in order
 */
export function nearDuplicates(names: readonly string[], background: Frame): readonly (readonly number[])[] {
  const columns = names.map((name) => background.columns.find((column) => column.name === name));
  const ranks = columns.map((column) => (column?.kind === 'number' ? centredRanks(column) : undefined));
  const clusterOf = names.map((_, at) => at);
  if (background.rows >= ENOUGH_ROWS) {
    for (let a = 0; a < names.length; a++) {
      for (let b = a + 1; b < names.length; b++) {
        const [first, second] = [ranks[a], ranks[b]];
        if (!first || !second || columns[a]?.group !== columns[b]?.group) continue;
        if (Math.abs(cosine(first, second)) < ALIKE) continue;
        const [keep, drop] = [clusterOf[a], clusterOf[b]];
        clusterOf.forEach((cluster, at) => {
          if (cluster === drop) clusterOf[at] = keep;
        });
      }
    }
  }
  const clusters = new Map<number, number[]>();
  clusterOf.forEach((cluster, at) => {
    clusters.set(cluster, [...(clusters.get(cluster) ?? []), at]);
  });
  return [...clusters.values()];
}

/** Average ranks among ties, minus their mean. */
function centredRanks({ values }: NumberColumn): Float64Array {
  const keys = values.map((value) => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value));
  const order = Uint32Array.from(keys, (_, i) => i).sort((a, b) => compare(keys[a], keys[b]));
  const ranks = new Float64Array(keys.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && keys[order[end]] === keys[order[start]]) end++;
    for (let i = start; i < end; i++) ranks[order[i]] = (start + end - 1) / 2 - (keys.length - 1) / 2;
    start = end;
  }
  return ranks;
}

const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

function cosine(a: Float64Array, b: Float64Array): number {
  let product = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let i = 0; i < a.length; i++) {
    product += a[i] * b[i];
    squaresA += a[i] ** 2;
    squaresB += b[i] ** 2;
  }
  return squaresA > 0 && squaresB > 0 ? product / Math.sqrt(squaresA * squaresB) : 0;
}
