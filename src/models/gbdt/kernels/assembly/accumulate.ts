// Counting rows into cells: one load of bins, then a load, an addition and a store a column.

/** Bytes from one lane to the next: 256 cells and one more, so that equal bins of two lanes do not share a set of the cache. */
const LANE: usize = 257 * 16;
/** Low bits of the second half of a cell count rows: 65,536 of them fit. */
const COUNT_BITS: i32 = 17;
const COUNT_MASK: i64 = (1 << COUNT_BITS) - 1;

/** Σ gradient in the first half of a cell; Σ curvature above the count in the second. */
@inline
function contribution(pairs: usize): v128 {
  const pair = v128.load32x2_s(pairs);
  const raised = v128.bitselect(i64x2.shl(pair, COUNT_BITS), pair, i64x2(0, -1));
  return i64x2.add(raised, i64x2(0, 1));
}

@inline
function add(at: usize, value: v128, offset: usize): void {
  v128.store(at + offset, i64x2.add(v128.load(at + offset), value));
}

/** Four columns whose bins stand in one word. */
@inline
function addFour(cells: usize, bins: u32, value: v128): void {
  let at = cells + ((bins << 4) & 0xff0);
  v128.store(at, i64x2.add(v128.load(at), value));
  at = cells + ((bins >> 4) & 0xff0);
  v128.store(at, i64x2.add(v128.load(at, LANE), value), LANE);
  at = cells + ((bins >> 12) & 0xff0);
  v128.store(at, i64x2.add(v128.load(at, 2 * LANE), value), 2 * LANE);
  at = cells + ((bins >> 20) & 0xff0);
  v128.store(at, i64x2.add(v128.load(at, 3 * LANE), value), 3 * LANE);
}

@inline
function addRow(cells: usize, bins: usize, width: i32, value: v128): void {
  if (width == 8) {
    const eight = load<u64>(bins);
    addFour(cells, <u32>eight, value);
    addFour(cells + 4 * LANE, <u32>(eight >> 32), value);
  } else if (width == 4) {
    addFour(cells, load<u32>(bins), value);
  } else {
    add(cells + ((<usize>load<u8>(bins)) << 4), value, 0);
    if (width == 2) add(cells + ((<usize>load<u8>(bins, 1)) << 4), value, LANE);
  }
}

@inline
function addRows(bins: usize, width: i32, rows: usize, pairs: usize, count: usize, cells: usize): void {
  const end = pairs + (count << 3);
  if (rows == 0) {
    for (; pairs < end; pairs += 8, bins += width) addRow(cells, bins, width, contribution(pairs));
  } else {
    for (; pairs < end; pairs += 8, rows += 4)
      addRow(cells, bins + <usize>load<u32>(rows) * width, width, contribution(pairs));
  }
}

/** Row r's bins stand at bins + r · width; without an address of rows, rows come in order. */
export function accumulate(bins: usize, width: i32, rows: usize, pairs: usize, count: usize, cells: usize): void {
  if (width == 8) addRows(bins, 8, rows, pairs, count, cells);
  else if (width == 4) addRows(bins, 4, rows, pairs, count, cells);
  else if (width == 2) addRows(bins, 2, rows, pairs, count, cells);
  else addRows(bins, 1, rows, pairs, count, cells);
}

/** Private cells of one lane as doubles into a histogram of three doubles a cell. */
export function flush(cells: usize, lane: i32, bins: i32, histogram: usize, adds: bool): void {
  let from = cells + <usize>lane * LANE;
  const end = from + (<usize>bins << 4);
  for (; from < end; from += 16, histogram += 24) {
    const second = load<i64>(from, 8);
    let sums = f64x2(<f64>load<i64>(from), <f64>(second >> COUNT_BITS));
    let rows = <f64>(second & COUNT_MASK);
    if (adds) {
      sums = f64x2.add(sums, v128.load(histogram));
      rows += load<f64>(histogram, 16);
    }
    v128.store(histogram, sums);
    store<f64>(histogram, rows, 16);
    v128.store(from, i64x2(0, 0));
  }
}

/** Doubles that hold integers: the difference is exact. */
export function subtract(histogram: usize, other: usize, cells: usize): void {
  const end = histogram + cells * 24;
  const whole = end - 15;
  for (; histogram < whole; histogram += 16, other += 16)
    v128.store(histogram, f64x2.sub(v128.load(histogram), v128.load(other)));
  for (; histogram < end; histogram += 8, other += 8)
    store<f64>(histogram, load<f64>(histogram) - load<f64>(other));
}
