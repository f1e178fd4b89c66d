// A forest laid out for the kernels, in one memory that threads share, with room for the rows they score.
import { type LinearMemory, webAssembly } from '../../../tensor/web-assembly.ts';
import { type Forest, treeCount } from '../forest.ts';
import { categoryBins } from '../read-inputs.ts';
import type { Image } from './image.ts';
import { sweepTables, writeSweeps } from './sweeps.ts';
import { writeWalks } from './walks.ts';

/** Addresses in bytes; what stands where is said in `kernels/assembly/plan.ts`. */
export interface PackedForest {
  readonly memory: LinearMemory;
  readonly plan: number;
  /** Inputs some tree cuts, by their place in the forest: the columns of a slot. */
  readonly used: Int32Array;
  readonly outputs: number;
  readonly trees: number;
  /** The first slot; others follow. */
  readonly slot: number;
  readonly slotBytes: number;
  /** Rows a slot takes. */
  readonly slotRows: number;
  /** From one column of a slot to the next. */
  readonly stride: number;
}

/** Address 0 holds the 0 that cuts without a set read. */
const PLAN = 64;
const PLAN_WORDS = 16;
export const MAX_HELPERS = 15;
/** A cache line of its own, since two threads look at it. */
export const SLOT_HEAD = 64;
/** A slot's columns stay in the cache of a core. */
const SLOT_COLUMN_BYTES = 256 * 1024;
const PAGE_BYTES = 65536;
const MAX_PAGES = 65536;
/** One for this thread and two for each helper; a slot nobody touches takes no memory. */
const SLOTS = 1 + 2 * MAX_HELPERS;
/** Rows come to the kernels 64 at a time. */
export const GROUP = 64;

/** Packs a forest; `undefined` where there is no shared memory of that size. */
export function packForest(forest: Forest): PackedForest | undefined {
  const trees = treeCount(forest);
  const nodes = forest.feature.length;
  const used = Int32Array.from(new Set(forest.feature.filter((feature) => feature >= 0))).sort();
  const tables = sweepTables(forest, used);

  let next = PLAN + 4 * PLAN_WORDS;
  const take = (bytes: number): number => {
    const at = next;
    next += Math.ceil(bytes / 64) * 64;
    return at;
  };
  const base = take(8 * forest.outputs);
  const rankers = take(16 * used.length);
  const tableAt = (tables ?? []).map((table) => take(8 * tableLength(table)));
  const walks = { heads: take(16 * trees), nodes: take(16 * nodes) };
  const sweeps = { heads: take(tables ? 16 * trees : 0), nodes: take(tables ? 16 * nodes : 0) };
  const leafValues = take(tables ? 8 * nodes : 0);
  const setOf = new Uint32Array(nodes);
  for (let node = 0; node < nodes; node++) {
    if (forest.setStart[node] >= 0) setOf[node] = take(binsAt(forest, node) + 1);
  }

  const fitting = Math.floor(SLOT_COLUMN_BYTES / 8 / GROUP / Math.max(1, used.length));
  const slotRows = GROUP * Math.min(16, Math.max(1, fitting));
  // a line more than the rows need, or every column would fall into the same few lines of a cache
  const stride = 8 * slotRows + 64;
  const scratch = GROUP * (used.length + 1 + 257);
  const slotBytes = SLOT_HEAD + (used.length + forest.outputs) * stride + scratch;
  const slot = take(SLOTS * slotBytes);
  const memory = sharedMemory(next);
  if (!memory) return undefined;
  const image: Image = {
    f64: new Float64Array(memory.buffer),
    u32: new Uint32Array(memory.buffer),
    u8: new Uint8Array(memory.buffer),
    forest,
    columnOf: Int32Array.from(forest.inputs, (_, input) => used.indexOf(input)),
    setOf,
    walks,
    sweeps,
    leafValues,
  };
  const { f64, u32 } = image;
  const plan = [used.length, forest.outputs, trees, tables ? 1 : 0, stride, base, rankers, sweeps.heads];
  u32.set([...plan, walks.heads], PLAN / 4);
  f64.set(forest.base, base / 8);
  tables?.forEach((table, i) => {
    const isCategory = forest.inputs[used[i]].kind === 'category';
    const length = tableLength(table);
    u32.set([isCategory ? 1 : 0, length >> 1, tableAt[i]], rankers / 4 + 4 * i);
    f64.fill(Number.POSITIVE_INFINITY, tableAt[i] / 8, tableAt[i] / 8 + length);
    f64.set(table, tableAt[i] / 8);
  });
  writeSets(image);
  writeWalks(image);
  if (tables) writeSweeps(image, tables);
  return { memory, plan: PLAN, used, outputs: forest.outputs, trees, slot, slotBytes, slotRows, stride };
}

function sharedMemory(bytes: number): LinearMemory | undefined {
  const pages = Math.ceil(bytes / PAGE_BYTES);
  if (typeof SharedArrayBuffer === 'undefined' || pages > MAX_PAGES) return undefined;
  try {
    return new webAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch {
    // a host may limit the addresses a process takes; plain TypeScript needs none
    return undefined;
  }
}

/** A power of two, for a search that halves; one place at least stays behind the thresholds. */
const tableLength = (table: Float64Array): number => 2 ** Math.ceil(Math.log2(table.length + 1));

function binsAt(forest: Forest, node: number): number {
  const input = forest.inputs[forest.feature[node]];
  return input.kind === 'category' ? categoryBins(input) : 0;
}

/** A byte of ones for what goes left: unknown first, then the bins. */
function writeSets({ forest, setOf, u8 }: Image): void {
  for (let node = 0; node < setOf.length; node++) {
    const start = forest.setStart[node];
    if (start < 0) continue;
    u8[setOf[node]] = forest.missingLeft[node] ? 255 : 0;
    for (let bin = 0; bin < binsAt(forest, node); bin++)
      u8[setOf[node] + 1 + bin] = forest.sets[start + bin] ? 255 : 0;
  }
}
