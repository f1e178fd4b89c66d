// What each column does to the probability of one class, from what it does to the margins of all of them.
import { gaussLegendre } from '../core/quadrature.ts';
import type { Attribution } from '../models/estimator.ts';

/** Eight nodes follow a softmax along the whole way from everybody to a row to more digits than are shown. */
const WAY = gaussLegendre(8);
/** Half a step of the slope's central difference: its error is this squared. */
const STEP = 1e-4;

/**
 * Contributions on the shown margin of one class. All margins walk straight from everybody's to the row's; on the way each
 * moves what is shown by its slope, and that movement is shared as the margin itself was (Aumann–Shapley).
 *
 * @param margins the contributions to the margin of every class, columns in one order, [classes]
 * @param shown   from margins [rows, classes] to the margin people see, [rows]
 * @see Aumann and Shapley 1974, ch. III; Sundararajan, Taly and Yan 2017, arXiv:1703.01365
 */
export function classAttribution(
  margins: readonly Attribution[],
  shown: (margins: Float64Array) => Float64Array,
): Attribution {
  const [{ features }] = margins;
  const classes = margins.length;
  const width = features.length;
  const rows = width === 0 ? 0 : margins[0].values.length / width;
  const moved = movesOf(margins, rows, width);
  const [base] = shown(Float64Array.from(margins, (own) => own.base));
  const ends = shown(marginsAt(margins, moved, 1));
  const slopes = slopesOnTheWay(margins, moved, shown);
  const values = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < classes; k++) {
      const slope = slopes[row * classes + k];
      for (let j = 0; j < width; j++) values[row * width + j] += slope * margins[k].values[row * width + j];
    }
    settle(values.subarray(row * width, (row + 1) * width), ends[row] - base);
  }
  return { features, base, values };
}

/** How far each margin walks, [rows, classes]. */
function movesOf(margins: readonly Attribution[], rows: number, width: number): Float64Array {
  const moved = new Float64Array(rows * margins.length);
  margins.forEach(({ values }, k) => {
    for (let i = 0; i < values.length; i++) moved[Math.floor(i / width) * margins.length + k] += values[i];
  });
  return moved;
}

const marginsAt = (margins: readonly Attribution[], moved: Float64Array, share: number): Float64Array =>
  moved.map((move, i) => margins[i % margins.length].base + share * move);

/** Mean slope of what is shown by each margin, [rows, classes]. */
function slopesOnTheWay(
  margins: readonly Attribution[],
  moved: Float64Array,
  shown: (margins: Float64Array) => Float64Array,
): Float64Array {
  const classes = margins.length;
  const slopes = new Float64Array(moved.length);
  WAY.nodes.forEach((node, at) => {
    const here = marginsAt(margins, moved, (node + 1) / 2);
    for (let k = 0; k < classes; k++) {
      const [above, below] = [STEP, -STEP].map((step) =>
        shown(here.map((margin, i) => (i % classes === k ? margin + step : margin))),
      );
      above.forEach((end, row) => {
        slopes[row * classes + k] += ((WAY.weights[at] / 2) * (end - below[row])) / (2 * STEP);
      });
    }
  });
  return slopes;
}

/** What rounding, and probabilities kept from 0 and 1, left of the sum goes to each in proportion to its size; in place. */
function settle(contributions: Float64Array, total: number): void {
  const [sum, size] = contributions.reduce(([a, b], own) => [a + own, b + Math.abs(own)], [0, 0]);
  if (size === 0) return;
  const rest = (total - sum) / size;
  for (let j = 0; j < contributions.length; j++) contributions[j] += rest * Math.abs(contributions[j]);
}
