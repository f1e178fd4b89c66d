// Ops of onnxruntime's own domain that its optimiser writes and that split back into plain ones.

import type { Tensor } from '../../graph.ts';
import { gelu, sigmoid } from '../../ops/activations.ts';
import { add, mul } from '../../ops/arithmetic.ts';
import { layerNorm, rmsNorm } from '../../ops/normalisation.ts';
import { product, times } from './matrix.ts';
import { float, type ImportedNode, type Importers, operand, refusal, whole } from './node.ts';
import { NORMALISATION_IMPORTERS, zeros } from './normalisation.ts';

export const MICROSOFT = 'com.microsoft';

export const MICROSOFT_IMPORTERS: Importers = {
  FusedMatMul: (node) => {
    if (whole(node, 'transBatchA') === 1 || whole(node, 'transBatchB') === 1)
      throw refusal(node, "transposed batches are not supported; export without onnxruntime's optimiser");
    const options = {
      transposeLeft: whole(node, 'transA') === 1,
      transposeRight: whole(node, 'transB') === 1,
    };
    return times(product(operand(node, 0), operand(node, 1), options), float(node, 'alpha') ?? 1);
  },
  Gelu: (node) => gelu(operand(node, 0)),
  BiasGelu: (node) => gelu(add(operand(node, 0), operand(node, 1))),
  FastGelu: (node) => gelu(plus(operand(node, 0), node.inputs[1]), 'tanh'),
  QuickGelu: (node) => {
    const x = operand(node, 0);
    return mul(x, sigmoid(times(x, float(node, 'alpha') ?? 1.702)));
  },
  SkipLayerNormalization: (node) => {
    const total = skipped(node, 4);
    const scale = operand(node, 2);
    const shift = node.inputs[3] ?? zeros(scale.shape[0] as number);
    return withSum(layerNorm(total, scale, shift, float(node, 'epsilon') ?? 1e-12), total);
  },
  SkipSimplifiedLayerNormalization: (node) => {
    const total = skipped(node, 3);
    return withSum(rmsNorm(total, operand(node, 2), float(node, 'epsilon') ?? 1e-12), total);
  },
};

/** Written by onnxruntime's optimiser into the standard domain. */
export const STRAY_IMPORTERS: Importers = {
  SimplifiedLayerNormalization: (node) =>
    (NORMALISATION_IMPORTERS.RMSNormalization as Importers[string])(node),
};

function plus(x: Tensor, bias: Tensor | undefined): Tensor {
  return bias === undefined ? x : add(x, bias);
}

function skipped(node: ImportedNode, bias: number): Tensor {
  return plus(add(operand(node, 0), operand(node, 1)), node.inputs[bias]);
}

/** Outputs 1 and 2 are statistics nobody reads; the fourth is the sum itself. */
function withSum(normal: Tensor, total: Tensor): readonly Tensor[] {
  return [normal, normal, normal, total];
}
