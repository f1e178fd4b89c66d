// A tree while it grows: node by node into flat arrays.
import type { GrownTree } from './grower.ts';

export interface Cut {
  readonly input: number;
  readonly gain: number;
  readonly threshold: number;
  readonly missingLeft: boolean;
  /** Of a category: flags by bin, 1 = left. */
  readonly set?: Uint8Array;
  /** The side of every bin, 1 = left. */
  readonly flags: Uint8Array;
}

export interface FreshTree {
  readonly tree: Omit<GrownTree, 'leafOfRow' | 'cover'>;
  /** By node, of cuts only: the side of every bin, 1 = left. */
  readonly sides: readonly (Uint8Array | undefined)[];
  /** By node, of leaves only: rows learned from. */
  readonly rows: Float64Array;
}

export interface ClosedLeaf {
  readonly rows: number;
  readonly lowest: number;
  readonly highest: number;
}

export interface TreeRecord {
  /** A new leaf. @returns its node */
  add(): number;
  /** Turns a leaf into a cut with two new leaves. */
  cut(node: number, cut: Cut): { readonly left: number; readonly right: number };
  /** What a leaf says, and between which values it had to stay. */
  close(node: number, value: number, leaf: ClosedLeaf): void;
  tree(isBounded: boolean): FreshTree;
}

export function createTreeRecord(leaves: number): TreeRecord {
  const capacity = 2 * Math.max(1, leaves) - 1;
  const feature = new Int32Array(capacity).fill(-1);
  const threshold = new Float64Array(capacity);
  const setStart = new Int32Array(capacity).fill(-1);
  const missingLeft = new Uint8Array(capacity);
  const left = new Int32Array(capacity).fill(-1);
  const right = new Int32Array(capacity).fill(-1);
  const gain = new Float64Array(capacity);
  const value = new Float64Array(capacity);
  const lowest = new Float64Array(capacity).fill(-Infinity);
  const highest = new Float64Array(capacity).fill(Infinity);
  const rows = new Float64Array(capacity);
  const sets: number[] = [];
  const sides: (Uint8Array | undefined)[] = [];
  let nodes = 0;
  return {
    add: () => nodes++,
    cut(node, cut) {
      feature[node] = cut.input;
      gain[node] = cut.gain;
      sides[node] = cut.flags;
      threshold[node] = cut.threshold;
      missingLeft[node] = Number(cut.missingLeft);
      if (cut.set !== undefined) {
        setStart[node] = sets.length;
        for (const flag of cut.set) sets.push(flag);
      }
      left[node] = nodes++;
      right[node] = nodes++;
      return { left: left[node], right: right[node] };
    },
    close(node, own, leaf) {
      value[node] = own;
      rows[node] = leaf.rows;
      lowest[node] = leaf.lowest;
      highest[node] = leaf.highest;
    },
    tree: (isBounded) => ({
      sides,
      rows: rows.slice(0, nodes),
      tree: {
        feature: feature.slice(0, nodes),
        threshold: threshold.slice(0, nodes),
        setStart: setStart.slice(0, nodes),
        missingLeft: missingLeft.slice(0, nodes),
        left: left.slice(0, nodes),
        right: right.slice(0, nodes),
        gain: gain.slice(0, nodes),
        value: value.slice(0, nodes),
        sets: Uint8Array.from(sets),
        ...(isBounded ? { lowest: lowest.slice(0, nodes), highest: highest.slice(0, nodes) } : {}),
      },
    }),
  };
}
