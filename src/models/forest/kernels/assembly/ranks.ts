// Values as bytes: 0 for missing or unknown, else 1 plus the number of cut points below the value, or plus the bin.
import { INPUTS, RANKERS, STRIDE, word } from './plan.ts';

/** Ranks of 64 rows of every input: [inputs, 64] bytes. */
export function rank(plan: usize, columns: usize, ranks: usize): void {
  const stride = word(plan, STRIDE);
  let ranker = word(plan, RANKERS);
  for (let left = word(plan, INPUTS); left > 0; left--, ranker += 16, columns += stride, ranks += 64) {
    if (load<u32>(ranker) == 1) rankBins(columns, ranks);
    else rankNumbers(columns, ranks, <usize>load<u32>(ranker, 4), <usize>load<u32>(ranker, 8));
  }
}

function rankBins(column: usize, ranks: usize): void {
  for (let row: usize = 0; row < 64; row++) store<u8>(ranks + row, <u8>(<i32>load<f64>(column + (row << 3)) + 1));
}

/** Eight searches side by side, none with a branch: each waits for memory, together they do not. */
function rankNumbers(column: usize, ranks: usize, half: usize, table: usize): void {
  for (let row: usize = 0; row < 64; row += 8, column += 64, ranks += 8) {
    const a = load<f64>(column), b = load<f64>(column, 8), c = load<f64>(column, 16), d = load<f64>(column, 24);
    const e = load<f64>(column, 32), f = load<f64>(column, 40), g = load<f64>(column, 48), h = load<f64>(column, 56);
    let i = table, j = table, k = table, l = table, m = table, n = table, o = table, p = table;
    for (let step = half; step > 0; step >>= 1) {
      const bytes = step << 3;
      i = above(i, bytes, a);
      j = above(j, bytes, b);
      k = above(k, bytes, c);
      l = above(l, bytes, d);
      m = above(m, bytes, e);
      n = above(n, bytes, f);
      o = above(o, bytes, g);
      p = above(p, bytes, h);
    }
    put(ranks, i - table, a);
    put(ranks + 1, j - table, b);
    put(ranks + 2, k - table, c);
    put(ranks + 3, l - table, d);
    put(ranks + 4, m - table, e);
    put(ranks + 5, n - table, f);
    put(ranks + 6, o - table, g);
    put(ranks + 7, p - table, h);
  }
}

@inline
function above(at: usize, bytes: usize, value: f64): usize {
  return load<f64>(at + bytes - 8) < value ? at + bytes : at;
}

@inline
function put(at: usize, bytes: usize, value: f64): void {
  store<u8>(at, value == value ? <u8>((bytes >> 3) + 1) : 0);
}
