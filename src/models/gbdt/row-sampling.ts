// Which rows each tree learns from: all, a share drawn at random, or those the forest still gets most wrong.
import type { Random } from '../../core/random.ts';
import type { Slopes } from './objectives/objective.ts';
import type { RowSampling } from './settings.ts';

/** Draws the rows of a round, rising, and weighs slopes up where some stand for others. All rows when `undefined`. */
export type RowSampler = (slopes: readonly Slopes[], round: number) => Int32Array | undefined;

/** @param among rows that may be drawn, rising; all `rows` when absent */
export function rowSampler(
  sampling: RowSampling | undefined,
  { among, rows, draw }: { among: Int32Array | undefined; rows: number; draw: Random },
): RowSampler {
  const pool = among ?? Int32Array.from({ length: rows }, (_, row) => row);
  if (sampling?.kind === 'gradient') return (slopes) => drawByGradient(pool, slopes, { ...sampling, draw });
  if (!sampling || sampling.share >= 1) return () => among;
  let drawn = pool;
  return (_slopes, round) => {
    if (round % sampling.every === 0) drawn = drawShare(pool, sampling.share, draw);
    return drawn;
  };
}

/** Each row with the same chance; at least one. */
function drawShare(pool: Int32Array, share: number, draw: Random): Int32Array {
  const drawn = new Int32Array(pool.length);
  let count = 0;
  for (let i = 0; i < pool.length; i++) if (draw.uniform() < share) drawn[count++] = pool[i];
  return count > 0 ? drawn.slice(0, count) : pool.slice(0, 1);
}

/**
 * Gradient-based one-side sampling: the `top` share of rows by |gradient|, and of the rest so many drawn at random that
 * they are the `other` share of all, counted (1 − top) / other times.
 *
 * @see Ke et al. 2017, LightGBM: A highly efficient gradient boosting decision tree, algorithm 2
 */
function drawByGradient(
  pool: Int32Array,
  slopes: readonly Slopes[],
  { top, other, draw }: { top: number; other: number; draw: Random },
): Int32Array {
  const size = new Float64Array(pool.length);
  for (const { gradient } of slopes) {
    for (let i = 0; i < pool.length; i++) size[i] += Math.abs(gradient[pool[i]]);
  }
  const sorted = size.slice().sort();
  const bar = sorted[Math.max(0, Math.floor((1 - top) * pool.length))] ?? Number.POSITIVE_INFINITY;
  const chance = other / (1 - top);
  const drawn = new Int32Array(pool.length);
  let count = 0;
  for (let i = 0; i < pool.length; i++) {
    const row = pool[i];
    if (size[i] >= bar && size[i] > 0) {
      drawn[count++] = row;
    } else if (draw.uniform() < chance) {
      drawn[count++] = row;
      for (const { gradient, curvature } of slopes) {
        gradient[row] /= chance;
        curvature[row] /= chance;
      }
    }
  }
  return count > 0 ? drawn.slice(0, count) : pool.slice(0, 1);
}

/** Slopes of rows that were not drawn become zero. */
export function silenceOthers(slopes: readonly Slopes[], drawn: Int32Array): void {
  for (const { gradient, curvature } of slopes) {
    let next = 0;
    for (let row = 0; row < gradient.length; row++) {
      if (drawn[next] === row) next++;
      else {
        gradient[row] = 0;
        curvature[row] = 0;
      }
    }
  }
}
