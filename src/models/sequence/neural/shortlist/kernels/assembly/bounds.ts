// Lower bounds of products of one state with all items, both in whole numbers; and the items that may be among the best.

/**
 * into[i] = scale[i] · (step · Σ item[i]·state − slack) + offset[i]
 *
 * @param item   i8 [items, width]
 * @param state  i16 [width]
 * @param width  a multiple of 16
 */
export function bounds(
  item: usize, items: i32, state: usize, width: usize,
  scale: usize, offset: usize, into: usize, step: f32, slack: f32,
): void {
  for (const end = item + <usize>items * width; item < end; ) {
    let sum = i32x4.splat(0);
    for (let j: usize = 0; j < width; j += 16) {
      const whole = v128.load(item + j);
      const at = state + (j << 1);
      sum = i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(whole), v128.load(at)));
      sum = i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(whole), v128.load(at, 16)));
    }
    item += width;
    const total =
      i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) +
      i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3);
    store<f32>(into, load<f32>(scale) * (step * <f32>total - slack) + load<f32>(offset));
    scale += 4;
    offset += 4;
    into += 4;
  }
}

/**
 * Places of the items whose upper bound, lower[i] + room · scale[i], reaches the threshold.
 *
 * @param items a multiple of 4
 * @returns how many were written to `into`, i32 each
 */
export function reaching(lower: usize, scale: usize, items: i32, room: f32, threshold: f32, into: usize): i32 {
  const first = into;
  const rooms = f32x4.splat(room);
  const bar = f32x4.splat(threshold);
  for (let at = 0; at < items; at += 4) {
    const upper = f32x4.add(v128.load(lower), f32x4.mul(rooms, v128.load(scale)));
    let mask = i32x4.bitmask(f32x4.ge(upper, bar));
    for (let lane = 0; mask != 0; lane++, mask >>= 1) {
      if (!(mask & 1)) continue;
      store<i32>(into, at + lane);
      into += 4;
    }
    lower += 16;
    scale += 16;
  }
  return <i32>((into - first) >> 2);
}
