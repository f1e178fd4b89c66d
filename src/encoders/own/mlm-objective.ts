// What masked-language modelling asks: which piece stood where one was hidden.
import { embeddingTable } from '../../nn/layers/embedding.ts';
import { linear } from '../../nn/layers/linear.ts';
import { layerNorm } from '../../nn/layers/norm.ts';
import { tiedCrossEntropyMean } from '../../nn/losses/softmax.ts';
import { defineModule, type Module } from '../../nn/module.ts';
import type { InputSpec, Objective, SymbolicBatch } from '../../nn/program/training-program.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { gelu } from '../../tensor/ops/activations.ts';
import { gather } from '../../tensor/ops/indexing.ts';
import { reshape } from '../../tensor/ops/structure.ts';
import { type OwnShape, ownStates } from './own-encoder.ts';

/** One batch shape: texts, pieces of each, and pieces asked about in all. */
export interface MlmPlaces {
  readonly batch: number;
  readonly time: number;
  readonly asked: number;
}

export const mlmSpecs = ({ batch, time, asked }: MlmPlaces): Record<string, InputSpec> => ({
  ids: { dtype: 'int32', axes: { batch, time } },
  mask: { dtype: 'float', axes: { batch, time } },
  // places in [0, batch · time)
  places: { dtype: 'int32', axes: { asked } },
  targets: { dtype: 'int32', axes: { asked } },
  // 0 where fewer are asked about
  weight: { dtype: 'float', axes: { asked } },
});

/**
 * Mean cross-entropy of the hidden pieces over the whole vocabulary, scored by the table of pieces itself.
 *
 * @see Devlin et al. 2019, arXiv:1810.04805, §3.1; Press and Wolf 2017, arXiv:1608.05859, for the tied table
 */
export function mlmObjective(
  shape: OwnShape,
  { batch, time }: MlmPlaces,
  dropout: number,
): Module<SymbolicBatch, Objective> {
  const { width } = shape;
  return defineModule('maskedLanguage', (scope, inputs) => {
    const states = scope.apply('encoder', ownStates(shape, dropout), { ids: inputs.ids, mask: inputs.mask });
    const asked = gather(reshape(states, { all: batch * time, width }), inputs.places);
    const guess = scope.apply('norm', layerNorm(), gelu(scope.apply('guess', linear({ width }), asked)));
    const table = scope.apply('encoder.pieces', tableOf(shape), undefined);
    return {
      loss: tiedCrossEntropyMean(
        { states: guess, table, targets: inputs.targets },
        { weights: inputs.weight },
      ),
    };
  });
}

const tableOf = ({ vocabulary, width }: OwnShape): Module<undefined, Tensor> =>
  defineModule('embedding', (scope) => embeddingTable(scope, { count: vocabulary, width }));
