// All cuts of a tree for 64 rows at once: a byte a row says whether the row comes by, so that nothing waits or branches.
import { INPUTS, marginsAt, OUTPUTS, ROWS, SLOT_HEAD, STRIDE, SWEEPS, startMargins, TREES, word } from './plan.ts';
import { rank } from './ranks.ts';

/** Margins of a slot's rows. Rows are taken 64 at a time; those behind the last may hold anything. */
export function sweep(plan: usize, slot: usize): void {
  const stride = word(plan, STRIDE);
  const outputs = word(plan, OUTPUTS);
  const columns = slot + SLOT_HEAD;
  const margins = marginsAt(plan, slot);
  const rows = word(slot, ROWS);
  // ranks [inputs, 64], then leaves [64], then who comes by [left turns on one path + 1, 64]
  const scratch = margins + outputs * stride;
  const leaves = scratch + (word(plan, INPUTS) << 6);
  for (let from: usize = 0; from < rows; from += 64) {
    rank(plan, columns + (from << 3), scratch);
    startMargins(plan, margins + (from << 3));
    let tree = word(plan, SWEEPS);
    for (let left = word(plan, TREES); left > 0; left--, tree += 16) {
      findLeaves(<usize>load<u32>(tree), <usize>load<u32>(tree, 4), scratch, leaves);
      addLeaves(leaves, <usize>load<u32>(tree, 8), margins + <usize>load<u32>(tree, 12) * stride + (from << 3));
    }
  }
}

/**
 * The leaf of each row, counted from the left. Cuts come in the order root, left subtree, right subtree; a row that goes
 * right has all leaves of the left subtree before its own. Who comes by is kept by the number of left turns so far: the
 * left subtree is done with its places when the right one begins.
 */
@inline
function findLeaves(node: usize, cuts: usize, ranks: usize, leaves: usize): void {
  const all = i8x16.splat(-1);
  const start = leaves + 64;
  v128.store(start, all);
  v128.store(start, all, 16);
  v128.store(start, all, 32);
  v128.store(start, all, 48);
  let a = i8x16.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (const end = node + (cuts << 4); node < end; node += 16) {
    const column = ranks + <usize>load<u32>(node);
    const here = start + <usize>load<u32>(node, 4);
    const before = v128.load8_splat(node + 8);
    const chunks = <usize>load<u8>(node, 9);
    if (chunks == 0) {
      const bias = v128.load8_splat(node + 10);
      const limit = v128.load8_splat(node + 11);
      a = turn(here, under(v128.load(column), bias, limit), before, a);
      b = turn(here + 16, under(v128.load(column, 16), bias, limit), before, b);
      c = turn(here + 32, under(v128.load(column, 32), bias, limit), before, c);
      d = turn(here + 48, under(v128.load(column, 48), bias, limit), before, d);
    } else {
      const set = <usize>load<u32>(node, 12);
      a = turn(here, among(v128.load(column), set, chunks), before, a);
      b = turn(here + 16, among(v128.load(column, 16), set, chunks), before, b);
      c = turn(here + 32, among(v128.load(column, 32), set, chunks), before, c);
      d = turn(here + 48, among(v128.load(column, 48), set, chunks), before, d);
    }
  }
  v128.store(leaves, a);
  v128.store(leaves, b, 16);
  v128.store(leaves, c, 32);
  v128.store(leaves, d, 48);
}

/** Missing is 0: with a bias of 1 it wraps to the highest rank and goes right. */
@inline
function under(ranks: v128, bias: v128, limit: v128): v128 {
  return i8x16.le_u(i8x16.sub(ranks, bias), limit);
}

/** Flags of the set, 16 at a time: an index outside the 16 finds 0. */
@inline
function among(ranks: v128, set: usize, chunks: usize): v128 {
  const sixteen = i8x16.splat(16);
  let found = i8x16.swizzle(v128.load(set), ranks);
  for (let chunk: usize = 1; chunk < chunks; chunk++) {
    ranks = i8x16.sub(ranks, sixteen);
    found = v128.or(found, i8x16.swizzle(v128.load(set + (chunk << 4)), ranks));
  }
  return found;
}

@inline
function turn(here: usize, goesLeft: v128, before: v128, leaf: v128): v128 {
  const comesBy = v128.load(here);
  const right = v128.andnot(comesBy, goesLeft);
  v128.store(here, v128.and(comesBy, goesLeft), 64);
  v128.store(here, right);
  return i8x16.add(leaf, v128.and(right, before));
}

@inline
function addLeaves(leaves: usize, values: usize, margins: usize): void {
  for (let row: usize = 0; row < 64; row += 4, margins += 32) {
    const four = load<u32>(leaves + row);
    store<f64>(margins, load<f64>(margins) + load<f64>(values + ((four & 255) << 3)));
    store<f64>(margins, load<f64>(margins, 8) + load<f64>(values + (((four >> 8) & 255) << 3)), 8);
    store<f64>(margins, load<f64>(margins, 16) + load<f64>(values + (((four >> 16) & 255) << 3)), 16);
    store<f64>(margins, load<f64>(margins, 24) + load<f64>(values + ((four >> 24) << 3)), 24);
  }
}
