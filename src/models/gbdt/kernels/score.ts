// What a cut is worth: how much the loss falls when each side takes its best value.
import { TERMS } from './kernels.ts';

/** Sums of one side of a cut, in whole steps. */
export interface Side {
  gradient: number;
  curvature: number;
  rows: number;
}

/** `TERMS` read out, with the column's direction. */
export type NodeTerms = { readonly [name in keyof typeof TERMS]: number } & { readonly direction: number };

/** @param terms byte address */
export function readTerms(f64: Float64Array, terms: number, direction: number): NodeTerms {
  const at = terms >>> 3;
  // One literal: this runs for every category of every node.
  return {
    gradient: f64[at + TERMS.gradient],
    curvature: f64[at + TERMS.curvature],
    rows: f64[at + TERMS.rows],
    gradientUnit: f64[at + TERMS.gradientUnit],
    curvatureUnit: f64[at + TERMS.curvatureUnit],
    ridge: f64[at + TERMS.ridge],
    lasso: f64[at + TERMS.lasso],
    minRows: f64[at + TERMS.minRows],
    minCurvature: f64[at + TERMS.minCurvature],
    lowest: f64[at + TERMS.lowest],
    highest: f64[at + TERMS.highest],
    bounded: f64[at + TERMS.bounded],
    floor: f64[at + TERMS.floor],
    direction,
  };
}

/**
 * Twice what both sides lower the loss by, 0 where a side may not stand: Σ slope² / (bend + ridge) where values are free
 * (Chen and Guestrin 2016, eq. 7). The WebAssembly kernel does the same operations in the same order.
 *
 * @param ridge where it is not the node's own
 */
export function scoreOf(left: Side, right: Side, node: NodeTerms, ridge = node.ridge): number {
  const bendLeft = left.curvature * node.curvatureUnit;
  const bendRight = right.curvature * node.curvatureUnit;
  if (bendLeft < node.minCurvature || bendRight < node.minCurvature) return 0;
  const underLeft = bendLeft + ridge;
  const underRight = bendRight + ridge;
  if (!(underLeft > 0 && underRight > 0)) return 0;
  const slopeLeft = shrink(left.gradient * node.gradientUnit, node.lasso);
  const slopeRight = shrink(right.gradient * node.gradientUnit, node.lasso);
  if (node.bounded === 0) return (slopeLeft * slopeLeft) / underLeft + (slopeRight * slopeRight) / underRight;
  const valueLeft = clip(-slopeLeft / underLeft, node);
  const valueRight = clip(-slopeRight / underRight, node);
  if (node.direction * (valueRight - valueLeft) < 0) return 0;
  return boundedScore(slopeLeft, underLeft, valueLeft) + boundedScore(slopeRight, underRight, valueRight);
}

/** The same for a node that stays whole. */
export function wholeScore(node: NodeTerms): number {
  const under = node.curvature * node.curvatureUnit + node.ridge;
  if (!(under > 0)) return 0;
  const slope = shrink(node.gradient * node.gradientUnit, node.lasso);
  if (node.bounded === 0) return (slope * slope) / under;
  return boundedScore(slope, under, clip(-slope / under, node));
}

/** The value a node adds to the margin; 0 where nothing bends. */
export function leafValue(side: Side, node: NodeTerms): number {
  const under = side.curvature * node.curvatureUnit + node.ridge;
  if (!(under > 0)) return clip(0, node);
  // The + 0 turns −0 into 0.
  return clip(-shrink(side.gradient * node.gradientUnit, node.lasso) / under, node) + 0;
}

const boundedScore = (slope: number, under: number, value: number): number =>
  0 - (2 * slope * value + under * value * value);

/** The gradient's sum less the lasso, towards 0. */
function shrink(slope: number, lasso: number): number {
  if (slope > lasso) return slope - lasso;
  if (slope < -lasso) return slope + lasso;
  return 0;
}

const clip = (value: number, { lowest, highest }: NodeTerms): number =>
  Math.min(Math.max(value, lowest), highest);
