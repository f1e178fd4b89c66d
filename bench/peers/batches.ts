// The batches every contestant trains on, the same numbers in TypeScript and (batches.py) in Python.
import { type Random, random } from '../../src/core/random.ts';

export interface BatchShape {
  readonly batch: number;
  readonly length: number;
  /** Row lengths are uniform in [shortest, length]; the tail of a row is padding. */
  readonly shortest: number;
  /** Rows of the item table; item 0 is padding, so items 1 … items − 1 are real. */
  readonly items: number;
  /** Negatives shared by the whole batch, drawn by popularity. */
  readonly shared: number;
}

/** Ids of one step; `targets[i] = 0` marks a padded position, whose loss does not count. */
export interface Batch {
  /** [batch, length], real items first, then zeros: a causal model needs no padding mask. */
  readonly inputs: Int32Array;
  /** [batch, length], the item after each input. */
  readonly targets: Int32Array;
  /** [batch, length], one uniform real item a position (BCE). */
  readonly negatives: Int32Array;
  /** [shared], drawn with replacement by popularity (sampled softmax). */
  readonly shared: Int32Array;
}

export const SASREC_SHAPE: BatchShape = { batch: 128, length: 50, shortest: 10, items: 12_000, shared: 256 };
export const TRANSFORMER_SHAPE: BatchShape = {
  batch: 32,
  length: 128,
  shortest: 128,
  items: 12_000,
  shared: 256,
};

/** How many batches a run goes round. */
export const BATCHES = 8;

/** log q(item), natural, of the popularity the items are drawn by: q(i) ∝ 1/i; 0 for padding. */
export function logPopularity(items: number): Float32Array {
  const total = cumulativePopularity(items)[items - 1]!;
  return Float32Array.from({ length: items }, (_, item) => (item === 0 ? 0 : Math.log(1 / item / total)));
}

/** The first `count` batches of a seed. Independent Zipf draws: what there is to learn is popularity. */
export function makeBatches(shape: BatchShape, seed: number, count = BATCHES): readonly Batch[] {
  const cumulative = cumulativePopularity(shape.items);
  const source = random(seed);
  return Array.from({ length: count }, () => makeBatch(shape, cumulative, source));
}

/** FNV-1a over every id as a 32-bit word: equal when two contestants were given the same batches. */
export function checksum(batches: readonly Batch[]): number {
  let hash = 0x811c9dc5;
  for (const { inputs, targets, negatives, shared } of batches) {
    for (const ids of [inputs, targets, negatives, shared]) {
      for (let i = 0; i < ids.length; i++) hash = Math.imul(hash ^ ids[i]!, 0x01000193);
    }
  }
  return hash >>> 0;
}

function makeBatch(shape: BatchShape, cumulative: Float64Array, source: Random): Batch {
  const { batch, length, shortest, items } = shape;
  const inputs = new Int32Array(batch * length);
  const targets = new Int32Array(batch * length);
  for (let row = 0; row < batch; row++) {
    const real = shortest + source.integer(length - shortest + 1);
    let item = drawPopular(cumulative, source);
    for (let time = 0; time < real; time++) {
      inputs[row * length + time] = item;
      item = drawPopular(cumulative, source);
      targets[row * length + time] = item;
    }
  }
  const negatives = Int32Array.from(inputs, () => 1 + source.integer(items - 1));
  const shared = Int32Array.from({ length: shape.shared }, () => drawPopular(cumulative, source));
  return { inputs, targets, negatives, shared };
}

/** Entry i is 1/1 + … + 1/i. */
function cumulativePopularity(items: number): Float64Array {
  const cumulative = new Float64Array(items);
  for (let item = 1; item < items; item++) cumulative[item] = cumulative[item - 1]! + 1 / item;
  return cumulative;
}

/** The smallest item whose cumulative popularity is above a uniform draw. */
function drawPopular(cumulative: Float64Array, source: Random): number {
  const draw = source.uniform() * cumulative[cumulative.length - 1]!;
  let low = 1;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle]! > draw) high = middle;
    else low = middle + 1;
  }
  return low;
}
