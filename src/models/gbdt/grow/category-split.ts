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

/**
 * Levels in order of Σ gradient / (Σ curvature + extra ridge), then every cut of that order: the best of all groupings
 * for a convex loss (Fisher 1958). The extra ridge keeps rare levels in the middle, and counts on both sides of the cut.
 *
 * @param sums [bins, 3], unpacked cells; the last bin is for missing and counts as a level
 */
export function scanCategory(
  sums: Float64Array,
  { node, categoryRidge }: { node: NodeTerms; categoryRidge: number },
): CategorySplit | undefined {
  const bins = sums.length / UNPACKED;
  const present: number[] = [];
  const order = new Float64Array(bins);
  const extraRidge = categoryRidge * doubtOf(sums);
  for (let bin = 0; bin < bins; bin++) {
    const cell = bin * UNPACKED;
    if (sums[cell + 2] === 0) continue;
    present.push(bin);
    const bend = sums[cell + 1] * node.curvatureUnit + extraRidge + node.ridge;
    order[bin] = bend > 0 ? (sums[cell] * node.gradientUnit) / bend : 0;
  }
  present.sort((a, b) => order[a] - order[b] || a - b);
  const tempered = { ...node, ridge: node.ridge + extraRidge, direction: 0 };
  const left: Side = { gradient: 0, curvature: 0, rows: 0 };
  let best = node.floor;
  let found: (Side & { score: number; last: number }) | undefined;
  for (let i = 0; i + 1 < present.length; i++) {
    const cell = present[i] * UNPACKED;
    left.gradient += sums[cell];
    left.curvature += sums[cell + 1];
    left.rows += sums[cell + 2];
    const right = {
      gradient: node.gradient - left.gradient,
      curvature: node.curvature - left.curvature,
      rows: node.rows - left.rows,
    };
    if (left.rows < node.minRows || right.rows < node.minRows) continue;
    const score = scoreOf(left, right, tempered);
    if (!(score > best)) continue;
    best = score;
    found = { ...left, score, last: i };
  }
  if (found === undefined) return undefined;
  const missingLeft = 2 * found.rows >= node.rows;
  // Levels this node has not seen go where the unknown go.
  const flags = new Uint8Array(bins).fill(Number(missingLeft));
  present.forEach((bin, i) => {
    flags[bin] = Number(i <= found.last);
  });
  return { ...found, left: flags, missingLeft };
}
