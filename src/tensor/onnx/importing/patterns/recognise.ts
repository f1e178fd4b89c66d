// Recognises what exporters took apart: norms, GELU and attention become single rows again, whose gradients are cheaper
// than those of their pieces.

import type { Node, Tensor } from '../../../graph.ts';
import { type Rewrite, rewriteGraph } from '../../../rewrite.ts';
import { asAttention } from './attention.ts';
import { asGelu } from './gelu.ts';
import type { Recogniser } from './match.ts';
import { asLayerNorm, asRmsNorm, asShiftedLayerNorm } from './norms.ts';

/** By the op of the last node of a pattern. */
const RECOGNISERS: Readonly<Record<string, readonly Recogniser[]>> = {
  add: [asShiftedLayerNorm],
  mul: [asGelu, asLayerNorm, asRmsNorm],
  matmul: [asAttention],
};

/** The same outputs with every pattern found replaced. */
export function recognise(outputs: readonly Tensor[]): readonly Tensor[] {
  return rewriteGraph(outputs, replacement);
}

const replacement: Rewrite = ({ op }: Node, inputs) => {
  for (const recogniser of RECOGNISERS[op.name] ?? []) {
    const found = recogniser(inputs);
    if (found !== undefined) return [found];
  }
  return undefined;
};
