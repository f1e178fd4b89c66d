// Margins as probabilities, two at a time: only additions, multiplications, divisions and integer steps, so that
// the plain twin gives the same bits on every machine.

@inline
function polynomial(x: v128): v128 {
  let sum = f64x2.splat(1.0 / 6227020800.0);
  sum = f64x2.add(f64x2.mul(sum, x), f64x2.splat(1.0 / 479001600.0));
  sum = f64x2.add(f64x2.mul(sum, x), f64x2.splat(1.0 / 39916800.0));
  sum = f64x2.add(f64x2.mul(sum, x), f64x2.splat(1.0 / 3628800.0));
  sum = f64x2.add(f64x2.mul(sum, x), f64x2.splat(1.0 / 362880.0));
  sum = f64x2.add(f64x2.mul(sum, x), f64x2.splat(1.0 / 40320.0));
  sum = f64x2.add(f64x2.mul(sum, x), f64x2.splat(1.0 / 5040.0));
  sum = f64x2.add(f64x2.mul(sum, x), f64x2.splat(1.0 / 720.0));
  sum = f64x2.add(f64x2.mul(sum, x), f64x2.splat(1.0 / 120.0));
  sum = f64x2.add(f64x2.mul(sum, x), f64x2.splat(1.0 / 24.0));
  sum = f64x2.add(f64x2.mul(sum, x), f64x2.splat(1.0 / 6.0));
  sum = f64x2.add(f64x2.mul(sum, x), f64x2.splat(0.5));
  sum = f64x2.add(f64x2.mul(sum, x), f64x2.splat(1));
  return f64x2.add(f64x2.mul(sum, x), f64x2.splat(1));
}

/**
 * values[i] = 1 / (1 + exp(−values[i])), f64, in place; the count is even. exp(x) = 2^k · exp(r) with |r| ≤ ln 2 / 2
 * (Cody and Waite 1980), r by its Taylor series to x^13: within 2e-15 of the true value. Beyond ±700 the answer no longer
 * changes. NaN stays NaN.
 */
export function sigmoid(values: usize, count: usize): void {
  const end = values + (count << 3);
  for (; values < end; values += 16) {
    const x = f64x2.max(
      f64x2.min(f64x2.neg(v128.load(values)), f64x2.splat(700)),
      f64x2.splat(-700),
    );
    const k = f64x2.nearest(f64x2.mul(x, f64x2.splat(1.4426950408889634)));
    const high = f64x2.sub(x, f64x2.mul(k, f64x2.splat(0.6931471803691238)));
    const r = f64x2.sub(high, f64x2.mul(k, f64x2.splat(1.9082149292705877e-10)));
    // 2^k: the exponent's bits, from the low bits of a double to which a large one was added.
    const bits = i64x2.shl(
      i64x2.sub(
        f64x2.add(k, f64x2.splat(6755399441055744.0 + 1023.0)),
        f64x2.splat(6755399441055744.0),
      ),
      52,
    );
    v128.store(values, f64x2.div(f64x2.splat(1), f64x2.add(f64x2.splat(1), f64x2.mul(polynomial(r), bits))));
  }
}
