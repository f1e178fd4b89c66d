// The benchmark's own sums: whose labels are kept, how far answers lie from the truth, and what repeated draws come to.
import { random } from '../../src/core/random.ts';

/** Rows of a share of the customers, drawn by number; at least one customer, all rows of each. */
export function rowsOfSome(
  entities: readonly string[],
  share: number,
  stream: string,
  seed: number,
): number[] {
  const customers = [...new Set(entities)].sort();
  const wanted = Math.max(1, Math.round(share * customers.length));
  const draws = random(seed).fork(stream);
  // The first places of a shuffle, no more of it than is needed.
  for (let i = 0; i < wanted; i++) {
    const j = i + draws.integer(customers.length - i);
    [customers[i], customers[j]] = [customers[j], customers[i]];
  }
  const kept = new Set(customers.slice(0, wanted));
  return Array.from(entities.keys()).filter((row) => kept.has(entities[row]));
}

export interface Distance {
  /** Mean absolute difference from the true probability or amount. */
  readonly mean_absolute: number;
  /** Root of the mean squared difference, which the best possible observer makes as small as it can be. */
  readonly root_mean_square: number;
}

export function distanceTo(truth: Float64Array, said: Float64Array): Distance {
  let [absolute, squared] = [0, 0];
  for (let row = 0; row < truth.length; row++) {
    const off = said[row] - truth[row];
    absolute += Math.abs(off);
    squared += off * off;
  }
  return {
    mean_absolute: absolute / truth.length,
    root_mean_square: Math.sqrt(squared / truth.length),
  };
}

/** 1 where nothing is left of a distance, 0 where all of it is, below 0 where it has grown. */
export const shareClosed = (before: number, after: number): number => 1 - after / before;

export interface Spread {
  readonly mean: number;
  /** Of one draw, with n − 1; NaN of a single one. */
  readonly standard_deviation: number;
  readonly lowest: number;
  readonly highest: number;
  readonly draws: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const draws = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / draws;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    mean,
    standard_deviation: draws > 1 ? Math.sqrt(squares / (draws - 1)) : Number.NaN,
    lowest: Math.min(...values),
    highest: Math.max(...values),
    draws,
  };
}
