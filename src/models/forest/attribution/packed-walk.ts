// A forest's trees of one output laid out for the kernel, with room for a block of rows and a desk for each thread.
import { type LinearMemory, webAssembly } from '../../../tensor/web-assembly.ts';
import type { Tree } from '../../tree/structure.ts';
import type { Forest } from '../forest.ts';
import { WORK } from './kernels/explain-kernel.ts';
import { knownShare, sizeOf } from './path.ts';

/** Addresses in bytes; what stands where is said in `kernels/assembly/plan.ts`. */
export interface PackedWalk {
  readonly memory: LinearMemory;
  readonly plan: number;
  /** Words shared with helpers. */
  readonly work: Int32Array;
  readonly workAt: number;
  /** One a thread. */
  readonly desks: readonly number[];
  /** Stripes of trees, summed apart and then in order: any number of threads gives the same bits. */
  readonly stripes: number;
  readonly trees: number;
  readonly blockRows: number;
  /** The columns of the block, [blockRows] each. */
  readonly columns: readonly Float64Array[];
  /** By stripe and input, [blockRows] each. */
  readonly sums: readonly (readonly Float64Array[])[];
  setRows(rows: number): void;
}

const PAGE_BYTES = 65536;
const MOST_PAGES = 65536;
export const MOST_THREADS = 8;
const MOST_STRIPES = 16;
/** Stripes times inputs stay about within this; of the inputs alone, so that any block of rows is added up alike. */
const MOST_SUMS = 4096;
const PLAN = 64;
const WORK_AT = 192;
const DESK_WORDS = 6;
const LEVEL_WORDS = 8;
const ROWS_WORD = 11;

/** @param trees of one output. @returns `undefined` where that is more than WebAssembly can address */
export function packWalk(forest: Forest, trees: readonly Tree[], blockRows: number): PackedWalk | undefined {
  const sizes = trees.map(sizeOf);
  const depth = Math.max(0, ...sizes.map((size) => size.depth));
  const width = Math.max(1, ...sizes.map((size) => size.width));
  const widest = evenOrder(width);
  const nodes = trees.reduce((sum, tree) => sum + tree.feature.length, 0);
  const inputs = forest.inputs.length;
  // A line more than the rows need, or every column would fall into the same few lines of a cache.
  const stride = 8 * blockRows + 64;
  const sumsBytes = inputs * stride;
  const stripes = Math.max(1, Math.min(MOST_STRIPES, Math.floor(MOST_SUMS / Math.max(1, inputs))));

  let next = 320;
  const take = (bytes: number): number => {
    const at = next;
    next += Math.ceil(bytes / 64) * 64;
    return at;
  };
  const wide = take(8 * nodes * 3);
  const narrow = take(4 * nodes * 4);
  const flags = take(nodes);
  const sets = take(forest.sets.length);
  const heads = take(12 * trees.length);
  const orders = [...new Set(sizes.map((size) => evenOrder(size.width)))];
  const rules = new Map(orders.map((order) => [order, take(24 * order)]));
  const columnsAt = take(sumsBytes);
  const sumsAt = take(stripes * sumsBytes);
  const deskShape = { depth, width, order: widest, rows: blockRows };
  const desks = Array.from({ length: MOST_THREADS }, () => deskLayout(deskShape, take));
  const pages = Math.ceil(next / PAGE_BYTES);
  if (pages > MOST_PAGES) return undefined;

  const memory = sharedMemory(pages);
  if (!memory) return undefined;
  const u32 = new Uint32Array(memory.buffer);
  const f64 = new Float64Array(memory.buffer);
  const u8 = new Uint8Array(memory.buffer);
  u8.set(forest.sets, sets);
  for (const [order, address] of rules) writeRule(f64, address / 8, order);
  let from = 0;
  trees.forEach((tree, t) => {
    const count = tree.feature.length;
    f64.set(tree.threshold, wide / 8 + from);
    f64.set(tree.cover, wide / 8 + nodes + from);
    f64.set(tree.value, wide / 8 + 2 * nodes + from);
    u32.set(tree.feature, narrow / 4 + from);
    u32.set(tree.setStart, narrow / 4 + nodes + from);
    const start = from;
    u32.set(
      tree.left.map((child) => child + start),
      narrow / 4 + 2 * nodes + from,
    );
    u32.set(
      tree.right.map((child) => child + start),
      narrow / 4 + 3 * nodes + from,
    );
    u8.set(tree.missingLeft, flags + from);
    const order = evenOrder(sizes[t].width);
    u32.set([from, order, rules.get(order) ?? 0], heads / 4 + 3 * t);
    from += count;
  });
  u32.set(
    [
      ...[narrow, wide, narrow + 4 * nodes, flags, narrow + 8 * nodes, narrow + 12 * nodes],
      ...[wide + 8 * nodes, wide + 16 * nodes, sets, columnsAt, stride, 0, heads, trees.length, stripes],
      ...[sumsAt, sumsBytes],
    ],
    PLAN / 4,
  );
  for (const { words, levels } of desks) {
    u32.set(words.values, words.address / 4);
    levels.forEach((level, i) => {
      u32.set(level, words.values[5] / 4 + LEVEL_WORDS * i);
    });
  }
  const columnAt = (address: number): Float64Array => new Float64Array(memory.buffer, address, blockRows);
  return {
    memory,
    plan: PLAN,
    work: new Int32Array(memory.buffer, WORK_AT, WORK.words),
    workAt: WORK_AT,
    desks: desks.map(({ words }) => words.address),
    stripes,
    trees: trees.length,
    blockRows,
    columns: Array.from({ length: inputs }, (_, input) => columnAt(columnsAt + input * stride)),
    sums: Array.from({ length: stripes }, (_, stripe) =>
      Array.from({ length: inputs }, (_, input) => columnAt(sumsAt + stripe * sumsBytes + input * stride)),
    ),
    setRows: (rows) => {
      u32[PLAN / 4 + ROWS_WORD] = rows;
    },
  };
}

