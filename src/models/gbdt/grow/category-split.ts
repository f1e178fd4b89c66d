// The best two groups of a category's levels.
import { UNPACKED } from '../kernels/kernels.ts';
import { type NodeTerms, type Side, scoreOf } from '../kernels/score.ts';

export interface CategorySplit extends Side {
  readonly score: number;
  /** Flags by bin, 1 = left: [bins]. */
  readonly left: Uint8Array;
  /** Where levels go that this node has not seen. */
  readonly missingLeft: boolean;
}

/** So few levels leave hardly more groupings to choose among than a number's cuts. */
const FEW_LEVELS = 4;

/** The part of the extra ridge that so many levels deserve: none for a few, nearly all for hundreds. */
function doubtOf(sums: Float64Array): number {
  let levels = 0;
  for (let cell = 2; cell < sums.length; cell += UNPACKED) if (sums[cell] > 0) levels++;
  return 1 - FEW_LEVELS / Math.max(FEW_LEVELS, levels);
}

/** The levels a node has seen in the order they are cut in, and the best cut of it. */
interface Cut extends Side {
  /** Gain of the cut; the floor where none is above it. */
  score: number;
  /** Levels up to this place go left; −1 for no cut. */
  last: number;
  /** Levels seen. */
  count: number;
}

const MOST_BINS = 256;
/** Rewritten by every call: bins in the order they are cut in, and what they are sorted by. */
const order = new Uint16Array(MOST_BINS);
const slopes = new Float64Array(MOST_BINS);

/**
 * Levels in order of Σ gradient / (Σ curvature + extra ridge), then every cut of that order: the best of all groupings
 * for a convex loss (Fisher 1958). The extra ridge keeps rare levels in the middle, and counts on both sides of the cut.
 */
function bestCut(sums: Float64Array, node: NodeTerms, categoryRidge: number): Cut {
  const ridge = node.ridge + categoryRidge * doubtOf(sums);
  const count = orderLevels(sums, node, ridge);
  const left: Side = { gradient: 0, curvature: 0, rows: 0 };
  const right: Side = { gradient: 0, curvature: 0, rows: 0 };
  const best: Cut = { ...left, score: node.floor, last: -1, count };
  for (let i = 0; i + 1 < count; i++) {
    const cell = order[i] * UNPACKED;
    left.gradient += sums[cell];
    left.curvature += sums[cell + 1];
    left.rows += sums[cell + 2];
    right.gradient = node.gradient - left.gradient;
    right.curvature = node.curvature - left.curvature;
    right.rows = node.rows - left.rows;
    if (left.rows < node.minRows || right.rows < node.minRows) continue;
    const score = scoreOf(left, right, node, ridge);
    if (!(score > best.score)) continue;
    best.score = score;
    best.last = i;
    best.gradient = left.gradient;
    best.curvature = left.curvature;
    best.rows = left.rows;
  }
  return best;
}

/** Writes the bins with rows into `order`, smallest ratio first; gives how many there are. */
function orderLevels(sums: Float64Array, node: NodeTerms, ridge: number): number {
  let count = 0;
  for (let bin = 0; bin * UNPACKED < sums.length; bin++) {
    const cell = bin * UNPACKED;
    if (sums[cell + 2] === 0) continue;
    const bend = sums[cell + 1] * node.curvatureUnit + ridge;
    const slope = bend > 0 ? (sums[cell] * node.gradientUnit) / bend : 0;
    // Put in place among those before it: levels are few, and equal ones keep their order.
    let at = count++;
    for (; at > 0 && slopes[at - 1] > slope; at--) {
      slopes[at] = slopes[at - 1];
      order[at] = order[at - 1];
    }
    slopes[at] = slope;
    order[at] = bin;
  }
  return count;
}

export interface CategoryScan {
  /** Of a category, which has no direction. */
  readonly node: NodeTerms;
  readonly categoryRidge: number;
}

/**
 * What the best two groups are worth; 0 where no cut is above the floor.
 *
 * @param sums as `scanCategory` takes them
 */
export function scoreCategory(sums: Float64Array, { node, categoryRidge }: CategoryScan): number {
  const { score, last } = bestCut(sums, node, categoryRidge);
  return last < 0 ? 0 : score;
}

/** @param sums [bins, 3], unpacked cells; the last bin is for missing and counts as a level */
export function scanCategory(
  sums: Float64Array,
  { node, categoryRidge }: CategoryScan,
): CategorySplit | undefined {
  const { last, count, ...found } = bestCut(sums, node, categoryRidge);
  if (last < 0) return undefined;
  const missingLeft = 2 * found.rows >= node.rows;
  // Levels this node has not seen go where the unknown go.
  const left = new Uint8Array(sums.length / UNPACKED).fill(Number(missingLeft));
  for (let i = 0; i < count; i++) left[order[i]] = Number(i <= last);
  return { ...found, left, missingLeft };
}
