// Where to cut a node in two: one histogram an input, one scan over its bins.
import { binCount, type TreeInput } from './inputs.ts';

/** Rows of one node, as positions into the training arrays. */
export interface NodeRows {
  readonly rows: Int32Array;
  readonly start: number;
  readonly end: number;
}

/**
 * What splitting improves: Σ gain of G²/(H + ridge) over the sides, G = Σ pull, H = Σ hold. With pull = weight × target
 * and hold = weight this is least squares; with gradients and curvatures it is a step of boosting.
 */
export interface SplitObjective {
  /** [rows] */
  readonly pull: Float64Array;
  /** [rows] */
  readonly hold: Float64Array;
  readonly ridge: number;
  /** Rows each side keeps at least. */
  readonly minRows: number;
}

export interface Split {
  readonly feature: number;
  readonly gain: number;
  /** Per bin of the feature, 1 = goes left. */
  readonly left: Uint8Array;
  /** For numbers: the last bin on the left side. */
  readonly lastBin: number;
  /** Where a missing number or an unknown category goes. */
  readonly missingLeft: boolean;
}

interface Histogram {
  readonly pull: Float64Array;
  readonly hold: Float64Array;
  readonly rows: Float64Array;
}

const MAX_BINS = 256;

/** The split with the largest gain, the earlier input of equals; `undefined` when none helps. */
export function findSplit(
  inputs: readonly TreeInput[],
  bins: readonly Uint8Array[],
  objective: SplitObjective,
  node: NodeRows,
): Split | undefined {
  let best: Split | undefined;
  const histogram: Histogram = {
    pull: new Float64Array(MAX_BINS),
    hold: new Float64Array(MAX_BINS),
    rows: new Float64Array(MAX_BINS),
  };
  for (let feature = 0; feature < inputs.length; feature++) {
    const input = inputs[feature];
    fillHistogram(histogram, bins[feature], objective, node);
    const split =
      input.kind === 'number'
        ? scanNumber(histogram, { feature, input }, objective)
        : scanCategory(histogram, { feature, input }, objective);
    if (split && split.gain > (best?.gain ?? 0)) best = split;
  }
  return best;
}

function fillHistogram(histogram: Histogram, bins: Uint8Array, objective: SplitObjective, node: NodeRows) {
  histogram.pull.fill(0);
  histogram.hold.fill(0);
  histogram.rows.fill(0);
  for (let i = node.start; i < node.end; i++) {
    const row = node.rows[i];
    const bin = bins[row];
    histogram.pull[bin] += objective.pull[row];
    histogram.hold[bin] += objective.hold[row];
    histogram.rows[bin]++;
  }
}

interface Sums {
  pull: number;
  hold: number;
  rows: number;
}

function totalOf(histogram: Histogram, count: number): Sums {
  const total = { pull: 0, hold: 0, rows: 0 };
  for (let bin = 0; bin < count; bin++) add(total, histogram, bin);
  return total;
}

function add(sums: Sums, histogram: Histogram, bin: number): void {
  sums.pull += histogram.pull[bin];
  sums.hold += histogram.hold[bin];
  sums.rows += histogram.rows[bin];
}

/** How much better two sides are than one; 0 when a side would be too small. */
function gainOf(total: Sums, left: Sums, objective: SplitObjective): number {
  if (left.rows < objective.minRows || total.rows - left.rows < objective.minRows) return 0;
  const score = (pull: number, hold: number) => (pull * pull) / (hold + objective.ridge);
  const gain =
    score(left.pull, left.hold) +
    score(total.pull - left.pull, total.hold - left.hold) -
    score(total.pull, total.hold);
  // Rounding alone must never look like a reason to split.
  return gain > 1e-10 * score(total.pull, total.hold) && Number.isFinite(gain) ? gain : 0;
}

interface Candidate<Input extends TreeInput = TreeInput> {
  readonly feature: number;
  readonly input: Input;
}

/** Every cut, with the missing on either side; cutting after the last real bin parts known from missing. */
function scanNumber(
  histogram: Histogram,
  { feature, input }: Candidate,
  objective: SplitObjective,
): Split | undefined {
  const missingBin = binCount(input) - 1;
  const total = totalOf(histogram, missingBin + 1);
  let gain = 0;
  let lastBin = -1;
  let missingLeft = false;
  for (const withMissing of histogram.rows[missingBin] > 0 ? [false, true] : [false]) {
    const left = { pull: 0, hold: 0, rows: 0 };
    if (withMissing) add(left, histogram, missingBin);
    for (let bin = 0; bin < missingBin; bin++) {
      add(left, histogram, bin);
      const own = gainOf(total, left, objective);
      if (own > gain) {
        gain = own;
        lastBin = bin;
        missingLeft = withMissing;
      }
    }
  }
  if (lastBin < 0) return undefined;
  const left = new Uint8Array(missingBin + 1);
  left.fill(1, 0, lastBin + 1);
  left[missingBin] = Number(missingLeft);
  if (histogram.rows[missingBin] === 0) {
    missingLeft = isLeftHeavier(histogram, left);
    left[missingBin] = Number(missingLeft);
  }
  return { feature, gain, left, lastBin, missingLeft };
}

/**
 * Levels in order of their mean, then every cut of that order: the best of all two-sided groupings for least squares.
 *
 * @see Fisher 1958, On grouping for maximum homogeneity
 */
function scanCategory(
  histogram: Histogram,
  { feature, input }: Candidate,
  objective: SplitObjective,
): Split | undefined {
  const count = binCount(input);
  const total = totalOf(histogram, count);
  const present: number[] = [];
  for (let bin = 0; bin < count; bin++) if (histogram.rows[bin] > 0) present.push(bin);
  const mean = (bin: number) => histogram.pull[bin] / (histogram.hold[bin] + objective.ridge + 1e-12);
  present.sort((a, b) => mean(a) - mean(b) || a - b);
  const left = { pull: 0, hold: 0, rows: 0 };
  let gain = 0;
  let cut = -1;
  for (let i = 0; i + 1 < present.length; i++) {
    add(left, histogram, present[i]);
    const own = gainOf(total, left, objective);
    if (own > gain) {
      gain = own;
      cut = i;
    }
  }
  if (cut < 0) return undefined;
  const side = new Uint8Array(count);
  for (let i = 0; i <= cut; i++) side[present[i]] = 1;
  const missingLeft = isLeftHeavier(histogram, side);
  // Levels this node has not seen go where the unknown go.
  for (let bin = 0; bin < count; bin++) if (histogram.rows[bin] === 0) side[bin] = Number(missingLeft);
  return { feature, gain, left: side, lastBin: -1, missingLeft };
}

function isLeftHeavier(histogram: Histogram, left: Uint8Array): boolean {
  let difference = 0;
  for (let bin = 0; bin < left.length; bin++) {
    difference += left[bin] === 1 ? histogram.rows[bin] : -histogram.rows[bin];
  }
  return difference >= 0;
}
