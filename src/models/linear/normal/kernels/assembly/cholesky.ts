// Cholesky's factor in the upper triangle, four rows at a time: every cell loses its products in the rows' order.

/** Takes from row `into` what row `from` times its entry at `column` holds, from `column` on. */
@inline
function subtractRow(from: usize, into: usize, column: usize, size: usize): void {
  const factor = v128.load64_splat(from + (column << 3));
  const end = into + (size << 3);
  // an even start: the cell before the diagonal belongs to the other triangle, which nobody reads
  const start = (column & ~1) << 3;
  from += start;
  for (let at = into + start; at < end; at += 16, from += 16) {
    v128.store(at, f64x2.sub(v128.load(at), f64x2.mul(factor, v128.load(from))));
  }
}

/** Divides a row by the root of its diagonal. */
@inline
function finishRow(row: usize, column: usize, size: usize, floor: f64): void {
  const diagonal = sqrt(max(load<f64>(row + (column << 3)), floor));
  const end = row + (size << 3);
  for (let at = row + ((column & ~1) << 3); at < end; at += 16) {
    v128.store(at, f64x2.div(v128.load(at), f64x2.splat(diagonal)));
  }
  store<f64>(row + (column << 3), diagonal);
}

export function factorise(a: usize, size: usize, stride: usize, floor: f64): void {
  let m: usize = 0;
  for (; m + 3 < size; m += 4) {
    const r0 = a + m * stride;
    const r1 = r0 + stride;
    const r2 = r1 + stride;
    const r3 = r2 + stride;
    finishRow(r0, m, size, floor);
    subtractRow(r0, r1, m + 1, size);
    finishRow(r1, m + 1, size, floor);
    subtractRow(r0, r2, m + 2, size);
    subtractRow(r1, r2, m + 2, size);
    finishRow(r2, m + 2, size, floor);
    subtractRow(r0, r3, m + 3, size);
    subtractRow(r1, r3, m + 3, size);
    subtractRow(r2, r3, m + 3, size);
    finishRow(r3, m + 3, size, floor);
    for (let k = m + 4; k < size; k++) {
      const f0 = v128.load64_splat(r0 + (k << 3));
      const f1 = v128.load64_splat(r1 + (k << 3));
      const f2 = v128.load64_splat(r2 + (k << 3));
      const f3 = v128.load64_splat(r3 + (k << 3));
      const row = a + k * stride;
      const end = size << 3;
      for (let at = (k & ~1) << 3; at < end; at += 16) {
        let rest = v128.load(row + at);
        rest = f64x2.sub(rest, f64x2.mul(f0, v128.load(r0 + at)));
        rest = f64x2.sub(rest, f64x2.mul(f1, v128.load(r1 + at)));
        rest = f64x2.sub(rest, f64x2.mul(f2, v128.load(r2 + at)));
        rest = f64x2.sub(rest, f64x2.mul(f3, v128.load(r3 + at)));
        v128.store(row + at, rest);
      }
    }
  }
  for (const first = m; m < size; m++) {
    const row = a + m * stride;
    for (let from = first; from < m; from++) subtractRow(a + from * stride, row, m, size);
    finishRow(row, m, size, floor);
  }
}
