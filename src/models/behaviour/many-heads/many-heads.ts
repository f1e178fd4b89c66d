// One trunk, many heads: several questions asked of the same pooled states, their losses weighed against each other.
import { linear } from '../../../nn/layers/linear.ts';
import { binaryCrossEntropy } from '../../../nn/losses/binary.ts';
import { weightedMean } from '../../../nn/losses/weighted.ts';
import { defineModule, type Module } from '../../../nn/module.ts';
import type { InputSpec, Objective, SymbolicBatch } from '../../../nn/program/training-program.ts';
import type { Tensor } from '../../../tensor/graph.ts';
import { add, cast, mul, neg } from '../../../tensor/ops/arithmetic.ts';
import { greater } from '../../../tensor/ops/comparison.ts';
import { exp } from '../../../tensor/ops/elementwise.ts';
import { reshape, slice } from '../../../tensor/ops/structure.ts';
import type { TokenPlan } from '../../sequence/neural/events/tokens.ts';
import type { Trunk } from '../../sequence/neural/network.ts';
import { type Places, pooledStates, stateSpecs } from '../head.ts';

/** A question as a head asks it. */
export interface HeadQuestion {
  readonly name: string;
  readonly kind: 'binary' | 'amount';
  /** Of its loss among the others'; those of weight 0 are not asked at all. */
  readonly weight: number;
  /** Loss of the best answer that is the same for everybody: every loss begins near 1 so that none drowns another. */
  readonly unit: number;
  /** That answer: ln odds of a yes, or of spending anything; of amounts the logarithm of a spender's mean beside it. */
  readonly constant: readonly number[];
}

const answersOf = ({ kind }: HeadQuestion): number => (kind === 'amount' ? 2 : 1);

/** Histories, and of each question `target.N` and `asked.N`, 0 for whom it is not asked of: [batch]. */
export function manyHeadsSpecs(
  plan: TokenPlan,
  questions: readonly HeadQuestion[],
  places: Places,
): Record<string, InputSpec> {
  const { batch } = places;
  return {
    ...stateSpecs(plan, places),
    ...Object.fromEntries(
      questions.flatMap((_, q) =>
        ['target', 'asked'].map((what) => [`${what}.${q}`, { dtype: 'float', axes: { batch } } as const]),
      ),
    ),
  };
}

/**
 * Σ weight · loss / unit over Σ weight. Amounts as a shop's questions are fine-tuned: whether anything, and where something
 * the deviance of a gamma distribution.
 */
export function manyHeads(
  trunk: Trunk,
  questions: readonly HeadQuestion[],
  places: Places,
): Module<SymbolicBatch, Objective> {
  const total = questions.reduce((sum, { weight }) => sum + weight, 0);
  return defineModule('manyHeads', (scope, inputs) => {
    const states = pooledStates(trunk, places).build(scope, inputs);
    const losses = questions.map((question, q) => {
      const said = scope.apply(`task.${question.name}`, linear({ width: answersOf(question) }), states);
      const loss = headLoss(question, said, inputs[`target.${q}`]);
      const value = mul(weightedMean(loss, inputs[`asked.${q}`]), 1 / question.unit);
      return { name: `task_${question.name}`, value, share: question.weight / total };
    });
    return {
      loss: losses.map(({ value, share }) => mul(value, share)).reduce(add),
      metrics: Object.fromEntries(losses.map(({ name, value }) => [name, value])),
    };
  });
}

function headLoss({ kind, constant }: HeadQuestion, said: Tensor, target: Tensor): Tensor {
  const batch = target.shape[0] as number;
  const answer = (at: number): Tensor => add(reshape(slice(said, 1, at, at + 1), { batch }), constant[at]);
  if (kind === 'binary') return binaryCrossEntropy(answer(0), target);
  const spent = cast(greater(target, 0), 'float');
  const logAmount = answer(1);
  const deviance = add(mul(target, exp(neg(logAmount))), logAmount);
  return add(binaryCrossEntropy(answer(0), spent), mul(spent, deviance));
}
