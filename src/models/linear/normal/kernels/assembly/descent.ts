// Coordinate descent on a quadratic with an L1 penalty: lanes over the coordinates whose slopes a move changes.

@inline
function shrink(value: f64, by: f64): f64 {
  return value > by ? value - by : value < -by ? value + by : 0;
}

export function descend(
  a: usize,
  size: usize,
  stride: usize,
  next: usize,
  pull: usize,
  ridge: f64,
  lasso: f64,
  sweeps: usize,
  tolerance: f64,
): void {
  const end = pull + (size << 3);
  for (; sweeps > 0; sweeps--) {
    let largest: f64 = 0;
    for (let j: usize = 0; j < size; j++) {
      let row = a + j * stride;
      const bend = load<f64>(row + (j << 3));
      if (bend <= 0) continue;
      const old = load<f64>(next + (j << 3));
      const aim = bend * old - load<f64>(pull + (j << 3));
      // the last one, the intercept, is free
      const value = j == size - 1 ? aim / bend : shrink(aim, lasso) / (bend + ridge);
      const move = value - old;
      if (move == 0) continue;
      store<f64>(next + (j << 3), value);
      const factor = f64x2.splat(move);
      for (let at = pull; at < end; at += 16, row += 16) {
        v128.store(at, f64x2.add(v128.load(at), f64x2.mul(factor, v128.load(row))));
      }
      largest = max(largest, abs(move) * sqrt(bend));
    }
    if (largest < tolerance) break;
  }
}
