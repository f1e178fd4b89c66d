// Integrated gradients: what each input is worth to an answer, by the slopes met on the straight way to it from nothing.
import { throwIfAborted } from '../../../core/errors.ts';

/** Numbers that move along the way, by name: at one of its points, or at all of a batch, point after point. */
export type Moving = Readonly<Record<string, Float32Array>>;

/** What a network says at each point of a batch. */
export interface Heard {
  /** [points] */
  readonly answers: ArrayLike<number>;
  /** Of each answer by its own inputs, [points, …] as they were fed; absent where it rests on none. */
  readonly slopes: Readonly<Record<string, ArrayLike<number> | undefined>>;
}

export interface Way {
  /** Where nothing is known. */
  readonly from: Moving;
  /** What is to be explained; the same names and lengths. */
  readonly to: Moving;
  /** Points asked at once. */
  readonly points: number;
  readonly ask: (batch: Moving) => Promise<Heard>;
  readonly signal?: AbortSignal;
}

export interface Integrated {
  /** The answer at `from`. */
  readonly base: number;
  /** The answer at `to`. */
  readonly answer: number;
  /** What each number of `to` is worth, by name: they add up to `answer − base`, but for `unexplained`. */
  readonly worth: Readonly<Record<string, Float64Array>>;
  /** Mean slope of each number along the way. */
  readonly slope: Readonly<Record<string, Float64Array>>;
  /** `answer − base − Σ worth`: what is left of the error of a sum in place of an integral. */
  readonly unexplained: number;
  readonly steps: number;
}

/** Fewer miss bends of the way, more are for those that have any. */
export const LEAST_STEPS = 32;
const MOST_STEPS = 1024;
/** A sum is good enough when it misses less than this share of the difference, and of a difference of .1 where that is more. */
export const MISSED_SHARE = 0.01;
const SMALL = 0.1;

/**
 * worth_i = (to_i − from_i) · mean over the way of ∂answer/∂i, by the midpoint rule: 32 steps, and twice as many again
 * until they add up or there are 1024.
 *
 * @see Sundararajan, Taly and Yan 2017, eq. 1 and 3, arXiv:1703.01365
 * @throws AppError INTERRUPTED
 */
export async function integrateGradients(way: Way): Promise<Integrated> {
  const { answers } = await way.ask(batchOf(way, [0, 1]));
  const [base, answer] = [answers[0], answers[1]];
  for (let steps = LEAST_STEPS; ; steps *= 2) {
    const slope = await meanSlopes(way, steps);
    const worth = Object.fromEntries(
      Object.entries(slope).map(([name, mean]) => [
        name,
        mean.map((value, i) => value * (way.to[name][i] - way.from[name][i])),
      ]),
    );
    let sum = 0;
    for (const values of Object.values(worth)) for (const value of values) sum += value;
    const unexplained = answer - base - sum;
    if (
      Math.abs(unexplained) <= MISSED_SHARE * Math.max(SMALL, Math.abs(answer - base)) ||
      steps >= MOST_STEPS
    )
      return { base, answer, worth, slope, unexplained, steps };
  }
}

async function meanSlopes(way: Way, steps: number): Promise<Record<string, Float64Array>> {
  const { to, points, ask, signal } = way;
  const mean = Object.fromEntries(
    Object.entries(to).map(([name, { length }]) => [name, new Float64Array(length)]),
  );
  for (let first = 0; first < steps; first += points) {
    throwIfAborted(signal);
    const count = Math.min(points, steps - first);
    const shares = Array.from({ length: count }, (_, k) => (first + k + 0.5) / steps);
    const { slopes } = await ask(batchOf(way, shares));
    for (const [name, sum] of Object.entries(mean)) {
      const own = slopes[name];
      if (!own) continue;
      for (let k = 0; k < count; k++)
        for (let i = 0; i < sum.length; i++) sum[i] += own[k * sum.length + i] / steps;
    }
  }
  return mean;
}

/** Points at these shares of the way; those a batch has beyond them stand at its beginning. */
function batchOf({ from, to, points }: Way, shares: readonly number[]): Moving {
  return Object.fromEntries(
    Object.entries(to).map(([name, end]) => {
      const start = from[name];
      const batch = new Float32Array(points * end.length);
      for (let k = 0; k < points; k++) {
        const share = shares[k] ?? 0;
        for (let i = 0; i < end.length; i++)
          batch[k * end.length + i] = start[i] + share * (end[i] - start[i]);
      }
      return [name, batch];
    }),
  );
}
