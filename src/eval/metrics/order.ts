// Sorting once: rows by falling value with their ties, which AUC, Gini, ranks, bins and curves all walk.

/** Rows by falling value; tied rows stand together: group g is `order[ends[g − 1] … ends[g])`. */
export interface RankedRows {
  readonly order: Uint32Array;
  readonly ends: Uint32Array;
}

/** Equal values keep their row order, so the same input always gives the same walk. */
export function rankRows(values: Float64Array): RankedRows {
  const order = new Uint32Array(values.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  order.sort((a, b) => values[b] - values[a] || a - b);
  const ends = new Uint32Array(values.length);
  let groups = 0;
  for (let i = 1; i <= order.length; i++) {
    if (i === order.length || values[order[i]] !== values[order[i - 1]]) ends[groups++] = i;
  }
  return { order, ends: ends.slice(0, groups) };
}

/**
 * Puts rows into bins of equal count by value, never parting tied rows: a tie group goes where its middle falls.
 *
 * @returns bin of each row, 0 for the smallest values, [rows]
 */
export function equalCountBins(values: Float64Array, bins: number): Int32Array {
  const { order, ends } = rankRows(values);
  const bin = new Int32Array(values.length);
  let start = 0;
  for (const end of ends) {
    const middle = values.length - (start + end) / 2;
    const at = Math.min(bins - 1, Math.floor((bins * middle) / values.length));
    for (let i = start; i < end; i++) bin[order[i]] = at;
    start = end;
  }
  return bin;
}

/** Ranks from 1, largest value first, ties sharing their middle rank, each row counting by its weight, [rows]. */
export function midranks(
  { order, ends }: RankedRows,
  weight: Float64Array,
  into: Float64Array,
): Float64Array {
  let before = 0;
  let start = 0;
  for (const end of ends) {
    let own = 0;
    for (let i = start; i < end; i++) own += weight[order[i]];
    const rank = before + (own + 1) / 2;
    for (let i = start; i < end; i++) into[order[i]] = rank;
    before += own;
    start = end;
  }
  return into;
}
