// The unique features from a tree's root down to a node, and how a feature left out would have been followed.
import { gaussLegendre } from '../../../core/quadrature.ts';
import type { Tree } from '../../tree/structure.ts';

/**
 * Nodes and weights on (0, 1). A feature is known with chance t; a Shapley value is the mean over t of what it adds, a
 * polynomial of t that few nodes integrate exactly.
 */
export interface KnownShare {
  readonly order: number;
  readonly at: Float64Array;
  readonly weight: Float64Array;
  /** 1 / (1 − t): what remains of a step not followed when it is left out of a product. */
  readonly away: Float64Array;
}

/** Steps of a path, one a unique feature, in the order they first appear; `width` of them stand. */
export interface Path {
  width: number;
  readonly feature: Int32Array;
  /** Share of training rows that follow all cuts on the feature: [steps]. */
  readonly zero: Float64Array;
  /** What a step followed adds over a step left open: (1 − zero) / (zero + (1 − zero) t), [steps, order]. */
  readonly rise: Float64Array;
}

export interface TreeSize {
  /** Cuts on the longest path. */
  readonly depth: number;
  /** Unique features on the path that has most. */
  readonly width: number;
}

export const makePath = (width: number, order: number): Path => ({
  width: 0,
  feature: new Int32Array(width),
  zero: new Float64Array(width),
  rise: new Float64Array(width * order),
});

/** Places a step's share of followers at `step`. */
export function setZero(path: Path, step: number, zero: number, { order, at }: KnownShare): void {
  path.zero[step] = zero;
  for (let i = 0; i < order; i++) path.rise[step * order + i] = (1 - zero) / (zero + (1 - zero) * at[i]);
}

/** The step that stands for a feature, `width` when it is new. */
export function stepOf({ width, feature }: Path, wanted: number): number {
  let step = 0;
  while (step < width && feature[step] !== wanted) step++;
  return step;
}

/** Share of a node's training rows that go on to `child`; half where the node saw none. */
export const shareOf = (tree: Tree, node: number, child: number): number =>
  tree.cover[node] > 0 ? tree.cover[child] / tree.cover[node] : 0.5;

/** Walks every path once. */
export function sizeOf(tree: Tree): TreeSize {
  let deepest = 0;
  let widest = 0;
  const met = new Map<number, number>();
  const visit = (node: number, depth: number): void => {
    const feature = tree.feature[node];
    if (feature < 0) {
      deepest = Math.max(deepest, depth);
      widest = Math.max(widest, met.size);
      return;
    }
    const times = met.get(feature) ?? 0;
    met.set(feature, times + 1);
    visit(tree.left[node], depth + 1);
    visit(tree.right[node], depth + 1);
    if (times === 0) met.delete(feature);
    else met.set(feature, times);
  };
  visit(0, 0);
  return { depth: deepest, width: widest };
}

const rules = new Map<number, KnownShare>();

/** Nodes enough for a product of `degree` steps: order nodes are exact up to degree 2 · order − 1. */
export function knownShare(degree: number): KnownShare {
  const order = Math.max(1, Math.ceil((degree + 1) / 2));
  const known = rules.get(order);
  if (known) return known;
  const { nodes, weights } = gaussLegendre(order);
  const at = nodes.map((node) => (node + 1) / 2);
  const rule = { order, at, weight: weights.map((w) => w / 2), away: at.map((t) => 1 / (1 - t)) };
  rules.set(order, rule);
  return rule;
}
