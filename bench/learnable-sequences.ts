// Item sequences from a written law, so that the lowest cross-entropy any model can reach is known exactly.
import { invariant } from '../src/core/errors.ts';
import { type Random, random } from '../src/core/random.ts';

/**
 * The law of the next item, x, after the item c and the item b before it:
 *
 *     p(x | b, c) = .6 [x = after(c)] + .2 [x = after(b)] + .2 zipf(x)
 *
 * `after` is a permutation, so no item is rare and each of its rows is learned from a million items; one table serves
 * both places, so that what a model learns of the last item helps it with the one before. Who looks at the last item
 * alone stays .43 nats above the floor. A share that has no item to stand on (at a sequence's first two places) goes to
 * the Zipf part.
 */
export interface SequenceLaw {
  readonly vocabulary: number;
  /** [vocabulary]: the item that most often follows. */
  readonly after: Int32Array;
  /** [vocabulary]: probabilities by popularity alone, rank^-1 over shuffled items. */
  readonly zipf: Float64Array;
  readonly mostPopular: number;
}

/** Drawn items with what the law says of each, all [length]. */
export interface KnownSequence {
  readonly items: Int32Array;
  /** Natural logarithm of the probability the law gave the item, in nats. */
  readonly logProbability: Float64Array;
  /** Entropy of the law at this place: the expectation of minus the above, in nats. */
  readonly entropy: Float64Array;
  /** The item the law holds most likely here: what a perfect model ranks first. */
  readonly mostLikely: Int32Array;
}

const LAST_SHARE = 0.6;
const BEFORE_SHARE = 0.2;
/** No item stands before a sequence's first. */
const NONE = -1;

/** The law a seed writes; two seeds share nothing but the shares. */
export function sequenceLaw(seed: number, vocabulary = 1000): SequenceLaw {
  invariant(vocabulary >= 2, `a law takes at least two items, got ${vocabulary}`);
  const rng = random(seed);
  const items = (name: string): Int32Array =>
    rng.fork(name).shuffle(Int32Array.from({ length: vocabulary }, (_, item) => item));
  const ranks = items('popularity');
  const harmonic = ranks.reduce((sum, rank) => sum + 1 / (rank + 1), 0);
  return {
    vocabulary,
    after: items('after'),
    zipf: Float64Array.from(ranks, (rank) => 1 / (rank + 1) / harmonic),
    mostPopular: ranks.indexOf(0),
  };
}

/**
 * The probability of `item` after `current` and, before that, `previous`; both -1 where there is none.
 */
export function nextProbability(law: SequenceLaw, item: number, current: number, previous: number): number {
  const last = current === NONE ? 0 : LAST_SHARE;
  const before = previous === NONE ? 0 : BEFORE_SHARE;
  return (
    (current !== NONE && law.after[current] === item ? last : 0) +
    (previous !== NONE && law.after[previous] === item ? before : 0) +
    (1 - last - before) * law.zipf[item]
  );
}

export interface SequenceOptions {
  readonly count: number;
  /** Lengths are drawn evenly from here … */
  readonly minLength: number;
  /** … to here, both included. */
  readonly maxLength: number;
}

/** Draws sequences; the same law and stream give the same ones. */
export function drawSequences(law: SequenceLaw, rng: Random, options: SequenceOptions): KnownSequence[] {
  const { count, minLength, maxLength } = options;
  const drawZipf = cumulativeDraw(law.zipf, rng);
  const zipfEntropy = scaledEntropies(law);
  return Array.from({ length: count }, () => {
    const length = minLength + rng.integer(maxLength - minLength + 1);
    const items = new Int32Array(length);
    const logProbability = new Float64Array(length);
    const entropy = new Float64Array(length);
    const mostLikely = new Int32Array(length);
    let previous = NONE;
    let current = NONE;
    for (let at = 0; at < length; at++) {
      const share = rng.uniform();
      let item: number;
      if (current !== NONE && share < LAST_SHARE) item = law.after[current];
      else if (previous !== NONE && share >= 1 - BEFORE_SHARE) item = law.after[previous];
      else item = drawZipf();
      items[at] = item;
      logProbability[at] = Math.log(nextProbability(law, item, current, previous));
      entropy[at] = placeEntropy(law, zipfEntropy, { current, previous });
      // .6 is more than all else together can put on another item.
      mostLikely[at] = current === NONE ? law.mostPopular : law.after[current];
      previous = current;
      current = item;
    }
    return { items, logProbability, entropy, mostLikely };
  });
}

/** Draws from fixed probabilities by bisection of their running sums. */
function cumulativeDraw(probabilities: Float64Array, rng: Random): () => number {
  let sum = 0;
  const sums = probabilities.map((probability) => {
    sum += probability;
    return sum;
  });
  return () => {
    const target = rng.uniform() * sum;
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] > target) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

const surprise = (probability: number): number =>
  probability === 0 ? 0 : -probability * Math.log(probability);

/** Σ −s z log(s z) over all items, by the share s that popularity has at a place. */
function scaledEntropies(law: SequenceLaw): (share: number) => number {
  const known = new Map<number, number>();
  return (share) => {
    const found = known.get(share) ?? law.zipf.reduce((sum, z) => sum + surprise(share * z), 0);
    known.set(share, found);
    return found;
  };
}

/** The law's entropy at one place: the popularity part, put right at the one or two items that have more. */
function placeEntropy(
  law: SequenceLaw,
  zipfEntropy: (share: number) => number,
  { current, previous }: { current: number; previous: number },
): number {
  const share = 1 - (current === NONE ? 0 : LAST_SHARE) - (previous === NONE ? 0 : BEFORE_SHARE);
  const raised = new Set<number>();
  if (current !== NONE) raised.add(law.after[current]);
  if (previous !== NONE) raised.add(law.after[previous]);
  let entropy = zipfEntropy(share);
  for (const item of raised) {
    entropy += surprise(nextProbability(law, item, current, previous)) - surprise(share * law.zipf[item]);
  }
  return entropy;
}
