// How much each member of a stack is listened to: weights of zero or more that predict unseen customers best.
import { pause } from '../../core/pause.ts';

/** What members said about customers they had not seen, and what happened. */
export interface Opinions {
  /** One array a member: margins for probabilities and predictions for amounts, [rows]; [rows, classes] for classes. */
  readonly members: readonly Float64Array[];
  /** [rows] */
  readonly target: Float64Array;
  /** [rows] */
  readonly weight: Float64Array;
}

/** margin = intercept + Σ weights · opinion. */
export interface Mixture {
  readonly intercept: number;
  readonly weights: readonly number[];
}

/** How many examples the belief "all members alike" is worth; keeps twins from trading weights of opposite whim. */
const PRIOR_ROWS = 20;
const MAX_SWEEPS = 200;

/**
 * Logistic regression on the members' margins with weights ≥ 0, leaning towards equal ones; one Newton step a coordinate
 * until none moves.
 */
export async function mixProbabilities(opinions: Opinions, signal?: AbortSignal): Promise<Mixture> {
  const { members, target, weight } = opinions;
  const equal = 1 / members.length;
  const weights = members.map(() => equal);
  const spreads = members.map((opinion) => meanSquare(opinion, weight));
  const margin = new Float64Array(target.length);
  for (const opinion of members) for (let i = 0; i < margin.length; i++) margin[i] += equal * opinion[i];
  let intercept = 0;
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    await pause(signal);
    let largest = 0;
    for (let k = -1; k < members.length; k++) {
      const opinion = k < 0 ? undefined : members[k];
      let slope = 0;
      let bend = 1e-9;
      for (let i = 0; i < margin.length; i++) {
        const p = 1 / (1 + Math.exp(-margin[i]));
        const x = opinion ? opinion[i] : 1;
        slope += weight[i] * (p - target[i]) * x;
        bend += weight[i] * p * (1 - p) * x * x;
      }
      const held = k < 0 ? 0 : 0.25 * PRIOR_ROWS * spreads[k];
      const old = k < 0 ? intercept : weights[k];
      const free = old - (slope + held * (old - equal)) / (bend + held);
      const next = k < 0 ? free : Math.max(0, free);
      if (next === old) continue;
      for (let i = 0; i < margin.length; i++) margin[i] += (next - old) * (opinion ? opinion[i] : 1);
      if (k < 0) intercept = next;
      else weights[k] = next;
      largest = Math.max(largest, Math.abs(next - old));
    }
    if (largest < 1e-7) break;
  }
  return { intercept, weights };
}

/**
 * Weights ≥ 0 on the members' logarithms of probabilities, leaning towards equal ones; what softmax makes of the sum is
 * likeliest to have given the classes that came.
 */
export async function mixClasses(opinions: Opinions, signal?: AbortSignal): Promise<Mixture> {
  const { members, target, weight } = opinions;
  const rows = target.length;
  const classes = members[0].length / rows;
  const equal = 1 / members.length;
  const weights = members.map(() => equal);
  const margin = new Float64Array(rows * classes);
  for (const opinion of members) for (let i = 0; i < margin.length; i++) margin[i] += equal * opinion[i];
  const p = new Float64Array(classes);
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    await pause(signal);
    let largest = 0;
    for (const [k, opinion] of members.entries()) {
      let slope = 0;
      let bend = 1e-9;
      let spread = 0;
      for (let row = 0; row < rows; row++) {
        const from = row * classes;
        softmaxInto(p, margin, from);
        let [mean, square, evenMean, evenSquare] = [0, 0, 0, 0];
        for (let c = 0; c < classes; c++) {
          const x = opinion[from + c];
          mean += p[c] * x;
          square += p[c] * x * x;
          evenMean += x / classes;
          evenSquare += (x * x) / classes;
        }
        slope += weight[row] * (mean - opinion[from + target[row]]);
        bend += weight[row] * (square - mean * mean);
        spread += weight[row] * (evenSquare - evenMean * evenMean);
      }
      const held = ((1 / classes) * PRIOR_ROWS * spread) / rows;
      const next = Math.max(0, weights[k] - (slope + held * (weights[k] - equal)) / (bend + held));
      const moved = next - weights[k];
      if (moved === 0) continue;
      for (let i = 0; i < margin.length; i++) margin[i] += moved * opinion[i];
      weights[k] = next;
      largest = Math.max(largest, Math.abs(moved));
    }
    if (largest < 1e-6) break;
  }
  return { intercept: 0, weights };
}

/** Probabilities of one row of margins. */
function softmaxInto(p: Float64Array, margin: Float64Array, from: number): void {
  let top = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < p.length; c++) top = Math.max(top, margin[from + c]);
  let sum = 0;
  for (let c = 0; c < p.length; c++) {
    p[c] = Math.exp(margin[from + c] - top);
    sum += p[c];
  }
  for (let c = 0; c < p.length; c++) p[c] /= sum;
}

const AMOUNT_CAP_SHARE = 0.995;
/** Variance of money grows with about this power of its mean. */
const VARIANCE_POWER = 1.5;

/**
 * Weights ≥ 0 on the members' amounts by least squares, each customer counted by how uncertain such an amount is, leaning
 * towards equal ones; then brought to the total that really came.
 */
export async function mixAmounts(opinions: Opinions, signal?: AbortSignal): Promise<Mixture> {
  await pause(signal);
  const { members, target, weight } = opinions;
  const rows = target.length;
  const size = members.length;
  const positive = target.filter((y) => y > 0).sort();
  const cap = positive.length > 0 ? positive[Math.ceil(AMOUNT_CAP_SHARE * (positive.length - 1))] : 0;
  const middle = new Float64Array(rows);
  for (const opinion of members) for (let i = 0; i < rows; i++) middle[i] += opinion[i] / size;
  let floor = 0;
  for (let i = 0; i < rows; i++) floor += (0.05 * Math.abs(middle[i])) / rows;
  const trust = middle.map((mean, i) => weight[i] / Math.max(floor, mean, 1e-9) ** VARIANCE_POWER);

  // The normal equations: size² numbers, whatever the rows.
  const products = members.map((a) => members.map((b) => sumOf(rows, (i) => trust[i] * a[i] * b[i])));
  const pulls = members.map((a) => sumOf(rows, (i) => trust[i] * a[i] * Math.min(cap, target[i])));
  const weights = members.map(() => 1 / size);
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let largest = 0;
    for (let k = 0; k < size; k++) {
      const held = (PRIOR_ROWS / rows) * products[k][k];
      let rest = pulls[k] + held / size;
      for (let l = 0; l < size; l++) if (l !== k) rest -= products[k][l] * weights[l];
      const next = Math.max(0, rest / (products[k][k] + held + 1e-300));
      largest = Math.max(largest, Math.abs(next - weights[k]));
      weights[k] = next;
    }
    if (largest < 1e-9) break;
  }
  const reached = sumOf(
    rows,
    (i) => weight[i] * members.reduce((sum, own, k) => sum + weights[k] * own[i], 0),
  );
  const total = sumOf(rows, (i) => weight[i] * target[i]);
  const level = reached > 0 && total > 0 ? total / reached : 1;
  return { intercept: 0, weights: weights.map((value) => value * level) };
}

function sumOf(rows: number, term: (row: number) => number): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += term(i);
  return sum;
}

const meanSquare = (values: Float64Array, weight: Float64Array): number =>
  sumOf(values.length, (i) => weight[i] * values[i] ** 2) / sumOf(values.length, (i) => weight[i]);
