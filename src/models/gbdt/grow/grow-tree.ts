// Growing one tree best-first: the leaf that gains most is cut next, until there are leaves enough or nothing gains.
import { invariant } from '../../../core/errors.ts';
import { pause } from '../../../core/pause.ts';
import type { Random } from '../../../core/random.ts';
import { FOUND, TERMS, UNPACKED } from '../kernels/kernels.ts';
import { leafValue, type NodeTerms, type Side, wholeScore } from '../kernels/score.ts';
import type { GbdtSettings } from '../settings.ts';
import { scanCategory } from './category-split.ts';
import type { Crew } from './crew.ts';
import type { BinnedInput } from './grower.ts';
import { type Limits, openInputs } from './limits.ts';
import {
  binPosition,
  columnBytes,
  foundAddress,
  type GrowContext,
  slotAddress,
  termsAddress,
  unpackCells,
} from './node-work.ts';
import { type Cut, createTreeRecord, type FreshTree, type TreeRecord } from './tree-record.ts';

/** Rows looked at between two turns of the event loop. */
const ROWS_PER_TURN = 4_000_000;
/** A cut must lower the loss by more than this share of it: rounding alone is no reason to cut. */
const ROUNDING = 1e-12;

export interface TreeTask {
  readonly context: GrowContext;
  readonly crew: Crew;
  readonly inputs: readonly BinnedInput[];
  readonly limits: Limits;
  readonly settings: GbdtSettings;
  /** Flags, [inputs]. */
  readonly columns: Uint8Array;
  /** What one whole step of gradient and of curvature is worth. */
  readonly units: { readonly gradient: number; readonly curvature: number };
  /** Rows learned from, the first of `order`; `isWhole` when those are all rows in order. */
  readonly rows: { readonly count: number; readonly isWhole: boolean };
  /** For columns drawn at each node. */
  readonly draw: Random;
  readonly signal?: AbortSignal;
}

interface Leaf extends Side {
  readonly node: number;
  readonly depth: number;
  /** Position of its first row in `order`. */
  readonly start: number;
  readonly lowest: number;
  readonly highest: number;
  /** Inputs cut above. */
  readonly path: ReadonlySet<number>;
  /** Its histogram; −1 without one. */
  slot: number;
  best?: BestCut;
}

interface BestCut extends Cut {
  readonly left: Side;
}

/** @throws AppError INTERRUPTED */
export async function growTree(task: TreeTask): Promise<FreshTree> {
  const { context, crew, settings, rows, signal } = task;
  const { layout } = context;
  const record = createTreeRecord(settings.leaves);
  const free = Array.from({ length: layout.slots - 1 }, (_, i) => layout.slots - 1 - i);
  const total = crew.begin(rows);
  const root: Leaf = {
    ...{ ...total, rows: rows.count, node: record.add(), depth: 0, start: 0 },
    ...{ lowest: -Infinity, highest: Infinity, path: new Set<number>(), slot: -1 },
  };
  const leaves = [root];
  let seen = 0;
  if (settings.leaves > 1 && isCuttable(root, settings)) {
    root.slot = free.pop() ?? 0;
    look(task, [root, undefined], -1);
    seen = rows.count;
  }
  while (leaves.length < settings.leaves) {
    if (seen > ROWS_PER_TURN) {
      await pause(signal);
      seen = 0;
    }
    const at = bestLeaf(leaves);
    if (at < 0) break;
    const leaf = leaves[at];
    const pair = cutLeaf(task, record, leaf);
    leaves[at] = pair[0];
    leaves.push(pair[1]);
    seen += leaf.rows;
    if (leaves.length < settings.leaves) lookAtPair(task, leaf, pair, free);
    else if (leaf.slot >= 0) free.push(leaf.slot);
  }
  for (const leaf of leaves) {
    record.close(leaf.node, leafValue(leaf, termsOf(task, leaf)), leaf);
    crew.settle(leaf);
  }
  return record.tree(task.limits.isBounded);
}

function bestLeaf(leaves: readonly Leaf[]): number {
  let best = -1;
  leaves.forEach(({ best: found, node }, i) => {
    if (found === undefined) return;
    const than = best < 0 ? undefined : leaves[best];
    const gain = than?.best?.gain ?? 0;
    if (than === undefined || found.gain > gain || (found.gain === gain && node < than.node)) best = i;
  });
  return best;
}

