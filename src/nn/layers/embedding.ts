// A learned row for each id, and the same table read backwards as scores.

import type { Tensor } from '../../tensor/graph.ts';
import { gather } from '../../tensor/ops/indexing.ts';
import { matmul } from '../../tensor/ops/matrix.ts';
import { normal } from '../initialise.ts';
import { defineModule, type Initialiser, type Module, type Scope } from '../module.ts';

export interface EmbeddingOptions {
  /** How many ids there are; ids are 0 … count − 1. */
  readonly count: number;
  readonly width: number;
  readonly initialise?: Initialiser;
}

/** ids int32 `[...]` to rows `[..., width]`. Parameter `weight` [count, width]; its gradient stays a list of rows. */
export function embedding(options: EmbeddingOptions): Module<Tensor, Tensor> {
  return defineModule('embedding', (scope, ids) => gather(embeddingTable(scope, options), ids));
}

/** The table itself, for a loss that reads rows of its own (sampled softmax); same parameter as `embedding`'s. */
export function embeddingTable(
  scope: Scope,
  { count, width, initialise = normal() }: EmbeddingOptions,
): Tensor {
  return scope.parameter('weight', { count, width }, initialise);
}

/**
 * States `[..., width]` to a score for each id `[..., count]`, by the embedding table itself: apply it under the name
 * the embedding was applied under, and both share one table.
 *
 * @see Press and Wolf 2017, arXiv:1608.05859
 */
export function tiedReadOut(options: EmbeddingOptions): Module<Tensor, Tensor> {
  return defineModule('readOut', (scope, states) =>
    matmul(states, embeddingTable(scope, options), { transposeRight: true }),
  );
}
