// Passes over rows: gradients in whole steps, the two sides of a cut, bins of values.

/** Largest |x|; NaN when one of them is. */
export function largest(values: usize, count: usize): f32 {
  let most = f32x4.splat(0);
  const whole = values + ((count & ~3) << 2);
  const end = values + (count << 2);
  for (; values < whole; values += 16) most = f32x4.max(most, f32x4.abs(v128.load(values)));
  for (; values < end; values += 4) most = f32x4.max(most, f32x4.abs(v128.load32_splat(values)));
  return max(
    max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
    max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
  );
}

/** Sum in double precision, element i in partial sum i mod 4. */
export function total(values: usize, count: usize): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  const whole = values + ((count & ~3) << 2);
  for (; values < whole; values += 16) {
    const four = v128.load(values);
    low = f64x2.add(low, f64x2.promote_low_f32x4(four));
    high = f64x2.add(high, f64x2.promote_low_f32x4(i32x4.shuffle(four, four, 2, 3, 2, 3)));
  }
  // The odd end, with zeros behind it.
  const rest = count & 3;
  let four = f32x4.splat(0);
  if (rest > 0) four = v128.load32_lane(values, four, 0);
  if (rest > 1) four = v128.load32_lane(values, four, 1, 4);
  if (rest > 2) four = v128.load32_lane(values, four, 2, 8);
  low = f64x2.add(low, f64x2.promote_low_f32x4(four));
  high = f64x2.add(high, f64x2.promote_low_f32x4(i32x4.shuffle(four, four, 2, 3, 2, 3)));
  return (
    f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1) + (f64x2.extract_lane(high, 0) + f64x2.extract_lane(high, 1))
  );
}

/** Pairs of whole numbers: round(gradient · scale), round(curvature · scale), ties to even. */
export function quantise(
  gradient: usize,
  curvature: usize,
  count: usize,
  gradientScale: f64,
  curvatureScale: f64,
  into: usize,
): void {
  const scales = f64x2(gradientScale, curvatureScale);
  const end = gradient + (count << 2);
  for (; gradient < end; gradient += 4, curvature += 4, into += 8) {
    const pair = v128.load32_lane(curvature, v128.load32_zero(gradient), 1);
    const scaled = f64x2.nearest(f64x2.mul(f64x2.promote_low_f32x4(pair), scales));
    v128.store64_lane(into, i32x4.trunc_sat_f64x2_s_zero(scaled), 0);
  }
}

/** Sums of pairs over rows, as doubles. */
export function sumPairs(pairs: usize, rows: usize, count: usize, into: usize): void {
  let sums = i64x2(0, 0);
  for (let i: usize = 0; i < count; i++) {
    const row = rows == 0 ? i : <usize>load<u32>(rows + (i << 2));
    sums = i64x2.add(sums, v128.load32x2_s(pairs + (row << 3)));
  }
  store<f64>(into, <f64>i64x2.extract_lane(sums, 0));
  store<f64>(into, <f64>i64x2.extract_lane(sums, 1), 8);
}

/** Every row is written to both sides, and one of the two ends moves on: no branch to guess wrong. */
export function part(
  bins: usize,
  stride: usize,
  flags: usize,
  rows: usize,
  first: usize,
  count: usize,
  left: usize,
  right: usize,
): i32 {
  const start = left;
  if (rows == 0) {
    bins += first * stride;
    const end = first + count;
    for (let row = first; row < end; row++, bins += stride) {
      const step = <usize>load<u8>(flags + <usize>load<u8>(bins)) << 2;
      store<u32>(left, <u32>row);
      store<u32>(right, <u32>row);
      left += step;
      right += 4 - step;
    }
  } else {
    const end = rows + (count << 2);
    for (; rows < end; rows += 4) {
      const row = load<u32>(rows);
      const step = <usize>load<u8>(flags + <usize>load<u8>(bins + <usize>row * stride)) << 2;
      store<u32>(left, row);
      store<u32>(right, row);
      left += step;
      right += 4 - step;
    }
  }
  return <i32>((left - start) >> 2);
}

export function scatter(rows: usize, count: usize, into: usize, value: i32): void {
  const end = rows + (count << 2);
  for (; rows < end; rows += 4) store<i32>(into + (<usize>load<u32>(rows) << 2), value);
}

@inline
function step(edges: usize, bin: usize, value: f64, by: usize): usize {
  return bin + <usize>(load<f64>(edges + ((bin + by - 1) << 3)) < value) * by;
}

/** Edges are followed by infinities up to 255 of them, so that every search takes the same eight steps. */
export function bin(
  values: usize,
  count: usize,
  edges: usize,
  edgeCount: usize,
  into: usize,
  spread: usize,
  stride: usize,
): void {
  const end = values + (count << 3);
  for (; values < end; values += 8, into++, spread += stride) {
    const value = load<f64>(values);
    let found: usize = 0;
    found = step(edges, found, value, 128);
    found = step(edges, found, value, 64);
    found = step(edges, found, value, 32);
    found = step(edges, found, value, 16);
    found = step(edges, found, value, 8);
    found = step(edges, found, value, 4);
    found = step(edges, found, value, 2);
    found = step(edges, found, value, 1);
    // NaN is above no edge and stays in bin 0 until here.
    const bin = <u8>(found + <usize>(value != value) * (edgeCount + 1));
    store<u8>(into, bin);
    store<u8>(spread, bin);
  }
}
