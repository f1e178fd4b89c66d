// The bytes a forest is packed into, and where in them its parts stand.
import type { Forest } from '../forest.ts';

/** Views of one memory, and the addresses of a packed forest's parts. */
export interface Image {
  readonly f64: Float64Array;
  readonly u32: Uint32Array;
  readonly u8: Uint8Array;
  readonly forest: Forest;
  /** Place among the columns of a slot, by input of the forest; −1 for an input no tree cuts. */
  readonly columnOf: Int32Array;
  /** Address of a category cut's flags, by node of the forest. */
  readonly setOf: Uint32Array;
  readonly walks: Part;
  readonly sweeps: Part;
  /** Leaf values of swept trees. */
  readonly leafValues: number;
}

/** Addresses of 16 bytes a tree and of 16 bytes a node. */
export interface Part {
  readonly heads: number;
  readonly nodes: number;
}
