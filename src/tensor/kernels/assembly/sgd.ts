// Stochastic gradient descent with momentum, plain or Nesterov's, in one pass.
import { put, take, wholeEnd } from './lanes.ts';

/**
 * g = gradient · gradientScale + decay · value
 * velocity = momentum · velocity + g
 * value −= rate · (nesterov ? g + momentum · velocity : velocity)
 */
export function sgd(
  value: usize,
  gradient: usize,
  velocity: usize,
  count: usize,
  gradientScale: f32,
  decay: f32,
  momentum: f32,
  rate: f32,
  nesterov: bool,
): void {
  const whole = wholeEnd(value, count);
  const end = value + (count << 2);
  for (; value < whole; value += 16, gradient += 16, velocity += 16) {
    move(value, gradient, velocity, gradientScale, decay, momentum, rate, nesterov, true);
  }
  for (; value < end; value += 4, gradient += 4, velocity += 4) {
    move(value, gradient, velocity, gradientScale, decay, momentum, rate, nesterov, false);
  }
}

@inline
function move(
  value: usize,
  gradient: usize,
  velocity: usize,
  gradientScale: f32,
  decay: f32,
  momentum: f32,
  rate: f32,
  nesterov: bool,
  four: bool,
): void {
  const before = take(value, four);
  const g = f32x4.add(
    f32x4.mul(take(gradient, four), f32x4.splat(gradientScale)),
    f32x4.mul(f32x4.splat(decay), before),
  );
  const speed = f32x4.add(f32x4.mul(f32x4.splat(momentum), take(velocity, four)), g);
  const way = nesterov ? f32x4.add(g, f32x4.mul(f32x4.splat(momentum), speed)) : speed;
  put(velocity, speed, four);
  put(value, f32x4.sub(before, f32x4.mul(f32x4.splat(rate), way)), four);
}
