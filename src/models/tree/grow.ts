// Growing a tree best-first: the leaf that gains most is cut next, so that the first k cuts are the best tree of that size.
import { pause } from '../../core/pause.ts';
import type { TreeInput } from './inputs.ts';
import { findSplit, type Split, type SplitObjective } from './split.ts';
import type { Tree } from './structure.ts';

export interface GrowOptions {
  readonly maxLeaves: number;
  readonly maxDepth: number;
  readonly signal?: AbortSignal;
  readonly onLeaf?: (leaves: number) => void;
}

/** A tree without values, and per node the sums its value is made from. */
export interface GrownTree {
  readonly shape: Omit<Tree, 'value'>;
  /** Parent of each node, −1 for the root. */
  readonly parent: Int32Array;
  /** Σ weight · outcome of the training rows in each node. */
  readonly sums: Float64Array;
}

/** What is learned from: [rows] each. */
export interface GrowData {
  readonly inputs: readonly TreeInput[];
  readonly bins: readonly Uint8Array[];
  readonly objective: SplitObjective;
  /** What a node's value is the mean of; the objective may look at a tamer version of it. */
  readonly outcome: Float64Array;
  readonly weight: Float64Array;
  /** Training rows; the arrays may hold more. */
  readonly rows: Int32Array;
}

interface Leaf {
  readonly node: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly split: Split | undefined;
}

/** @throws AppError INTERRUPTED */
export async function growTree(data: GrowData, options: GrowOptions): Promise<GrownTree> {
  const capacity = 2 * options.maxLeaves - 1;
  const feature = new Int32Array(capacity).fill(-1);
  const threshold = new Float64Array(capacity);
  const setStart = new Int32Array(capacity).fill(-1);
  const missingLeft = new Uint8Array(capacity);
  const left = new Int32Array(capacity).fill(-1);
  const right = new Int32Array(capacity).fill(-1);
  const parent = new Int32Array(capacity).fill(-1);
  const cover = new Float64Array(capacity);
  const sums = new Float64Array(capacity);
  const sets: number[] = [];
  const rows = data.rows.slice();
  const scratch = new Int32Array(rows.length);
  let nodes = 0;

  const openLeaf = (start: number, end: number, depth: number): Leaf => {
    const node = nodes++;
    for (let i = start; i < end; i++) {
      cover[node] += data.weight[rows[i]];
      sums[node] += data.weight[rows[i]] * data.outcome[rows[i]];
    }
    const splits = depth < options.maxDepth && end - start >= 2 * data.objective.minRows;
    const split = splits
      ? findSplit(data.inputs, data.bins, data.objective, { rows, start, end })
      : undefined;
    return { node, start, end, depth, split };
  };

  const leaves = [openLeaf(0, rows.length, 0)];
  while (leaves.length < options.maxLeaves) {
    await pause(options.signal);
    let best = -1;
    leaves.forEach(({ split }, i) => {
      if (split && (best < 0 || split.gain > (leaves[best].split as Split).gain)) best = i;
    });
    if (best < 0) break;
    const { node, start, end, depth, split } = leaves[best];
    const cut = split as Split;
    const middle = partition(rows, scratch, { start, end, bins: data.bins[cut.feature], left: cut.left });
    const input = data.inputs[cut.feature];
    feature[node] = cut.feature;
    missingLeft[node] = Number(cut.missingLeft);
    if (input.kind === 'number') {
      // Cutting after the last bin parts known values from missing ones.
      threshold[node] = cut.lastBin < input.edges.length ? input.edges[cut.lastBin] : Number.MAX_VALUE;
    } else {
      setStart[node] = sets.length;
      sets.push(...cut.left);
    }
    const below = openLeaf(start, middle, depth + 1);
    const above = openLeaf(middle, end, depth + 1);
    left[node] = below.node;
    right[node] = above.node;
    parent[below.node] = node;
    parent[above.node] = node;
    leaves[best] = below;
    leaves.push(above);
    options.onLeaf?.(leaves.length);
  }
  return {
    shape: {
      feature: feature.slice(0, nodes),
      threshold: threshold.slice(0, nodes),
      setStart: setStart.slice(0, nodes),
      missingLeft: missingLeft.slice(0, nodes),
      left: left.slice(0, nodes),
      right: right.slice(0, nodes),
      cover: cover.slice(0, nodes),
      sets: Uint8Array.from(sets),
    },
    parent: parent.slice(0, nodes),
    sums: sums.slice(0, nodes),
  };
}

/** Rows that go left to the front, both sides in their old order. @returns where the right side starts */
function partition(
  rows: Int32Array,
  scratch: Int32Array,
  { start, end, bins, left }: { start: number; end: number; bins: Uint8Array; left: Uint8Array },
): number {
  let front = start;
  let back = 0;
  for (let i = start; i < end; i++) {
    const row = rows[i];
    if (left[bins[row]] === 1) rows[front++] = row;
    else scratch[back++] = row;
  }
  rows.set(scratch.subarray(0, back), front);
  return front;
}

/**
 * Node values shrunk towards their parents': (Σ weight·outcome + strength · parent) / (Σ weight + strength).
 *
 * @param strength how many examples the parent's opinion is worth
 */
export function shrunkenValues({ shape, parent, sums }: GrownTree, strength: number): Float64Array {
  const values = new Float64Array(sums.length);
  for (let node = 0; node < values.length; node++) {
    const cover = shape.cover[node];
    if (node === 0) values[0] = cover > 0 ? sums[0] / cover : 0;
    else values[node] = (sums[node] + strength * values[parent[node]]) / (cover + strength);
  }
  return values;
}

/** The tree of the first `leaves` leaves, with the given value for each node. */
export function truncateTree({ shape }: GrownTree, leaves: number, value: Float64Array): Tree {
  const nodes = Math.min(shape.feature.length, 2 * leaves - 1);
  const feature = shape.feature.slice(0, nodes);
  const left = shape.left.slice(0, nodes);
  const right = shape.right.slice(0, nodes);
  const setStart = shape.setStart.slice(0, nodes);
  const threshold = shape.threshold.slice(0, nodes);
  for (let node = 0; node < nodes; node++) {
    if (left[node] >= 0 && right[node] < nodes) continue;
    feature[node] = -1;
    left[node] = -1;
    right[node] = -1;
    setStart[node] = -1;
    threshold[node] = 0;
  }
  return {
    feature,
    threshold,
    setStart,
    left,
    right,
    missingLeft: shape.missingLeft.slice(0, nodes),
    cover: shape.cover.slice(0, nodes),
    value: value.slice(0, nodes),
    sets: shape.sets,
  };
}
