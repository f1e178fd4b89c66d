// Where numbers are cut into bins: few values keep a bin each, many share bins of about equal weight.

/**
 * Edges between neighbouring values, rising, none twice; bin b holds (edges[b − 1], edges[b]]. Values as heavy as a bin
 * keep one of their own, the rest share what is left evenly.
 *
 * @param sorted rising, without NaN
 * @param weight of each sorted value; ones when absent
 * @param most edges at most
 */
export function cutPoints(sorted: Float64Array, most: number, weight?: Float64Array): Float64Array {
  const { values, mass } = distinctValues(sorted, weight);
  if (values.length <= most + 1) {
    const edges = new Float64Array(Math.max(0, values.length - 1));
    for (let i = 0; i < edges.length; i++) edges[i] = between(values[i], values[i + 1]);
    return edges;
  }
  const edges = new Float64Array(most);
  let count = 0;
  const { isHeavy, rest, bins } = heavyValues(mass, most + 1);
  let restMass = rest;
  let restBins = bins;
  let open = 0;
  for (let i = 0; i + 1 < values.length && count < most; i++) {
    if (isHeavy[i] === 0) restMass -= mass[i];
    open += mass[i];
    const isFull = isHeavy[i] === 1 || isHeavy[i + 1] === 1 || open >= (restMass + open) / restBins;
    if (!isFull) continue;
    if (isHeavy[i] === 0) restBins = Math.max(1, restBins - 1);
    edges[count++] = between(values[i], values[i + 1]);
    open = 0;
  }
  return edges.slice(0, count);
}

function distinctValues(sorted: Float64Array, weight: Float64Array | undefined) {
  const values = new Float64Array(sorted.length);
  const mass = new Float64Array(sorted.length);
  let count = 0;
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) values[count++] = sorted[i];
    mass[count - 1] += weight === undefined ? 1 : weight[i];
  }
  return { values: values.subarray(0, count), mass: mass.subarray(0, count) };
}

/** Values that fill a bin alone, and what is left for the others. */
function heavyValues(mass: Float64Array, bins: number) {
  const isHeavy = new Uint8Array(mass.length);
  let total = 0;
  for (let i = 0; i < mass.length; i++) total += mass[i];
  let rest = total;
  let left = bins;
  for (let i = 0; i < mass.length; i++) {
    if (mass[i] < total / bins) continue;
    isHeavy[i] = 1;
    rest -= mass[i];
    left--;
  }
  return { isHeavy, rest, bins: Math.max(1, left) };
}

/** The middle, in single precision where that still parts the two, so that a model scored in it parts them as well. */
function between(low: number, high: number): number {
  const middle = low / 2 + high / 2;
  const single = Math.fround(middle);
  if (low <= single && single < high) return single;
  return low <= middle && middle < high ? middle : low;
}