function isCuttable({ rows, depth }: Leaf, { minRows, depth: deepest }: GbdtSettings): boolean {
  return rows >= 2 * Math.max(1, minRows) && (deepest === 0 || depth < deepest);
}

/** Histograms and best cuts of two new leaves: the smaller is counted, the larger is what is left of the parent. */
function lookAtPair(task: TreeTask, parent: Leaf, pair: readonly [Leaf, Leaf], free: number[]): void {
  const [small, large] = pair[0].rows <= pair[1].rows ? pair : [pair[1], pair[0]];
  const cuttable = [small, large].map((leaf) => isCuttable(leaf, task.settings));
  if (!cuttable[0] && !cuttable[1]) {
    if (parent.slot >= 0) free.push(parent.slot);
    return;
  }
  if (parent.slot >= 0 && cuttable[1]) {
    // Slot 0 is for a leaf that finds no slot of its own: its histogram is counted again when it is cut.
    const kept = cuttable[0] ? (free.pop() ?? 0) : 0;
    small.slot = kept;
    large.slot = parent.slot;
    look(task, [small, large], parent.slot);
    if (kept === 0) small.slot = -1;
    return;
  }
  if (parent.slot >= 0) free.push(parent.slot);
  for (const [i, leaf] of [small, large].entries()) {
    if (!cuttable[i]) continue;
    leaf.slot = free.pop() ?? 0;
    look(task, [leaf, undefined], -1);
    if (leaf.slot === 0) leaf.slot = -1;
  }
}

/** Counts the first leaf, subtracts for the second, and notes the best cut of both. */
function look(
  task: TreeTask,
  [counted, sibling]: readonly [Leaf, Leaf | undefined],
  parentSlot: number,
): void {
  const { crew, settings } = task;
  const scansOwn = isCuttable(counted, settings);
  const scansSibling = sibling !== undefined && isCuttable(sibling, settings);
  const sides = [scansOwn ? counted : undefined, scansSibling ? sibling : undefined];
  sides.forEach((leaf, side) => {
    if (leaf !== undefined) writeNode(task, leaf, side);
  });
  crew.count(counted, { slot: counted.slot, parentSlot, scansOwn, scansSibling });
  sides.forEach((leaf, side) => {
    if (leaf !== undefined) leaf.best = bestCut(task, leaf, side);
  });
}

const TERM_NAMES = Object.keys(TERMS) as readonly (keyof typeof TERMS)[];

/** What the scan has to know of a node. */
function writeNode(task: TreeTask, leaf: Leaf, side: number): void {
  const { context, columns, limits } = task;
  const { layout, f64, u8 } = context;
  const terms = termsOf(task, leaf);
  const at = termsAddress(layout, side) / 8;
  for (const name of TERM_NAMES) f64[at + TERMS[name]] = terms[name];
  const open = limits.groups === undefined ? columns.slice() : openInputs(limits.groups, leaf.path);
  for (let input = 0; input < open.length; input++) open[input] &= columns[input];
  drawColumns(open, task);
  u8.set(open, layout.open + side * layout.bins.length);
}

/** Leaves the node a share of its columns; nodes draw in the order they are looked at, which threads do not change. */
function drawColumns(open: Uint8Array, { settings, draw }: TreeTask): void {
  if (settings.nodeColumnShare >= 1) return;
  let left = 0;
  for (let input = 0; input < open.length; input++) left += open[input];
  let wanted = Math.max(1, Math.round(left * settings.nodeColumnShare));
  // One pass: each column is taken with the chance that so many of those left are still wanted.
  for (let input = 0; input < open.length; input++) {
    if (open[input] === 0) continue;
    if (draw.integer(left--) < wanted) wanted--;
    else open[input] = 0;
  }
}

