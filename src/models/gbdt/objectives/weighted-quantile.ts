// The smallest value with a given share of the weight at or below it, by selection: no sort of all rows.

/** @returns the quantile; 0 of nothing */
export function weightedQuantile(values: Float64Array, weight: Float64Array, share: number): number {
  return selectQuantile(values.slice(), weight.slice(), { from: 0, to: values.length, share });
}

/**
 * The same over [from, to), in linear time on average; both arrays are reordered within it.
 *
 * @see Hoare 1961, Algorithm 65: Find; Dijkstra's three-way partition
 */
export function selectQuantile(
  values: Float64Array,
  weight: Float64Array,
  { from, to, share }: { from: number; to: number; share: number },
): number {
  let wanted = 0;
  for (let i = from; i < to; i++) wanted += weight[i];
  // A hair less, so that rounding of the sum never moves an exact share to the next value.
  wanted *= share * (1 - 1e-12);
  let [low, high] = [from, to - 1];
  let pivot = 0;
  while (low <= high) {
    pivot = middleOf(values[low], values[(low + high) >> 1], values[high]);
    let [below, equal] = [0, 0];
    let [less, at, more] = [low, low, high];
    while (at <= more) {
      const value = values[at];
      if (value > pivot) swap(values, weight, at, more--);
      else {
        if (value < pivot) {
          below += weight[at];
          swap(values, weight, at, less++);
        } else equal += weight[at];
        at++;
      }
    }
    // Now [low, less) < pivot = [less, more] < (more, high].
    if (less > low && wanted <= below) high = less - 1;
    else if (more === high || wanted <= below + equal) return pivot;
    else {
      wanted -= below + equal;
      low = more + 1;
    }
  }
  return pivot;
}

const middleOf = (a: number, b: number, c: number): number =>
  Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));

function swap(values: Float64Array, weight: Float64Array, a: number, b: number): void {
  const [value, own] = [values[a], weight[a]];
  values[a] = values[b];
  weight[a] = weight[b];
  values[b] = value;
  weight[b] = own;
}
