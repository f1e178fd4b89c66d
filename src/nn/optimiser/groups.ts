// Which parameters decay and how fast each layer learns, from names and shapes.

interface Named {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * Weight decay for matrices only: biases and the gains of norms, which are vectors, take none, nor does a name that
 * `exempt` matches (a table of positions, say).
 *
 * @see the grouping of nanoGPT's configure_optimizers, by number of axes
 */
export function decayGroups(
  weightDecay: number,
  exempt: readonly RegExp[] = [],
): (parameter: Named) => { readonly weightDecay: number } {
  return ({ name, shape }) => ({
    weightDecay: shape.length < 2 || exempt.some((pattern) => pattern.test(name)) ? 0 : weightDecay,
  });
}

export interface LayerwiseSettings {
  /** Each layer further from the output learns this many times as fast: .8 for a small encoder, .9 for a large one (ELECTRA, arXiv:2003.10555, appendix B). */
  readonly factor: number;
  readonly layers: number;
  /** Finds the number of a layer, from 0, as its first group: `/blocks\.(\d+)\./`. */
  readonly layer: RegExp;
  /** What lies below all layers: embeddings. */
  readonly below: RegExp;
}

/**
 * Rate multipliers for fine-tuning: 1 for the head, `factor` for the last layer, `factor²` for the one before …, and
 * the smallest for embeddings.
 *
 * @see Howard and Ruder 2018, "discriminative fine-tuning", arXiv:1801.06146
 */
export function layerwiseRates({
  factor,
  layers,
  layer,
  below,
}: LayerwiseSettings): (parameter: Named) => { readonly rateMultiplier: number } {
  return ({ name }) => {
    const number = layer.exec(name)?.[1];
    const distance = number !== undefined ? layers - Number(number) : below.test(name) ? layers + 1 : 0;
    return { rateMultiplier: factor ** distance };
  };
}
