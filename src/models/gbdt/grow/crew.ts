// The heavy steps of growing over the rows of one node, done by all threads where that pays.
import { ALONE, type Job, runJob } from './jobs.ts';
import type { GrowContext, NodeJob } from './node-work.ts';

/** Rows of a node, as a stretch of `order`. */
export interface NodeRows {
  readonly start: number;
  readonly rows: number;
}

export interface Crew {
  /** Begins a tree on the first `count` rows of `order`, or on all rows as they are. @returns sums in whole steps */
  begin(rows: { readonly count: number; readonly isWhole: boolean }): {
    readonly gradient: number;
    readonly curvature: number;
  };
  /** Fills the node's histogram, makes its sibling's from the parent's, and scans either. */
  count(node: NodeRows, job: NodeJob): void;
  /** Parts a node's rows, left ones first, each side in its old order. */
  part(
    node: NodeRows,
    by: { readonly address: number; readonly stride: number; readonly flags: Uint8Array },
  ): void;
  /** Notes the leaf of its rows. */
  settle(node: NodeRows & { readonly node: number }): void;
}

/** Rows of a node below which one thread parts them faster alone. */
const ROWS_TO_PART_TOGETHER = 16_384;
/** Cells and rows of a node below which one thread counts and scans faster alone. */
const WORK_TO_COUNT_TOGETHER = 20_000;

/** @param together runs a job on all threads; absent where there is but one */
export function createCrew(context: GrowContext, together?: (job: Job) => void): Crew {
  const { kernels, layout, i32, f64, u8 } = context;
  /** Whether the tree has only its root, so that `order` is to be read as 0, 1, 2, … */
  let isWhole = true;
  const run = (job: Job, isLarge: boolean): void => {
    if (isLarge && together !== undefined) together(job);
    else runJob(context, job, ALONE);
  };
  return {
    begin(rows) {
      isWhole = rows.isWhole;
      kernels.sumPairs(layout.pairs, isWhole ? 0 : layout.order, rows.count, layout.found);
      return { gradient: f64[layout.found / 8], curvature: f64[layout.found / 8 + 1] };
    },
    count({ start, rows: count }, job) {
      const work = (count + 256) * layout.bins.length;
      run({ kind: 'count', isWhole, start, count, ...job }, work >= WORK_TO_COUNT_TOGETHER);
    },
    part({ start, rows: count }, { address, stride, flags }) {
      u8.set(flags, layout.flags);
      run({ kind: 'part', isWhole, start, count, address, stride }, count >= ROWS_TO_PART_TOGETHER);
      isWhole = false;
    },
    settle({ node, start, rows }) {
      const first = layout.leafOfRow / 4;
      if (isWhole) i32.fill(node, first + start, first + start + rows);
      else kernels.scatter(layout.order + start * 4, rows, layout.leafOfRow, node);
    },
  };
}
