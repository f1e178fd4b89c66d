// Columns brought into panels: numbers as they are and times h, flags as h or nothing.

export function spread(values: usize, weights: usize, rows: usize, plain: usize, scaled: usize): void {
  const end = values + (rows << 3);
  for (; values < end; values += 8, weights += 8, plain += 32, scaled += 32) {
    const value = load<f64>(values);
    store<f64>(plain, value);
    store<f64>(scaled, value * load<f64>(weights));
  }
}

/** Every row is written to the list, whose end moves on where it is lit: no branch to guess wrong. */
export function light(
  codes: usize,
  code: i32,
  weights: usize,
  rows: usize,
  scaled: usize,
  lit: usize,
): usize {
  const start = lit;
  for (let row: usize = 0; row < rows; row++) {
    const isLit = load<i32>(codes + (row << 2)) == code;
    const at = row << 5;
    store<u64>(scaled + at, load<u64>(weights + (row << 3)) & (0 - <u64>isLit));
    store<u32>(lit, <u32>at);
    lit += <usize>isLit << 2;
  }
  return (lit - start) >> 2;
}
