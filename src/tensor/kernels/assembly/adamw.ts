// AdamW in one pass: gradient, both moments and the value are read once, moments and value written once.
import { put, take, wholeEnd } from './lanes.ts';

/**
 * g = gradient · gradientScale
 * m = beta1 · m + rest1 · g
 * v = beta2 · v + rest2 · g²
 * value = keep · value − stepSize · m / (√v · correction + epsilon)
 */
export function adamw(
  value: usize,
  gradient: usize,
  m: usize,
  v: usize,
  count: usize,
  gradientScale: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  epsilon: f32,
  stepSize: f32,
  correction: f32,
  keep: f32,
): void {
  const whole = wholeEnd(value, count);
  const end = value + (count << 2);
  for (; value < whole; value += 16, gradient += 16, m += 16, v += 16) {
    move(value, gradient, m, v, gradientScale, beta1, rest1, beta2, rest2, epsilon, stepSize, correction, keep, true);
  }
  for (; value < end; value += 4, gradient += 4, m += 4, v += 4) {
    move(value, gradient, m, v, gradientScale, beta1, rest1, beta2, rest2, epsilon, stepSize, correction, keep, false);
  }
}

/** AdamW, and the running average of the value in the same pass: average += averageRate · (value − average). */
export function adamwAveraged(
  value: usize,
  gradient: usize,
  m: usize,
  v: usize,
  average: usize,
  count: usize,
  gradientScale: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  epsilon: f32,
  stepSize: f32,
  correction: f32,
  keep: f32,
  averageRate: f32,
): void {
  const whole = wholeEnd(value, count);
  const end = value + (count << 2);
  for (; value < whole; value += 16, gradient += 16, m += 16, v += 16, average += 16) {
    const moved = move(
      value, gradient, m, v, gradientScale, beta1, rest1, beta2, rest2, epsilon, stepSize, correction, keep, true,
    );
    follow(average, moved, averageRate, true);
  }
  for (; value < end; value += 4, gradient += 4, m += 4, v += 4, average += 4) {
    const moved = move(
      value, gradient, m, v, gradientScale, beta1, rest1, beta2, rest2, epsilon, stepSize, correction, keep, false,
    );
    follow(average, moved, averageRate, false);
  }
}

/**
 * AdamW on some rows of a table: row `rows[i]` takes gradient row `i`, with a step size and correction of its own
 * because each row counts its own steps. No row may come twice.
 */
export function rowAdam(
  value: usize,
  m: usize,
  v: usize,
  width: usize,
  rows: usize,
  gradient: usize,
  stepSizes: usize,
  corrections: usize,
  keep: f32,
  count: usize,
  gradientScale: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  epsilon: f32,
): void {
  const rowBytes = width << 2;
  for (let i: usize = 0; i < count; i++) {
    const offset = <usize>load<u32>(rows + (i << 2)) * rowBytes;
    adamw(
      value + offset, gradient + i * rowBytes, m + offset, v + offset, width,
      gradientScale, beta1, rest1, beta2, rest2, epsilon,
      load<f32>(stepSizes + (i << 2)), load<f32>(corrections + (i << 2)), keep,
    );
  }
}

@inline
function move(
  value: usize,
  gradient: usize,
  m: usize,
  v: usize,
  gradientScale: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  epsilon: f32,
  stepSize: f32,
  correction: f32,
  keep: f32,
  four: bool,
): v128 {
  const g = f32x4.mul(take(gradient, four), f32x4.splat(gradientScale));
  const first = f32x4.add(
    f32x4.mul(f32x4.splat(beta1), take(m, four)),
    f32x4.mul(f32x4.splat(rest1), g),
  );
  const second = f32x4.add(
    f32x4.mul(f32x4.splat(beta2), take(v, four)),
    f32x4.mul(f32x4.splat(rest2), f32x4.mul(g, g)),
  );
  const spread = f32x4.add(f32x4.mul(f32x4.sqrt(second), f32x4.splat(correction)), f32x4.splat(epsilon));
  const moved = f32x4.sub(
    f32x4.mul(f32x4.splat(keep), take(value, four)),
    f32x4.div(f32x4.mul(f32x4.splat(stepSize), first), spread),
  );
  put(m, first, four);
  put(v, second, four);
  put(value, moved, four);
  return moved;
}

@inline
function follow(average: usize, value: v128, averageRate: f32, four: bool): void {
  const before = take(average, four);
  put(average, f32x4.add(before, f32x4.mul(f32x4.splat(averageRate), f32x4.sub(value, before))), four);
}