/** `undefined` where the machine grants no such stretch of addresses. */
function sharedMemory(pages: number): LinearMemory | undefined {
  try {
    return new webAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch {
    return undefined;
  }
}

/** The kernel takes nodes two by two; one added to an odd rule weighs nothing. */
const evenOrder = (width: number): number => 2 * Math.ceil(knownShare(width - 1).order / 2);

function writeRule(f64: Float64Array, at: number, order: number): void {
  // The largest width of the order: an even order o serves paths of up to 2 · o steps.
  const rule = knownShare(2 * order - 1);
  f64.set(rule.at, at);
  f64.set(rule.weight, at + order);
  f64.set(rule.away, at + 2 * order);
}

interface DeskShape {
  readonly depth: number;
  readonly width: number;
  readonly order: number;
  readonly rows: number;
}

/** Where a thread's path and levels stand, in the words the kernel reads. */
function deskLayout({ depth, width, order, rows }: DeskShape, take: (bytes: number) => number) {
  const address = take(4 * DESK_WORDS);
  const path = [take(4 * width), take(8 * width), take(8 * width * order)];
  const working = [take(24 * order), take(8 * order)];
  const levelsAt = take(4 * LEVEL_WORDS * (depth + 1));
  const levels = Array.from({ length: depth + 1 }, (_, cuts) => {
    const most = cuts < 30 ? Math.min(rows, 2 ** cuts) : rows;
    const group = take(4 * rows);
    const [parent, goesLeft, follows] = [take(4 * most), take(most), take(most * width)];
    return [
      group,
      parent,
      goesLeft,
      follows,
      take(8 * most * order),
      take(8 * most * width),
      take(8 * most),
      0,
    ];
  });
  return { words: { address, values: [...path, ...working, levelsAt] }, levels };
}
