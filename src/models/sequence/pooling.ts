// Opinions of several recommenders about one row as one: averaged, or multiplied by how much each is to be heard.
import { logSumExp } from './softmax-row.ts';

/**
 * `mean`: Σ weight · p, somebody's favourite stays a favourite. `product`: Π p ^ weight, what nobody thinks unlikely wins:
 * usually the better ranking, of no probability. See Genest and Zidek 1986, "Combining probability distributions".
 */
export type Pool = 'mean' | 'product';

/** How a member speaks. */
export interface Voice {
  /** Its share of a mean, all adding up to 1; its exponent in a product. */
  readonly weight: number;
  /** By which its scores are divided before the softmax. */
  readonly temperature: number;
}

/** No item is less likely to a member than this share of an even guess: no product is lost to one member's never. */
const LEAST_OF_EVEN = 0.01;

/** What a member thinks of every item, as log probabilities down to a floor, [items]; even where it says nothing. */
export function flooredLogs(scores: Float32Array, temperature: number, into: Float32Array): void {
  const total = logSumExp(scores, temperature);
  const floor = Math.log(LEAST_OF_EVEN / scores.length);
  if (total === Number.NEGATIVE_INFINITY) {
    into.fill(-Math.log(scores.length));
    return;
  }
  const scale = 1 / temperature;
  for (let i = 0; i < scores.length; i++) into[i] = Math.max(floor, scores[i] * scale - total);
}

/** Rows of cases as every member sees them, and the item that came: what weights of a product are learned from. */
export interface PooledCases {
  /** Log probabilities of each member, [cases, items]. */
  readonly logs: readonly Float32Array[];
  readonly items: number;
  /** [cases] */
  readonly targets: ArrayLike<number>;
}

/** Mean over cases of 1 / log2(1 + place of what came): how well a product ranks. Equals stand before what came. */
export function productGain({ logs, items, targets }: PooledCases, weights: readonly number[]): number {
  const row = new Float64Array(items);
  let gain = 0;
  for (let c = 0; c < targets.length; c++) {
    row.fill(0);
    for (let m = 0; m < logs.length; m++) {
      const weight = weights[m];
      if (weight === 0) continue;
      const own = logs[m];
      for (let i = 0, at = c * items; i < items; i++, at++) row[i] += weight * own[at];
    }
    gain += gainOf(row, targets[c]);
  }
  return gain / Math.max(1, targets.length);
}

/** The same of a mean of the distributions the logs are of. */
export function meanGain({ logs, items, targets }: PooledCases, weights: readonly number[]): number {
  const row = new Float64Array(items);
  let gain = 0;
  for (let c = 0; c < targets.length; c++) {
    row.fill(0);
    for (let m = 0; m < logs.length; m++) {
      const own = logs[m];
      for (let i = 0, at = c * items; i < items; i++, at++) row[i] += weights[m] * Math.exp(own[at]);
    }
    gain += gainOf(row, targets[c]);
  }
  return gain / Math.max(1, targets.length);
}

function gainOf(row: Float64Array, target: number): number {
  const own = row[target];
  let place = 0;
  for (let i = 0; i < row.length; i++) if (row[i] >= own) place++;
  return 1 / Math.log2(1 + place);
}

/** Factors tried of one weight; 0 leaves a member out. */
const FACTORS = [0, 0.5, 0.8, 1.25, 2] as const;
const ROUNDS = 6;
/** Of a weight that was 0. */
const COME_BACK = 0.25;

/**
 * Exponents that rank the cases best, found weight by weight: from all alike, each is tried smaller and larger until none
 * is better otherwise. The largest is 1: only their ratios rank.
 */
export function productWeights(cases: PooledCases): {
  readonly weights: readonly number[];
  readonly gain: number;
} {
  let weights: readonly number[] = cases.logs.map(() => 1);
  let gain = productGain(cases, weights);
  for (let round = 0; round < ROUNDS; round++) {
    const before = gain;
    for (let m = 0; m < weights.length; m++) {
      for (const factor of FACTORS) {
        const tried = weights.with(m, weights[m] === 0 ? COME_BACK * factor : weights[m] * factor);
        if (tried.every((weight) => weight === 0)) continue;
        const own = productGain(cases, tried);
        if (own > gain) [weights, gain] = [tried, own];
      }
    }
    if (gain === before) break;
  }
  const most = Math.max(...weights);
  return { weights: weights.map((weight) => weight / most), gain };
}
