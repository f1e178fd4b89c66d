// The written law of sequences: its probabilities, its draws, its entropy, and what simpler models reach.
import { describe, expect, it } from 'vitest';
import { random } from '../src/core/random.ts';
import { drawSequences, nextProbability, sequenceLaw } from './learnable-sequences.ts';
import {
  bigramCrossEntropy,
  entropyFloor,
  lawCrossEntropy,
  lawHitRate,
  unigramCrossEntropy,
} from './sequence-baselines.ts';

const law = sequenceLaw(7);
const items = Array.from({ length: law.vocabulary }, (_, item) => item);
const contexts = [
  [-1, -1],
  [5, -1],
  [5, 5],
  [5, 6],
  [999, law.after[999]],
  [law.mostPopular, 0],
] as const;

describe('the law', () => {
  it('gives probabilities that add up to one after any items', () => {
    for (const [current, previous] of contexts) {
      const total = items.reduce((sum, item) => sum + nextProbability(law, item, current, previous), 0);
      expect(total).toBeCloseTo(1, 12);
    }
  });

  it('has one successor an item and every item as a successor once', () => {
    expect(new Set(law.after).size).toBe(law.vocabulary);
    expect(nextProbability(law, law.after[3], 3, 8)).toBeCloseTo(0.6 + 0.2 * law.zipf[law.after[3]], 12);
    expect(nextProbability(law, law.after[8], 3, 8)).toBeCloseTo(0.2 + 0.2 * law.zipf[law.after[8]], 12);
  });

  it('is another for another seed and the same for the same', () => {
    expect(sequenceLaw(7)).toEqual(law);
    expect(sequenceLaw(8).after).not.toEqual(law.after);
  });
});

describe('drawn sequences', () => {
  const drawn = drawSequences(law, random(1), { count: 400, minLength: 3, maxLength: 60 });

  it('have the lengths asked for, and come again from the same stream', () => {
    const lengths = drawn.map((sequence) => sequence.items.length);
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([3, 60]);
    expect(drawSequences(law, random(1), { count: 400, minLength: 3, maxLength: 60 })).toEqual(drawn);
  });

  it('carry the probability, entropy and likeliest item that the law gives, summed by brute force', () => {
    for (const sequence of drawn.slice(0, 12)) {
      for (let at = 0; at < sequence.items.length; at++) {
        const current = at >= 1 ? sequence.items[at - 1] : -1;
        const previous = at >= 2 ? sequence.items[at - 2] : -1;
        const probabilities = items.map((item) => nextProbability(law, item, current, previous));
        const entropy = probabilities.reduce((sum, p) => sum - p * Math.log(p), 0);
        expect(sequence.entropy[at]).toBeCloseTo(entropy, 10);
        expect(Math.exp(sequence.logProbability[at])).toBeCloseTo(probabilities[sequence.items[at]], 12);
        expect(sequence.mostLikely[at]).toBe(probabilities.indexOf(Math.max(...probabilities)));
      }
    }
  });

  it('show each pair and each item as often as the law says', () => {
    const small = sequenceLaw(3, 6);
    const sequences = drawSequences(small, random(4), { count: 2000, minLength: 50, maxLength: 50 });
    const expected = new Float64Array(6 * 6 * 6);
    const seen = new Float64Array(6 * 6 * 6);
    const first = new Float64Array(6);
    for (const sequence of sequences) {
      first[sequence.items[0]]++;
      for (let at = 2; at < 50; at++) {
        const [previous, current, item] = sequence.items.subarray(at - 2, at + 1);
        const context = (previous * 6 + current) * 6;
        seen[context + item]++;
        for (let x = 0; x < 6; x++) expected[context + x] += nextProbability(small, x, current, previous);
      }
    }
    // Pearson's chi-square over 36 contexts of 5 free cells: mean 180, standard deviation 19; five of them above is 275.
    const chiSquare = seen.reduce(
      (sum, count, cell) => sum + (count - expected[cell]) ** 2 / expected[cell],
      0,
    );
    expect(chiSquare).toBeLessThan(275);
    const firstSquare = first.reduce(
      (sum, n, x) => sum + (n - 2000 * small.zipf[x]) ** 2 / (2000 * small.zipf[x]),
      0,
    );
    expect(firstSquare).toBeLessThan(21); // 5 free cells: .1 % lie above 20.5
  });
});

describe('the floor', () => {
  const rng = random(11);
  const lengths = { minLength: 20, maxLength: 51 };
  const train = drawSequences(law, rng.fork('train'), { count: 20_000, ...lengths });
  const test = drawSequences(law, rng.fork('test'), { count: 2000, ...lengths });

  it('is what the law itself scores, within the noise of the draw', () => {
    // Some 69,000 places, a standard deviation of 2.7 nats each: .01 for their mean.
    expect(Math.abs(lawCrossEntropy(test) - entropyFloor(test))).toBeLessThan(0.04);
    expect(entropyFloor(test)).toBeGreaterThan(1.8);
    expect(entropyFloor(test)).toBeLessThan(2.1);
  });

  it('lies well under what the last item alone tells, and that under popularity', () => {
    const floor = lawCrossEntropy(test);
    const bigram = bigramCrossEntropy(train, test, law.vocabulary);
    const unigram = unigramCrossEntropy(train, test, law.vocabulary);
    expect(bigram - floor).toBeGreaterThan(0.4);
    expect(bigram - floor).toBeLessThan(0.65);
    expect(unigram - bigram).toBeGreaterThan(3);
  });

  it('comes with the share of items a perfect model ranks first', () => {
    // .6, and what the other parts happen to put on the same item.
    expect(lawHitRate(test)).toBeGreaterThan(0.6);
    expect(lawHitRate(test)).toBeLessThan(0.65);
  });
});
