// What an array holds: its sum of squares, and the first number that is none.

/**
 * Σ x² in double precision. Element i goes to partial sum i mod 8, and the eight are added as a tree, so that the
 * result does not depend on who computes it. Squares of single-precision numbers are exact here and cannot overflow.
 */
export function sumOfSquares(values: usize, count: usize): f64 {
  let a = f64x2.splat(0);
  let b = f64x2.splat(0);
  let c = f64x2.splat(0);
  let d = f64x2.splat(0);
  const whole = values + ((count & ~7) << 2);
  const end = values + (count << 2);
  for (; values < whole; values += 32) {
    const low = v128.load(values);
    const high = v128.load(values, 16);
    a = f64x2.add(a, squares(low));
    b = f64x2.add(b, squares(upper(low)));
    c = f64x2.add(c, squares(high));
    d = f64x2.add(d, squares(upper(high)));
  }
  // The odd end, with zeros behind it: adding 0 to a sum of squares changes nothing.
  const rest = (end - values) >> 2;
  let low = f32x4.splat(0);
  let high = f32x4.splat(0);
  if (rest > 0) low = v128.load32_lane(values, low, 0);
  if (rest > 1) low = v128.load32_lane(values, low, 1, 4);
  if (rest > 2) low = v128.load32_lane(values, low, 2, 8);
  if (rest > 3) low = v128.load32_lane(values, low, 3, 12);
  if (rest > 4) high = v128.load32_lane(values, high, 0, 16);
  if (rest > 5) high = v128.load32_lane(values, high, 1, 20);
  if (rest > 6) high = v128.load32_lane(values, high, 2, 24);
  a = f64x2.add(a, squares(low));
  b = f64x2.add(b, squares(upper(low)));
  c = f64x2.add(c, squares(high));
  d = f64x2.add(d, squares(upper(high)));
  return total(a) + total(b) + (total(c) + total(d));
}

@inline
function squares(lanes: v128): v128 {
  const wide = f64x2.promote_low_f32x4(lanes);
  return f64x2.mul(wide, wide);
}

@inline
function upper(lanes: v128): v128 {
  return i32x4.shuffle(lanes, lanes, 2, 3, 2, 3);
}

@inline
function total(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}

/** Index of the first NaN or infinity, −1 when every number is finite: its exponent bits are all ones. */
export function firstNonFinite(values: usize, count: usize): i32 {
  const start = values;
  const whole = values + ((count & ~15) << 2);
  const end = values + (count << 2);
  for (; values < whole; values += 64) {
    const found = v128.or(
      v128.or(unbounded(v128.load(values)), unbounded(v128.load(values, 16))),
      v128.or(unbounded(v128.load(values, 32)), unbounded(v128.load(values, 48))),
    );
    if (v128.any_true(found)) break;
  }
  for (; values < end; values += 4) {
    if ((load<u32>(values) & 0x7f800000) == 0x7f800000) return <i32>((values - start) >> 2);
  }
  return -1;
}

@inline
function unbounded(lanes: v128): v128 {
  const exponent = i32x4.splat(0x7f800000);
  return i32x4.eq(v128.and(lanes, exponent), exponent);
}