function termsOf({ settings, limits, units }: TreeTask, leaf: Leaf): NodeTerms {
  // One literal, no spreads: this runs for every node, and spreads cost more than all else about a small one.
  const terms = {
    gradient: leaf.gradient,
    curvature: leaf.curvature,
    rows: leaf.rows,
    gradientUnit: units.gradient,
    curvatureUnit: units.curvature,
    ridge: settings.ridge,
    lasso: settings.lasso,
    minRows: Math.max(1, settings.minRows),
    minCurvature: settings.minCurvature,
    lowest: leaf.lowest,
    highest: leaf.highest,
    bounded: Number(limits.isBounded),
    floor: 0,
    direction: 0,
  };
  const whole = wholeScore(terms);
  // A score is twice the loss it stands for.
  terms.floor = whole + 2 * settings.minGain + ROUNDING * Math.abs(whole);
  return terms;
}

/** The best cut of a leaf whose histogram and findings have just been filled. */
function bestCut(task: TreeTask, leaf: Leaf, side: number): BestCut | undefined {
  const { layout, f64 } = task.context;
  let column = -1;
  let score = 0;
  for (let i = 0; i < layout.bins.length; i++) {
    const own = f64[foundAddress(layout, side, i) / 8 + FOUND.score];
    if (!(own > score)) continue;
    column = i;
    score = own;
  }
  if (column < 0) return undefined;
  const node = termsOf(task, leaf);
  const gain = (score - wholeScore(node)) / 2;
  const input = task.inputs[column];
  const cells = slotAddress(layout, leaf.slot) + column * columnBytes(layout);
  if (input.kind === 'category') {
    const { categoryRidge } = task.settings;
    const sums = unpackCells(task.context, cells, { count: layout.bins[column], thread: 0 });
    const split = scanCategory(sums, { node, categoryRidge });
    invariant(split !== undefined && split.score === score, 'a second look at a category finds the same cut');
    const { left, missingLeft } = split;
    return { input: column, gain, threshold: 0, missingLeft, set: left, flags: left, left: sideOf(split) };
  }
  const at = foundAddress(layout, side, column) / 8;
  const lastBin = f64[at + FOUND.lastBin];
  const missing = layout.bins[column] - 1;
  const left: Side = {
    gradient: f64[at + FOUND.gradient],
    curvature: f64[at + FOUND.curvature],
    rows: f64[at + FOUND.rows],
  };
  const missingCell = unpackCells(task.context, cells + missing * layout.cellBytes, { count: 1, thread: 0 });
  const hasMissing = missingCell[UNPACKED - 1] > 0;
  const missingLeft = hasMissing ? f64[at + FOUND.missingLeft] === 1 : 2 * left.rows >= leaf.rows;
  const flags = new Uint8Array(missing + 1).fill(1, 0, lastBin + 1);
  flags[missing] = Number(missingLeft);
  // Cutting after the last real bin parts known values from missing ones.
  const threshold = lastBin < input.edges.length ? input.edges[lastBin] : Number.MAX_VALUE;
  return { input: column, gain, threshold, missingLeft, flags, left };
}

/** Parts the leaf's rows and opens its two sides. */
function cutLeaf(task: TreeTask, record: TreeRecord, leaf: Leaf): [Leaf, Leaf] {
  const { context, crew, limits } = task;
  const best = leaf.best as BestCut;
  const right: Side = {
    gradient: leaf.gradient - best.left.gradient,
    curvature: leaf.curvature - best.left.curvature,
    rows: leaf.rows - best.left.rows,
  };
  crew.part(leaf, { ...binPosition(context.layout, best.input), flags: best.flags });
  const nodes = record.cut(leaf.node, best);
  const path = limits.groups === undefined ? leaf.path : new Set([...leaf.path, best.input]);
  const common = { depth: leaf.depth + 1, path, slot: -1, lowest: leaf.lowest, highest: leaf.highest };
  const below: Leaf = { ...common, ...best.left, node: nodes.left, start: leaf.start };
  const above: Leaf = { ...common, ...right, node: nodes.right, start: leaf.start + best.left.rows };
  const direction = limits.direction[best.input];
  if (direction === 0) return [below, above];
  // Everything below one side stays on that side of the middle, so that no later cut can turn the order round.
  const terms = termsOf(task, leaf);
  const middle = (leafValue(below, terms) + leafValue(above, terms)) / 2;
  return direction > 0
    ? [
        { ...below, highest: middle },
        { ...above, lowest: middle },
      ]
    : [
        { ...below, lowest: middle },
        { ...above, highest: middle },
      ];
}

const sideOf = ({ gradient, curvature, rows }: Side): Side => ({ gradient, curvature, rows });
