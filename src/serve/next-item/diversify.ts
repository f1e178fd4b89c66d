// A list that is less of the same: each next item is as good as possible and as unlike those before it as asked for.

/** How alike two items are, from 0 to 1, the same both ways. */
export type Likeness = (a: number, b: number) => number;

export interface Diversity {
  /** 0 leaves the list as it is; 1 looks at unlikeness alone after the first item. */
  readonly amount: number;
  readonly likeness: Likeness;
}

/** How many of the best a list of `top` is chosen from. */
export const poolSize = (top: number): number => Math.max(50, 5 * top);

/**
 * Maximal marginal relevance: (1 − amount) · relevance − amount · likeness to the most alike item chosen already, relevance
 * being the score between the pool's lowest, 0, and its highest, 1, so that the scale of a model's scores does not matter.
 * Of equal ones the better score goes first.
 *
 * @param pool items, best first
 * @param scores of the pool, falling
 * @returns places in the pool, in the order of the list
 * @see Carbonell and Goldstein 1998, "The use of MMR" (SIGIR)
 */
export function diversify(
  pool: ArrayLike<number>,
  scores: ArrayLike<number>,
  top: number,
  { amount, likeness }: Diversity,
): Int32Array {
  const count = pool.length;
  const wanted = Math.min(top, count);
  const chosen = new Int32Array(wanted);
  const [high, low] = [scores[0], scores[count - 1]];
  const scale = high > low ? 1 / (high - low) : 0;
  // What is alike to nothing chosen yet.
  const alike = new Float64Array(count);
  const taken = new Uint8Array(count);
  for (let turn = 0; turn < wanted; turn++) {
    let best = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (let place = 0; place < count; place++) {
      if (taken[place] === 1) continue;
      const relevance = scale === 0 ? 1 : (scores[place] - low) * scale;
      const worth = (1 - amount) * relevance - amount * alike[place];
      if (worth > most) [best, most] = [place, worth];
    }
    chosen[turn] = best;
    taken[best] = 1;
    if (turn + 1 === wanted) break;
    for (let place = 0; place < count; place++)
      if (taken[place] === 0) alike[place] = Math.max(alike[place], likeness(pool[best], pool[place]));
  }
  return chosen;
}
