// What is known of an item put together: its own row and what encoders say of it, each as far as it can be trusted.
import { normal } from '../../../../nn/initialise.ts';
import { linear } from '../../../../nn/layers/linear.ts';
import type { Initialiser, Scope } from '../../../../nn/module.ts';
import type { Tensor } from '../../../../tensor/graph.ts';
import { sigmoid } from '../../../../tensor/ops/activations.ts';
import { add, mul } from '../../../../tensor/ops/arithmetic.ts';
import { gather } from '../../../../tensor/ops/indexing.ts';
import { MET_LEVELS, type PlanVectors } from './plan-vectors.ts';

export interface Fusing {
  /** Own rows, [..., width]. */
  readonly own: Tensor;
  /** int32 [...], `metLevel` of each. */
  readonly levels: Tensor;
  /** [..., fedWidth], one a kind of vector. */
  readonly vectors: readonly Tensor[];
}

/** Meetings after which an item's own row and what is known of it count alike, before anything is learned. */
const HALF_TRUSTED = 4;

/** ln(count / HALF_TRUSTED) of each level: σ of it is count / (count + HALF_TRUSTED). */
const trust: Initialiser = ([levels, width]) =>
  Float32Array.from({ length: levels * width }, (_, at) => {
    const level = Math.floor(at / width);
    return level === 0 ? 0 : Math.log((1.5 * 2 ** (level - 1)) / HALF_TRUSTED);
  });

/**
 * gate(met) ⊙ own + Σ gate(met, x) ⊙ (W·x): the gates see how often the item was met, those of vectors also what they say.
 * An item without a vector gets nothing from it, and W's last row is what having one means.
 *
 * @see Arevalo et al. 2017 (gated multimodal units), arXiv:1702.01992; Volkovs et al. 2017 (DropoutNet), NIPS, for leaving
 *   out one or the other while learning
 */
export function fuseItems(
  scope: Scope,
  plans: readonly PlanVectors[],
  width: number,
  { own, levels, vectors }: Fusing,
): Tensor {
  const shape = { levels: MET_LEVELS, width };
  const believed = mul(own, sigmoid(gather(scope.parameter('trust', shape, trust), levels)));
  return plans.reduce((sum, { name }, m) => {
    const told = scope.apply(name, linear({ width, bias: false }), vectors[m]);
    const byMet = gather(scope.parameter(`${name}.gate`, shape, normal()), levels);
    return add(sum, mul(told, sigmoid(byMet)));
  }, believed);
}
