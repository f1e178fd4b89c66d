// L-BFGS for convex sums that are worked out elsewhere: values and gradients are awaited.
import { pause } from '../../core/pause.ts';

/** Value at `point`, with the gradient written into `gradient`. */
export type AwaitedObjective = (point: Float64Array, gradient: Float64Array) => Promise<number>;

export interface DescentOptions {
  /** Stops when an iteration gains less than this share of the value. */
  readonly tolerance: number;
  readonly maxIterations: number;
  readonly signal?: AbortSignal;
  readonly onIteration?: (iteration: number) => void;
}

const MEMORY = 12;
const ENOUGH = 1e-4;
const TRIES = 30;

interface Step {
  readonly moved: Float64Array;
  readonly turned: Float64Array;
  readonly curvature: number;
}

/**
 * The minimum of a strictly convex function. There any step that goes down has positive curvature, so halving until the value
 * falls is all the line search there is: nearly always one evaluation an iteration, and evaluations are what costs.
 *
 * @see Nocedal and Wright 2006, algorithms 7.4 and 3.1
 */
export async function descend(
  objective: AwaitedObjective,
  start: Float64Array,
  options: DescentOptions,
): Promise<{ readonly point: Float64Array; readonly value: number; readonly iterations: number }> {
  let point: Float64Array = Float64Array.from(start);
  let gradient: Float64Array = new Float64Array(point.length);
  let value = await objective(point, gradient);
  const past: Step[] = [];
  let iteration = 0;
  while (iteration < options.maxIterations) {
    await pause(options.signal);
    const direction = quasiNewton(gradient, past);
    const slope = dot(direction, gradient);
    if (!(slope < 0)) break;
    let length = past.length > 0 ? 1 : 1 / Math.max(1, Math.sqrt(dot(gradient, gradient)));
    let next: { point: Float64Array; gradient: Float64Array; value: number } | undefined;
    for (let tries = 0; tries < TRIES && !next; tries++, length /= 2) {
      const there = point.map((own, i) => own + length * direction[i]);
      const turned = new Float64Array(point.length);
      const found = await objective(there, turned);
      if (found <= value + ENOUGH * length * slope) next = { point: there, gradient: turned, value: found };
    }
    if (!next) break;
    iteration++;
    options.onIteration?.(iteration);
    const moved = next.point.map((own, i) => own - point[i]);
    const turned = next.gradient.map((own, i) => own - gradient[i]);
    const curvature = dot(moved, turned);
    // Sums in float32 can hide the curvature of a tiny step.
    if (curvature > 1e-12 * dot(turned, turned)) past.push({ moved, turned, curvature });
    if (past.length > MEMORY) past.shift();
    const gained = value - next.value;
    ({ point, gradient, value } = next);
    if (gained <= options.tolerance * Math.max(1, Math.abs(value))) break;
  }
  return { point, value, iterations: iteration };
}

/** −H·gradient by the two-loop recursion. */
function quasiNewton(gradient: Float64Array, past: readonly Step[]): Float64Array {
  const direction = gradient.map((slope) => -slope);
  const shares = new Float64Array(past.length);
  for (let k = past.length - 1; k >= 0; k--) {
    shares[k] = dot(past[k].moved, direction) / past[k].curvature;
    addScaled(direction, past[k].turned, -shares[k]);
  }
  const latest = past.at(-1);
  if (latest) {
    const scale = latest.curvature / dot(latest.turned, latest.turned);
    for (let i = 0; i < direction.length; i++) direction[i] *= scale;
  }
  past.forEach((step, k) => {
    addScaled(direction, step.moved, shares[k] - dot(step.turned, direction) / step.curvature);
  });
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function addScaled(to: Float64Array, what: Float64Array, scale: number): void {
  for (let i = 0; i < to.length; i++) to[i] += scale * what[i];
}
