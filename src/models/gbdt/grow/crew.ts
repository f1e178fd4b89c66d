// The heavy steps of growing, over the rows of one node.
import { CHUNK_ROWS } from '../kernels/kernels.ts';
import { countRows, flushBlock, type GrowContext, scanBlock } from './node-work.ts';

/** Rows of a node, as a stretch of `order`. */
export interface NodeRows {
  readonly start: number;
  readonly rows: number;
}

export interface Crew {
  /** Begins a tree on the first `count` rows of `order`, or on all rows as they are. */
  begin(rows: { readonly count: number; readonly isWhole: boolean }): {
    readonly gradient: number;
    readonly curvature: number;
  };
  /** Fills the node's histogram, makes its sibling's from the parent's, and scans either. */
  count(
    node: NodeRows & { readonly slot: number },
    job: { readonly parentSlot: number; readonly scansOwn: boolean; readonly scansSibling: boolean },
  ): void;
  /** Parts a node's rows, left ones first, each side in its old order. @returns how many went left */
  part(
    node: NodeRows,
    by: { readonly address: number; readonly stride: number; readonly flags: Uint8Array },
  ): number;
  /** Notes the leaf of its rows. */
  settle(node: NodeRows & { readonly node: number }): void;
}

export function createCrew(context: GrowContext): Crew {
  const { kernels, layout, i32, f64, u8 } = context;
  /** Whether `order` still has to be read as 0, 1, 2, … */
  let isWhole = true;
  const rowsOf = (start: number): number => (isWhole ? 0 : layout.order + start * 4);
  return {
    begin(rows) {
      isWhole = rows.isWhole;
      kernels.sumPairs(layout.pairs, rowsOf(0), rows.count, layout.found);
      const at = layout.found >> 3;
      return { gradient: f64[at], curvature: f64[at + 1] };
    },
    count({ start, rows: count, slot }, job) {
      const rows = rowsOf(start);
      if (!isWhole) kernels.gatherPairs(layout.pairs, rows, count, layout.ordered);
      const pairs = isWhole ? layout.pairs : layout.ordered;
      const cells = layout.scratch;
      const node = { ...job, rows, pairs, count, slot };
      for (const block of layout.blocks) {
        for (let from = 0; from < count; from += CHUNK_ROWS) {
          countRows(context, node, block, { from, count: Math.min(CHUNK_ROWS, count - from), cells });
          flushBlock(context, node, block, { cells, adds: from > 0 });
        }
        scanBlock(context, node, block);
      }
    },
    part({ start, rows: count }, { address, stride, flags }) {
      u8.set(flags, layout.flags);
      const { lefts, rights } = layout;
      const left = kernels.part(address, stride, layout.flags, rowsOf(start), count, lefts, rights);
      isWhole = false;
      const order = (layout.order >> 2) + start;
      i32.copyWithin(order, lefts >> 2, (lefts >> 2) + left);
      i32.copyWithin(order + left, rights >> 2, (rights >> 2) + count - left);
      return left;
    },
    settle({ node, start, rows }) {
      const first = layout.leafOfRow >> 2;
      if (isWhole) i32.fill(node, first + start, first + start + rows);
      else kernels.scatter(layout.order + start * 4, rows, layout.leafOfRow, node);
    },
  };
}
