// Adagrad in one pass: each weight's rate falls with the sum of its squared gradients.
import { put, take, wholeEnd } from './lanes.ts';

/**
 * g = gradient · gradientScale + decay · value
 * squares += g²
 * value −= rate · g / (√squares + epsilon)
 */
export function adagrad(
  value: usize,
  gradient: usize,
  squares: usize,
  count: usize,
  gradientScale: f32,
  decay: f32,
  epsilon: f32,
  rate: f32,
): void {
  const whole = wholeEnd(value, count);
  const end = value + (count << 2);
  for (; value < whole; value += 16, gradient += 16, squares += 16) {
    move(value, gradient, squares, gradientScale, decay, epsilon, rate, true);
  }
  for (; value < end; value += 4, gradient += 4, squares += 4) {
    move(value, gradient, squares, gradientScale, decay, epsilon, rate, false);
  }
}

@inline
function move(
  value: usize,
  gradient: usize,
  squares: usize,
  gradientScale: f32,
  decay: f32,
  epsilon: f32,
  rate: f32,
  four: bool,
): void {
  const before = take(value, four);
  const g = f32x4.add(
    f32x4.mul(take(gradient, four), f32x4.splat(gradientScale)),
    f32x4.mul(f32x4.splat(decay), before),
  );
  const sum = f32x4.add(take(squares, four), f32x4.mul(g, g));
  const spread = f32x4.add(f32x4.sqrt(sum), f32x4.splat(epsilon));
  put(squares, sum, four);
  put(value, f32x4.sub(before, f32x4.div(f32x4.mul(f32x4.splat(rate), g), spread)), four);
}
