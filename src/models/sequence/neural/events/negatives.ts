// Items drawn beside the one that was taken, by how often they occur; how likely each was to be drawn is known.
import type { Random } from '../../../../core/random.ts';

export interface NegativeSampler {
  /** Item codes, drawn with replacement; where no more items were seen than are wanted, each of them once. */
  readonly draw: (draws: Random) => Int32Array;
  /** ln of the chance an item has to be among them, [items]; −∞ where it has none. */
  readonly logChance: Float32Array;
}

/**
 * Draws item i with probability proportional to countᵢ^power.
 *
 * @param power .75 is word2vec's: rare items come more often than they occur, so that their rows learn what they are not
 * @see Mikolov et al. 2013, arXiv:1310.4546, §2.2; Walker's alias table after Vose 1991
 */
export function negativeSampler(counts: Int32Array, power: number, negatives: number): NegativeSampler {
  const weights = Float64Array.from(counts, (count) => (count > 0 ? count ** power : 0));
  const seen = Int32Array.from(counts.keys()).filter((item) => counts[item] > 0);
  if (seen.length <= negatives)
    return {
      draw: () => seen.slice(),
      logChance: Float32Array.from(counts, (count) => (count > 0 ? 0 : Number.NEGATIVE_INFINITY)),
    };
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const { keep, other } = aliasTable(weights, total);
  return {
    draw(draws) {
      const into = new Int32Array(negatives);
      for (let i = 0; i < negatives; i++) {
        const place = draws.uniform() * counts.length;
        const cell = Math.floor(place);
        into[i] = place - cell < keep[cell] ? cell : other[cell];
      }
      return into;
    },
    // 1 − (1 − q)ᴷ: once is enough, and twice is no more
    logChance: Float32Array.from(weights, (weight) =>
      Math.log(-Math.expm1(negatives * Math.log1p(-weight / total))),
    ),
  };
}

function aliasTable(
  weights: Float64Array,
  total: number,
): { readonly keep: Float64Array; readonly other: Int32Array } {
  const count = weights.length;
  const keep = weights.map((weight) => (weight * count) / total);
  const other = Int32Array.from(keep.keys());
  const small: number[] = [];
  const large: number[] = [];
  keep.forEach((share, cell) => void (share < 1 ? small : large).push(cell));
  while (small.length > 0 && large.length > 0) {
    const [low, high] = [small.pop() as number, large.at(-1) as number];
    other[low] = high;
    keep[high] -= 1 - keep[low];
    if (keep[high] < 1) small.push(large.pop() as number);
  }
  // What is left over is full but for rounding; a weight of 0 never is.
  for (const cell of [...small, ...large]) if (weights[cell] > 0) keep[cell] = 1;
  return { keep, other };
}
