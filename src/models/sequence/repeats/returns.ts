// Scores mended by what is known of coming back: P(own) · share among own items, and (1 − P) · the base among the others.
import type { Sequences } from '../../../core/sequences.ts';
import { knownItems } from '../classical/evidence.ts';
import { logSumExp } from '../softmax-row.ts';
import { CHOICE_FEATURES, choiceFeatures, ownItemsOf, returnFeatures } from './own-items.ts';
import { ownLogOdds, splitScores } from './split-scores.ts';

/** What was learned of coming back. */
export interface Returns {
  /** By which the base's scores are divided to be log shares, up to a constant a row. */
  readonly temperature: number;
  /** [return features] */
  readonly returnWeights: readonly number[];
  /** [choice features] */
  readonly choiceWeights: readonly number[];
}

/** Of `weights` and the values of `features` from `from` on. */
export function dot(weights: ArrayLike<number>, features: Float64Array, from: number): number {
  let sum = 0;
  for (let k = 0; k < weights.length; k++) sum += weights[k] * features[from + k];
  return sum;
}

/**
 * Turns a base's scores into log probabilities that know of coming back, in place. What the base says never, stays never.
 *
 * @param scores [entities, items]
 * @param returnLogits [items]
 */
export function mendScores(
  scores: Float32Array,
  before: Sequences,
  returns: Returns,
  returnLogits: Float32Array,
): Float32Array {
  const items = returnLogits.length;
  for (let row = 0; row * items < scores.length; row++) {
    const history = knownItems(before, row, items);
    mendRow(scores.subarray(row * items, (row + 1) * items), history, returns, returnLogits);
  }
  return scores;
}

function mendRow(row: Float32Array, history: Int32Array, returns: Returns, logits: Float32Array): void {
  const { temperature, returnWeights, choiceWeights } = returns;
  const own = ownItemsOf(history);
  const split = splitScores(row, own.items, temperature);
  const nothingOwn = split.ownLogSum === Number.NEGATIVE_INFINITY;
  const nothingElse = split.othersLogSum === Number.NEGATIVE_INFINITY;
  if (nothingOwn && nothingElse) return;
  const margin =
    nothingOwn || nothingElse ? 0 : dot(returnWeights, returnFeatures(own, ownLogOdds(split), logits), 0);
  const logReturn = nothingElse ? 0 : -softplus(-margin);
  const logNew = nothingOwn ? 0 : -softplus(margin);
  const logShares = Float64Array.from(own.items, (item) => row[item] / temperature - split.ownLogSum);
  for (let i = 0; i < row.length; i++) row[i] = row[i] / temperature - split.othersLogSum + logNew;
  if (nothingOwn) return;
  const features = choiceFeatures(own, logShares, logits);
  const margins = Float64Array.from(logShares, (share, i) =>
    share === Number.NEGATIVE_INFINITY ? share : dot(choiceWeights, features, i * CHOICE_FEATURES),
  );
  const total = logSumExp(margins, 1);
  own.items.forEach((item, i) => {
    row[item] = logReturn + margins[i] - total;
  });
}

/** ln(1 + eˣ) */
const softplus = (x: number): number => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)));
