// Counting rows into cells: one load of bins, then a load, an addition and a store a column.

/** Bytes from one column to the next, `COLUMN_CELLS` of ../kernels.ts. */
const COLUMN: usize = 257 * 16;
/** `TILE_PITCH` of ../kernels.ts. */
const TILE_PITCH: usize = 512 * 8 + 64;

/** Σ gradient in the first half of a cell; in the second Σ curvature above the number of rows. */
@inline
function contribution(pairs: usize, countBits: i32): v128 {
  const pair = v128.load32x2_s(pairs);
  const raised = v128.bitselect(i64x2.shl(pair, countBits), pair, i64x2(0, -1));
  return i64x2.add(raised, i64x2(0, 1));
}

/** Four columns whose bins stand in one word. */
@inline
function addFour(cells: usize, bins: u32, value: v128): void {
  let at = cells + ((bins << 4) & 0xff0);
  v128.store(at, i64x2.add(v128.load(at), value));
  at = cells + ((bins >> 4) & 0xff0);
  v128.store(at, i64x2.add(v128.load(at, COLUMN), value), COLUMN);
  at = cells + ((bins >> 12) & 0xff0);
  v128.store(at, i64x2.add(v128.load(at, 2 * COLUMN), value), 2 * COLUMN);
  at = cells + ((bins >> 20) & 0xff0);
  v128.store(at, i64x2.add(v128.load(at, 3 * COLUMN), value), 3 * COLUMN);
}

@inline
function addRow(cells: usize, bins: usize, width: i32, value: v128): void {
  if (width == 8) {
    const eight = load<u64>(bins);
    addFour(cells, <u32>eight, value);
    addFour(cells + 4 * COLUMN, <u32>(eight >> 32), value);
  } else if (width == 4) {
    addFour(cells, load<u32>(bins), value);
  } else {
    const first = cells + ((<usize>load<u8>(bins)) << 4);
    v128.store(first, i64x2.add(v128.load(first), value));
    if (width == 2) {
      const second = cells + ((<usize>load<u8>(bins, 1)) << 4);
      v128.store(second, i64x2.add(v128.load(second, COLUMN), value), COLUMN);
    }
  }
}

@inline
function addRows(
  bins: usize,
  stride: usize,
  width: i32,
  pairs: usize,
  count: usize,
  cells: usize,
  countBits: i32,
): void {
  const end = pairs + (count << 3);
  for (; pairs < end; pairs += 8, bins += stride) addRow(cells, bins, width, contribution(pairs, countBits));
}

export function accumulate(
  bins: usize,
  stride: usize,
  width: i32,
  pairs: usize,
  count: usize,
  cells: usize,
  countBits: i32,
): void {
  if (width == 8) addRows(bins, stride, 8, pairs, count, cells, countBits);
  else if (width == 4) addRows(bins, stride, 4, pairs, count, cells, countBits);
  else if (width == 2) addRows(bins, stride, 2, pairs, count, cells, countBits);
  else addRows(bins, stride, 1, pairs, count, cells, countBits);
}

/**
 * First a look at every cache line that is needed: those loads wait for nothing, so that many are under way at once.
 * Copied in one go, the stores behind each load would let only a few.
 */
export function gather(
  bins: usize,
  stride: usize,
  blocks: usize,
  rows: usize,
  count: usize,
  tile: usize,
  pairs: usize,
  ordered: usize,
): void {
  const end = rows + (count << 2);
  const width = blocks << 3;
  let seen: u64 = 0;
  for (let at = rows; at < end; at += 4) {
    const row = <usize>load<u32>(at);
    seen ^= load<u64>(pairs + (row << 3));
    for (let from = bins + row * stride, last = from + width; from < last; from += 64) seen ^= load<u64>(from);
  }
  // Written where the first pair comes, so that the compiler keeps the looks.
  store<u64>(ordered, seen);
  for (; rows < end; rows += 4, ordered += 8, tile += 8) {
    const row = <usize>load<u32>(rows);
    store<u64>(ordered, load<u64>(pairs + (row << 3)));
    let from = bins + row * stride;
    const last = from + width;
    for (let to = tile; from < last; from += 8, to += TILE_PITCH) store<u64>(to, load<u64>(from));
  }
}

export function clear(address: usize, bytes: usize): void {
  memory.fill(address, 0, bytes);
}

export function copy(from: usize, count: usize, into: usize): void {
  memory.copy(into, from, count << 2);
}

export function add(cells: usize, other: usize, count: usize): void {
  const end = cells + (count << 4);
  for (; cells < end; cells += 16, other += 16)
    v128.store(cells, i64x2.add(v128.load(cells), v128.load(other)));
}

export function subtract(cells: usize, other: usize, count: usize): void {
  const end = cells + (count << 4);
  for (; cells < end; cells += 16, other += 16)
    v128.store(cells, i64x2.sub(v128.load(cells), v128.load(other)));
}

export function unpack(cells: usize, count: usize, countBits: i32, into: usize): void {
  const end = cells + (count << 4);
  for (; cells < end; cells += 16, into += 24) {
    const second = load<i64>(cells, 8);
    store<f64>(into, <f64>load<i64>(cells));
    store<f64>(into, <f64>(second >> countBits), 8);
    store<f64>(into, <f64>(second & ((<i64>1 << countBits) - 1)), 16);
  }
}
