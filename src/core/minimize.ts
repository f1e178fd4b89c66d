// Smooth minimisation: L-BFGS with a strong Wolfe line search, as one resumable loop.
import { invariant, throwIfAborted } from './errors.ts';

/** Value at `point`; writes the gradient there into `gradient`. Both have the length of the start. */
export type Objective = (point: Float64Array, gradient: Float64Array) => number;

export interface MinimizeOptions {
  /** Stop when the largest |∂value/∂x|, relative to max(1, |value|), is at most this. Default 1e-8. */
  readonly gradientTolerance?: number;
  /** Stop when an iteration improves the value by less than this share of max(1, |value|). Default 1e-13. */
  readonly valueTolerance?: number;
  /** Default 500. */
  readonly maxIterations?: number;
  /** How many past steps shape the curvature. Default 10. */
  readonly memory?: number;
  /** Checked before every evaluation. */
  readonly signal?: AbortSignal;
}

export interface Minimum {
  readonly point: Float64Array;
  readonly value: number;
  /** Gradient at `point`. */
  readonly gradient: Float64Array;
  readonly iterations: number;
  readonly evaluations: number;
  /** False when it stopped at `maxIterations` or could not go further down with a gradient still large. */
  readonly converged: boolean;
}

/** Where the minimiser stands after an iteration. */
export interface Iterate {
  readonly iteration: number;
  readonly value: number;
}

/**
 * Minimises a smooth function without bounds.
 *
 * Values that are not finite count as +∞: the line search steps back from them, so an objective may refuse a region.
 *
 * @throws AppError INTERRUPTED when the signal fires
 * @throws Error when the objective is not finite at the start
 * @see Nocedal and Wright 2006, Numerical Optimization, algorithms 7.4, 7.5, 3.5 and 3.6
 */
export function minimize(
  objective: Objective,
  start: ArrayLike<number>,
  options: MinimizeOptions = {},
): Minimum {
  const steps = minimizing(objective, start, options);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** As `minimize`, awaiting `pause` after every iteration: there a caller lets signals in and reports progress. */
export async function minimizeWithPauses(
  objective: Objective,
  start: ArrayLike<number>,
  pause: (iterate: Iterate) => Promise<void>,
  options: MinimizeOptions = {},
): Promise<Minimum> {
  const steps = minimizing(objective, start, options);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await pause(step.value);
  }
}

/** The loop itself: yields after every iteration, returns the minimum. */
export function* minimizing(
  objective: Objective,
  start: ArrayLike<number>,
  options: MinimizeOptions = {},
): Generator<Iterate, Minimum> {
  const { gradientTolerance = 1e-8, valueTolerance = 1e-13, maxIterations = 500, memory = 10 } = options;
  let evaluations = 0;
  const evaluate = (point: Float64Array): Place => {
    throwIfAborted(options.signal);
    evaluations++;
    const gradient = new Float64Array(point.length);
    const value = objective(point, gradient);
    const sound = Number.isFinite(value) && gradient.every(Number.isFinite);
    return { point, gradient, value: sound ? value : Number.POSITIVE_INFINITY };
  };

  let here = evaluate(Float64Array.from(start));
  invariant(Number.isFinite(here.value), 'the objective is finite, with a finite gradient, at the start');
  const isFlat = () => largest(here.gradient) <= gradientTolerance * Math.max(1, Math.abs(here.value));
  let past: Step[] = [];
  let iteration = 0;
  let converged = isFlat();
  while (!converged && iteration < maxIterations) {
    let direction = quasiNewtonDirection(here.gradient, past);
    if (!(dot(direction, here.gradient) < 0)) {
      past = [];
      direction = here.gradient.map((slope) => -slope);
    }
    // Without curvature yet, a first step of length at most one; afterwards the quasi-Newton step itself.
    const firstTry = past.length > 0 ? 1 : Math.min(1, 1 / Math.sqrt(dot(direction, direction)));
    const next = searchLine(evaluate, here, direction, firstTry);
    if (!next) {
      if (past.length === 0) break;
      past = [];
      continue;
    }
    iteration++;
    const moved = subtract(next.point, here.point);
    const turned = subtract(next.gradient, here.gradient);
    const curvature = dot(moved, turned);
    if (curvature > 1e-14 * dot(turned, turned)) {
      past.push({ moved, turned, curvature });
      if (past.length > memory) past.shift();
    }
    const gained = here.value - next.value;
    here = next;
    converged = isFlat() || gained <= valueTolerance * Math.max(1, Math.abs(here.value));
    yield { iteration, value: here.value };
  }
  // A search that finds nothing lower has reached rounding error: fine where the gradient is nearly flat.
  converged ||= largest(here.gradient) <= 1e4 * gradientTolerance * Math.max(1, Math.abs(here.value));
  return { ...here, iterations: iteration, evaluations, converged };
}

