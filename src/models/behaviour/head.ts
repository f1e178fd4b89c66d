// The head: states of the trunk and features of the table, a layer of neurons, and what they add to the beginning.

import { he, zeros } from '../../nn/initialise.ts';
import { linear } from '../../nn/layers/linear.ts';
import { binaryCrossEntropy } from '../../nn/losses/binary.ts';
import { weightedMean } from '../../nn/losses/weighted.ts';
import { defineModule, type Module, type Scope } from '../../nn/module.ts';
import type { InputSpec, Objective, SymbolicBatch } from '../../nn/program/training-program.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { relu } from '../../tensor/ops/activations.ts';
import { add, cast, mul, neg } from '../../tensor/ops/arithmetic.ts';
import { greater } from '../../tensor/ops/comparison.ts';
import { exp } from '../../tensor/ops/elementwise.ts';
import { gather } from '../../tensor/ops/indexing.ts';
import { concat, reshape, slice, sum } from '../../tensor/ops/structure.ts';
import { tokenSpecs } from '../sequence/neural/events/event-vectors.ts';
import type { TokenPlan } from '../sequence/neural/events/tokens.ts';
import type { Trunk } from '../sequence/neural/network.ts';

export interface HeadShape {
  /** Features of the table. */
  readonly features: number;
  /** Answers: 1 for a probability, 2 for an amount. */
  readonly answers: number;
  readonly hidden: number;
  readonly dropout: number;
}

export interface Places {
  readonly batch: number;
  readonly time: number;
}

/** What the states of histories are read from. */
export const stateSpecs = (plan: TokenPlan, { batch, time }: Places): Record<string, InputSpec> => ({
  ...tokenSpecs(plan, { batch, time }),
  last: { dtype: 'int32', axes: { batch } },
  share: { dtype: 'float', axes: { batch, time } },
});

/**
 * Histories to [batch, 2 · width]: the state at the moment of asking, whose place among all `last` says, and the mean of
 * all states, by `share`: 1 / places of the history at each, 0 where it is padded.
 */
export function pooledStates(trunk: Trunk, { batch, time }: Places): Module<SymbolicBatch, Tensor> {
  return defineModule('pooledStates', (scope, inputs) => {
    const states = scope.apply('trunk', trunk, inputs);
    const width = states.shape[2] as number;
    const asking = gather(reshape(states, { places: batch * time, width }), inputs.last);
    const mean = sum(mul(states, reshape(inputs.share, { batch, time, width: 1 })), 1);
    return concat([asking, mean], 1);
  });
}

/** States and features, [batch, …] each, to [batch, answers]; at first 0. */
export function head({
  hidden,
  answers,
  dropout,
}: HeadShape): Module<{ states: Tensor; features: Tensor }, Tensor> {
  return defineModule('head', (scope, { states, features }) => {
    const x = scope.dropout(concat([states, features], 1), dropout);
    const bent = relu(scope.apply('hidden', linear({ width: hidden, initialise: he }), x));
    return scope.apply('answer', linear({ width: answers, initialise: zeros }), scope.dropout(bent, dropout));
  });
}

/** What the head is told beside states. */
const labelledSpecs = ({ features, answers }: HeadShape, batch: number): Record<string, InputSpec> => ({
  features: { dtype: 'float', axes: { batch, features } },
  beginning: { dtype: 'float', axes: { batch, answers } },
  target: { dtype: 'float', axes: { batch } },
  weight: { dtype: 'float', axes: { batch } },
});

/** All that a batch of fine-tuning holds. */
export const tuningSpecs = (
  plan: TokenPlan,
  shape: HeadShape,
  places: Places,
): Record<string, InputSpec> => ({
  ...stateSpecs(plan, places),
  ...labelledSpecs(shape, places.batch),
});

/** The same where the trunk stands still and its pooled states, of so many numbers, are known. */
export const headTuningSpecs = (
  shape: HeadShape,
  { batch, states }: { readonly batch: number; readonly states: number },
): Record<string, InputSpec> => ({
  states: { dtype: 'float', axes: { batch, states } },
  ...labelledSpecs(shape, batch),
});

/** Mean loss of what the head adds to the beginning, for histories. */
export function tuning(trunk: Trunk, shape: HeadShape, places: Places): Module<SymbolicBatch, Objective> {
  return defineModule('tuning', (scope, inputs) =>
    headLoss(scope, shape, { ...inputs, states: pooledStates(trunk, places).build(scope, inputs) }),
  );
}

/** The same for pooled states. */
export const headTuning = (shape: HeadShape): Module<SymbolicBatch, Objective> =>
  defineModule('headTuning', (scope, inputs) => headLoss(scope, shape, inputs));

/**
 * Cross-entropy of probabilities; of amounts that of spending anything, and where something was spent the deviance of a
 * gamma distribution, whose mean the second answer is the logarithm of.
 */
function headLoss(scope: Scope, shape: HeadShape, inputs: SymbolicBatch): Objective {
  const { states, features, beginning, target, weight } = inputs;
  const answers = add(beginning, scope.apply('head', head(shape), { states, features }));
  const batch = target.shape[0] as number;
  const answer = (at: number): Tensor => reshape(slice(answers, 1, at, at + 1), { batch });
  if (shape.answers === 1) return { loss: weightedMean(binaryCrossEntropy(answer(0), target), weight) };
  const spent = cast(greater(target, 0), 'float');
  const whether = binaryCrossEntropy(answer(0), spent);
  const logAmount = answer(1);
  const deviance = add(mul(target, exp(neg(logAmount))), logAmount);
  return { loss: weightedMean(add(whether, mul(spent, deviance)), weight) };
}

/** The head in numbers, [rows, answers]: what it adds for pooled states [rows, states] and features [rows, features]. */
export function headAnswers(
  values: Readonly<Record<string, Float32Array>>,
  { states, features, rows }: { states: Float32Array; features: Float32Array; rows: number },
): Float64Array {
  const weight = values['head.hidden.weight'];
  const bias = values['head.hidden.bias'];
  const outWeight = values['head.answer.weight'];
  const outBias = values['head.answer.bias'];
  const [hidden, answers] = [bias.length, outBias.length];
  const wide = rows === 0 ? 0 : states.length / rows;
  const more = rows === 0 ? 0 : features.length / rows;
  const added = new Float64Array(rows * answers);
  const cells = new Float64Array(hidden);
  const pour = (x: number, from: number): void => {
    for (let k = 0; k < hidden; k++) cells[k] += x * weight[from + k];
  };
  for (let row = 0; row < rows; row++) {
    cells.set(bias);
    for (let i = 0; i < wide; i++) pour(states[row * wide + i], i * hidden);
    for (let i = 0; i < more; i++) {
      const x = features[row * more + i];
      if (x !== 0) pour(x, (wide + i) * hidden);
    }
    for (let a = 0; a < answers; a++) {
      let answer = outBias[a];
      for (let k = 0; k < hidden; k++) if (cells[k] > 0) answer += cells[k] * outWeight[k * answers + a];
      added[row * answers + a] = answer;
    }
  }
  return added;
}
