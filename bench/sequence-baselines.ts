// What a next-item model is held against: the law's own floor, and models that know one item or none.
import type { KnownSequence } from './learnable-sequences.ts';

/** Mean over every place a next-item model predicts: all but each sequence's first. */
function meanOverPredicted(
  sequences: readonly KnownSequence[],
  value: (sequence: KnownSequence, at: number) => number,
): number {
  let sum = 0;
  let count = 0;
  for (const sequence of sequences) {
    for (let at = 1; at < sequence.items.length; at++) sum += value(sequence, at);
    count += Math.max(0, sequence.items.length - 1);
  }
  return sum / count;
}

/**
 * The cross-entropy of the law itself on these very sequences, in nats an item: what a perfect model scores there.
 */
export const lawCrossEntropy = (sequences: readonly KnownSequence[]): number =>
  meanOverPredicted(sequences, ({ logProbability }, at) => -logProbability[at]);

/** The entropy floor: the mean of the law's own entropy at these places, in nats an item; less noisy than the above. */
export const entropyFloor = (sequences: readonly KnownSequence[]): number =>
  meanOverPredicted(sequences, ({ entropy }, at) => entropy[at]);

/** How often a model that knew the law would rank the true next item first. */
export const lawHitRate = (sequences: readonly KnownSequence[]): number =>
  meanOverPredicted(sequences, ({ mostLikely, items }, at) => (mostLikely[at] === items[at] ? 1 : 0));

/** Cross-entropy of counting items in `train`, one added to each count, in nats an item of `test`. */
export function unigramCrossEntropy(
  train: readonly KnownSequence[],
  test: readonly KnownSequence[],
  vocabulary: number,
): number {
  const unigram = unigramOf(train, vocabulary);
  return meanOverPredicted(test, ({ items }, at) => -Math.log(unigram[items[at]]));
}

/**
 * Pseudo-counts the unigram adds to each row of pairs: of 10, 20, 50, 100, 200, 300 and 500 the best on a million items
 * of the law.
 */
const PAIR_PRIOR = 100;

/**
 * Cross-entropy of counting pairs in `train`, each row smoothed by the unigram, in nats an item of `test`.
 *
 * @see MacKay and Peto 1995, A hierarchical Dirichlet language model
 */
export function bigramCrossEntropy(
  train: readonly KnownSequence[],
  test: readonly KnownSequence[],
  vocabulary: number,
): number {
  const unigram = unigramOf(train, vocabulary);
  const pairs = new Float64Array(vocabulary * vocabulary);
  const rows = new Float64Array(vocabulary);
  for (const { items } of train) {
    for (let at = 1; at < items.length; at++) {
      pairs[items[at - 1] * vocabulary + items[at]]++;
      rows[items[at - 1]]++;
    }
  }
  return meanOverPredicted(test, ({ items }, at) => {
    const row = items[at - 1];
    const count = pairs[row * vocabulary + items[at]] + PAIR_PRIOR * unigram[items[at]];
    return -Math.log(count / (rows[row] + PAIR_PRIOR));
  });
}

function unigramOf(train: readonly KnownSequence[], vocabulary: number): Float64Array {
  const counts = new Float64Array(vocabulary).fill(1);
  let total = vocabulary;
  for (const { items } of train) {
    for (const item of items) counts[item]++;
    total += items.length;
  }
  return counts.map((count) => count / total);
}