/** Turns a plain function into an `Objective` by central differences: two evaluations a parameter, error about 1e-10. */
export function withNumericGradient(value: (point: Float64Array) => number): Objective {
  return (point, gradient) => {
    const probe = Float64Array.from(point);
    for (let i = 0; i < point.length; i++) {
      const step = 6e-6 * Math.max(1, Math.abs(point[i]));
      probe[i] = point[i] + step;
      const above = value(probe);
      probe[i] = point[i] - step;
      gradient[i] = (above - value(probe)) / (2 * step);
      probe[i] = point[i];
    }
    return value(point);
  };
}

interface Place {
  readonly point: Float64Array;
  readonly gradient: Float64Array;
  readonly value: number;
}

interface Step {
  readonly moved: Float64Array;
  readonly turned: Float64Array;
  readonly curvature: number;
}

/** −H·gradient, H the inverse Hessian as the past steps imply it (two-loop recursion). */
function quasiNewtonDirection(gradient: Float64Array, past: readonly Step[]): Float64Array {
  const direction = gradient.map((slope) => -slope);
  const shares = new Float64Array(past.length);
  for (let i = past.length - 1; i >= 0; i--) {
    shares[i] = dot(past[i].moved, direction) / past[i].curvature;
    addScaled(direction, past[i].turned, -shares[i]);
  }
  const latest = past.at(-1);
  if (latest) {
    const scale = latest.curvature / dot(latest.turned, latest.turned);
    for (let i = 0; i < direction.length; i++) direction[i] *= scale;
  }
  for (let i = 0; i < past.length; i++) {
    addScaled(direction, past[i].moved, shares[i] - dot(past[i].turned, direction) / past[i].curvature);
  }
  return direction;
}

const SUFFICIENT_DECREASE = 1e-4;
const CURVATURE = 0.9;

/** A place along `direction` that meets the strong Wolfe conditions; `undefined` when rounding hides every descent. */
function searchLine(
  evaluate: (point: Float64Array) => Place,
  from: Place,
  direction: Float64Array,
  firstTry: number,
): Place | undefined {
  const slopeAtStart = dot(from.gradient, direction);
  const at = (length: number): Probe => {
    const point = Float64Array.from(from.point);
    addScaled(point, direction, length);
    const place = evaluate(point);
    return { length, place, value: place.value, slope: dot(place.gradient, direction) };
  };
  // Near the minimum values differ by rounding only: there a slope that shrank says more than the value (Hager, Zhang 2005).
  const blur = 1e-14 * Math.max(1, Math.abs(from.value));
  const isLowEnough = (probe: Probe) =>
    probe.value <= from.value + SUFFICIENT_DECREASE * probe.length * slopeAtStart ||
    (probe.value <= from.value + blur && probe.slope <= (2 * SUFFICIENT_DECREASE - 1) * slopeAtStart);
  const isFlatEnough = (probe: Probe) => Math.abs(probe.slope) <= -CURVATURE * slopeAtStart;

  let last: Probe = { length: 0, place: from, value: from.value, slope: slopeAtStart };
  let length = firstTry;
  for (let tries = 0; tries < 40; tries++) {
    const probe = at(length);
    if (!isLowEnough(probe) || (tries > 0 && probe.value > last.value + blur)) return zoom(last, probe);
    if (isFlatEnough(probe)) return probe.place;
    if (probe.slope >= 0) return zoom(probe, last);
    last = probe;
    length *= 2.5;
  }
  return last.place;

  /** Narrows the bracket between `low`, the lowest good end, and `high`. */
  function zoom(low: Probe, high: Probe): Place | undefined {
    for (let tries = 0; tries < 50; tries++) {
      const probe = at(between(low, high));
      if (!isLowEnough(probe) || probe.value > low.value + blur) {
        high = probe;
      } else {
        if (isFlatEnough(probe)) return probe.place;
        if (probe.slope * (high.length - low.length) >= 0) high = low;
        low = probe;
      }
      if (Math.abs(high.length - low.length) <= 1e-15 * Math.max(low.length, high.length)) break;
    }
    return low.length > 0 && low.value <= from.value ? low.place : undefined;
  }
}

interface Probe {
  readonly length: number;
  readonly place: Place;
  readonly value: number;
  readonly slope: number;
}

/** Minimum of the cubic through two probes, kept a tenth of the bracket away from its ends. */
function between(low: Probe, high: Probe): number {
  const width = high.length - low.length;
  const middle = low.length + width / 2;
  if (!Number.isFinite(high.value)) return low.length + width / 10;
  const d1 = low.slope + high.slope - (3 * (low.value - high.value)) / (low.length - high.length);
  const root = d1 * d1 - low.slope * high.slope;
  if (!(root >= 0)) return middle;
  const d2 = Math.sign(width) * Math.sqrt(root);
  const cubic = high.length - width * ((high.slope + d2 - d1) / (high.slope - low.slope + 2 * d2));
  const share = (cubic - low.length) / width;
  return share >= 0.1 && share <= 0.9 ? cubic : share < 0.1 ? low.length + width / 10 : middle;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function subtract(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value - b[i]);
}

function addScaled(to: Float64Array, what: Float64Array, scale: number): void {
  for (let i = 0; i < to.length; i++) to[i] += scale * what[i];
}

function largest(values: Float64Array): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]));
  return most;
}
