// Attention roll-out: how much of each place reaches each state, when every block passes half on and mixes half.

/** Attention of one history in one block. */
export interface BlockWeights {
  /** [heads, time, keys], each row adding up to 1 over its keys. */
  readonly weights: ArrayLike<number>;
  readonly heads: number;
  readonly time: number;
  /** At least `time`: keys in front of the sequence's own, learned prefixes, are nobody's. */
  readonly keys: number;
}

/**
 * Ã = ½ · mean of heads + ½ · identity, rows adding up to 1, multiplied from the last block to the first: [time, time],
 * row t what the state of place t is made of.
 *
 * @param blocks from the first to the last; none leaves every place to itself
 * @see Abnar and Zuidema 2020, §3, arXiv:2005.00928
 */
export function rollOut(blocks: readonly BlockWeights[], time: number): Float64Array {
  let reached = new Float64Array(time * time);
  for (let place = 0; place < time; place++) reached[place * time + place] = 1;
  for (const block of blocks) reached = product(mixed(block), reached, time);
  return reached;
}

function mixed({ weights, heads, time, keys }: BlockWeights): Float64Array {
  const own = new Float64Array(time * time);
  const inFront = keys - time;
  for (let row = 0; row < time; row++) {
    let heard = 0;
    for (let column = 0; column < time; column++) {
      let mean = 0;
      for (let head = 0; head < heads; head++)
        mean += weights[(head * time + row) * keys + inFront + column] / heads;
      own[row * time + column] = mean;
      heard += mean;
    }
    for (let column = 0; column < time; column++) own[row * time + column] /= 2 * (heard || 1);
    own[row * time + row] += heard > 0 ? 0.5 : 1;
  }
  return own;
}

function product(left: Float64Array, right: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const result = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let k = 0; k < size; k++) {
      const share = left[i * size + k];
      if (share !== 0) for (let j = 0; j < size; j++) result[i * size + j] += share * right[k * size + j];
    }
  return result;
}
