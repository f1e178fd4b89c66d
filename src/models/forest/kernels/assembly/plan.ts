// Where a packed forest keeps what it holds, and what a slot of rows is made of.

// Words of the plan, all of them addresses or counts.

export const INPUTS: usize = 0;
export const OUTPUTS: usize = 4;
export const TREES: usize = 8;
/** 1 = swept, 0 = walked. */
export const SWEPT: usize = 12;
/** Bytes from one column of a slot to the next. */
export const STRIDE: usize = 16;
/** [outputs] f64 */
export const BASE: usize = 20;
/** How each input becomes ranks: [inputs] of 16 bytes (kind, half the table's length, table's address). */
export const RANKERS: usize = 24;
/** [trees] of 16 bytes: first node, cuts, leaf values, output. */
export const SWEEPS: usize = 28;
/** [trees] of 16 bytes: root, depth, 0, output. */
export const WALKS: usize = 32;

@inline
export function word(plan: usize, at: usize): usize {
  return <usize>load<u32>(plan + at);
}

// A slot: a head (a word for threads, then the rows), columns [inputs, stride] of f64, margins [outputs, stride] of f64, scratch.
export const ROWS: usize = 4;
export const SLOT_HEAD: usize = 64;

@inline
export function marginsAt(plan: usize, slot: usize): usize {
  return slot + SLOT_HEAD + word(plan, INPUTS) * word(plan, STRIDE);
}

/** The base in the margins of 64 rows, output by output. */
export function startMargins(plan: usize, margins: usize): void {
  const stride = word(plan, STRIDE);
  let base = word(plan, BASE);
  for (let left = word(plan, OUTPUTS); left > 0; left--, base += 8, margins += stride) {
    const value = load<f64>(base);
    for (let row: usize = 0; row < 512; row += 8) store<f64>(margins + row, value);
  }
}
