// The op table: every op the engine knows, a row each. A row says its shape rule, its reference, its gradient, its ONNX.

import type { AnyOp } from './graph.ts';
import { ACTIVATION_OPS } from './ops/activations.ts';
import { ARITHMETIC_OPS } from './ops/arithmetic.ts';
import { ATTENTION_OPS } from './ops/attention.ts';
import { CONVOLUTION_OPS } from './ops/convolution.ts';
import { ELEMENTWISE_OPS } from './ops/elementwise.ts';
import { INDEXING_OPS } from './ops/indexing.ts';
import { LEAF_OPS } from './ops/leaf.ts';
import { MATRIX_OPS } from './ops/matrix.ts';
import { STRUCTURE_OPS } from './ops/structure.ts';

export const OPS: readonly AnyOp[] = [
  ...LEAF_OPS,
  ...STRUCTURE_OPS,
  ...ARITHMETIC_OPS,
  ...ELEMENTWISE_OPS,
  ...ACTIVATION_OPS,
  ...MATRIX_OPS,
  ...ATTENTION_OPS,
  ...INDEXING_OPS,
  ...CONVOLUTION_OPS,
];
