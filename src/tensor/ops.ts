// The op table: every op the engine knows, a row each. A row says its shape rule, its reference, its gradient, its ONNX.

import type { AnyOp } from './graph.ts';
import { ACTIVATION_OPS } from './ops/activations.ts';
import { ARITHMETIC_OPS } from './ops/arithmetic.ts';
import { ATTENTION_OPS } from './ops/attention.ts';
import { COMPARISON_OPS } from './ops/comparison.ts';
import { ELEMENTWISE_OPS } from './ops/elementwise.ts';
import { INDEXING_OPS } from './ops/indexing.ts';
import { LEAF_OPS } from './ops/leaf.ts';
import { CROSS_ENTROPY_OPS } from './ops/losses/cross-entropy.ts';
import { LOG_PARTITION_OPS } from './ops/losses/log-partition.ts';
import { TIED_SOFTMAX_OPS } from './ops/losses/tied-softmax.ts';
import { MATRIX_OPS } from './ops/matrix.ts';
import { NORMALISATION_OPS } from './ops/normalisation.ts';
import { RECURRENT_OPS } from './ops/recurrent.ts';
import { REDUCTION_OPS } from './ops/reductions.ts';
import { SOFTMAX_OPS } from './ops/softmax.ts';
import { STRUCTURE_OPS } from './ops/structure.ts';
import { CONVOLUTION_OPS } from './ops/windows/convolution.ts';
import { POOLING_OPS } from './ops/windows/pooling.ts';

/** The rows, families in the order they rest on each other. */
export const OPS: readonly AnyOp[] = [
  ...LEAF_OPS,
  ...STRUCTURE_OPS,
  ...COMPARISON_OPS,
  ...ARITHMETIC_OPS,
  ...ELEMENTWISE_OPS,
  ...ACTIVATION_OPS,
  ...MATRIX_OPS,
  ...ATTENTION_OPS,
  ...LOG_PARTITION_OPS,
  ...INDEXING_OPS,
  ...REDUCTION_OPS,
  ...SOFTMAX_OPS,
  ...CROSS_ENTROPY_OPS,
  ...TIED_SOFTMAX_OPS,
  ...NORMALISATION_OPS,
  ...CONVOLUTION_OPS,
  ...POOLING_OPS,
  ...RECURRENT_OPS,
];
