// Sums of products over the rows of a block: lanes lie over columns, so every sum takes its rows in their order.
import { addTo, PANEL } from './lanes.ts';

/** sums[j, k] += Σ scaled[row, j] · plain[row, k] for the four columns j of one panel and the four k of another. */
@inline
function tile(scaled: usize, plain: usize, bytes: usize, sums: usize, stride: usize): void {
  let low0 = f64x2.splat(0);
  let low1 = f64x2.splat(0);
  let low2 = f64x2.splat(0);
  let low3 = f64x2.splat(0);
  let high0 = f64x2.splat(0);
  let high1 = f64x2.splat(0);
  let high2 = f64x2.splat(0);
  let high3 = f64x2.splat(0);
  const end = scaled + bytes;
  for (; scaled < end; scaled += 32, plain += 32) {
    const low = v128.load(plain);
    const high = v128.load(plain, 16);
    const a0 = v128.load64_splat(scaled);
    low0 = f64x2.add(low0, f64x2.mul(a0, low));
    high0 = f64x2.add(high0, f64x2.mul(a0, high));
    const a1 = v128.load64_splat(scaled, 8);
    low1 = f64x2.add(low1, f64x2.mul(a1, low));
    high1 = f64x2.add(high1, f64x2.mul(a1, high));
    const a2 = v128.load64_splat(scaled, 16);
    low2 = f64x2.add(low2, f64x2.mul(a2, low));
    high2 = f64x2.add(high2, f64x2.mul(a2, high));
    const a3 = v128.load64_splat(scaled, 24);
    low3 = f64x2.add(low3, f64x2.mul(a3, low));
    high3 = f64x2.add(high3, f64x2.mul(a3, high));
  }
  addTo(sums, low0);
  addTo(sums + 16, high0);
  sums += stride;
  addTo(sums, low1);
  addTo(sums + 16, high1);
  sums += stride;
  addTo(sums, low2);
  addTo(sums + 16, high2);
  sums += stride;
  addTo(sums, low3);
  addTo(sums + 16, high3);
}

/** Every panel against itself and those before it. */
export function multiply(
  scaled: usize,
  plain: usize,
  panels: usize,
  rows: usize,
  sums: usize,
  stride: usize,
): void {
  for (let j: usize = 0; j < panels; j++) {
    for (let k: usize = 0; k <= j; k++) {
      tile(scaled + j * PANEL, plain + k * PANEL, rows << 5, sums + ((j * stride) << 2) + (k << 5), stride);
    }
  }
}

/** Three panels at a time: they stay in the nearest cache for all flags, and six sums hide what an addition takes. */
export function sumLit(
  scaled: usize,
  threes: usize,
  first: usize,
  flags: usize,
  lit: usize,
  counts: usize,
  sums: usize,
  stride: usize,
): void {
  for (let three: usize = 0; three < threes; three++, scaled += 3 * PANEL, sums += 96) {
    for (let flag: usize = 0; flag < flags; flag++) {
      // columns behind the flag's own add up to nothing that is read
      if (first + flag < 12 * three) continue;
      let s0 = f64x2.splat(0);
      let s1 = f64x2.splat(0);
      let s2 = f64x2.splat(0);
      let s3 = f64x2.splat(0);
      let s4 = f64x2.splat(0);
      let s5 = f64x2.splat(0);
      let at = lit + (flag << 10);
      const end = at + (<usize>load<u32>(counts + (flag << 2)) << 2);
      for (; at < end; at += 4) {
        const row = scaled + <usize>load<u32>(at);
        s0 = f64x2.add(s0, v128.load(row));
        s1 = f64x2.add(s1, v128.load(row, 16));
        s2 = f64x2.add(s2, v128.load(row, PANEL));
        s3 = f64x2.add(s3, v128.load(row, PANEL + 16));
        s4 = f64x2.add(s4, v128.load(row, 2 * PANEL));
        s5 = f64x2.add(s5, v128.load(row, 2 * PANEL + 16));
      }
      const into = sums + (first + flag) * stride;
      addTo(into, s0);
      addTo(into + 16, s1);
      addTo(into + 32, s2);
      addTo(into + 48, s3);
      addTo(into + 64, s4);
      addTo(into + 80, s5);
    }
  }
}

export function scatter(
  scaled: usize,
  panels: usize,
  levels: usize,
  rows: usize,
  sums: usize,
  stride: usize,
): void {
  for (let row: usize = 0; row < rows; row++) {
    const level = load<i32>(levels + (row << 2));
    if (level < 0) continue;
    let from = scaled + (row << 5);
    let into = sums + <usize>level * stride;
    for (let left = panels; left > 0; left--, from += PANEL, into += 32) {
      addTo(into, v128.load(from));
      addTo(into + 16, v128.load(from, 16));
    }
  }
}
