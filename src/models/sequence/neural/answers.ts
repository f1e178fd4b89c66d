// What a trained trunk is asked, as programs: the last state of a history, items as vectors, and every item's score.
import { defineModule } from '../../../nn/module.ts';
import { compileEvaluation, type EvaluationProgram } from '../../../nn/program/evaluation-program.ts';
import type { InputSpec, SymbolicBatch } from '../../../nn/program/training-program.ts';
import { add } from '../../../tensor/ops/arithmetic.ts';
import { gather } from '../../../tensor/ops/indexing.ts';
import { constant } from '../../../tensor/ops/leaf.ts';
import { matmul } from '../../../tensor/ops/matrix.ts';
import { reshape, sum } from '../../../tensor/ops/structure.ts';
import { tokenSpecs } from './events/event-vectors.ts';
import type { Network } from './network.ts';
import { buildParts } from './objective.ts';
import { repeatBonus } from './repeats.ts';

export interface Shape {
  readonly batch: number;
  readonly time: number;
}

/**
 * Histories to `states` [batch, width]; `last` [batch] names the place of each one's last event among all places. With
 * `repeats` also to `bonus` [batch, time], what the item of each place gets for having been met as long ago as `age` says.
 */
export function stateProgram(network: Network, { batch, time }: Shape): EvaluationProgram {
  const { plan, settings } = network;
  const specs: Record<string, InputSpec> = {
    ...tokenSpecs(plan, { batch, time }),
    last: { dtype: 'int32', axes: { batch } },
    ...(settings.repeats && { age: { dtype: 'int32', axes: { batch, time } } }),
  };
  return compileEvaluation(
    defineModule('states', (scope, inputs: SymbolicBatch) => {
      const all = buildParts(scope, network).states(inputs);
      const states = gather(reshape(all, { places: batch * time, width: settings.width }), inputs.last);
      const repeats = settings.repeats && {
        bonus: scope.apply('repeats', repeatBonus(inputs.age), states),
      };
      return { loss: sum(states), outputs: { states, ...repeats } };
    }),
    specs,
  );
}

/** All items as `vectors` [items, width]. */
export function vectorProgram(network: Network): EvaluationProgram {
  const { plan } = network;
  const items = { items: plan.itemIds.length };
  return compileEvaluation(
    defineModule('vectors', (scope, inputs: SymbolicBatch) => {
      const vectors = buildParts(scope, network).items('item', inputs);
      return { loss: sum(vectors), outputs: { vectors } };
    }),
    Object.fromEntries(
      ['item', ...plan.columns.map((_, c) => `item.column${c}`)].map((name) => [
        name,
        { dtype: 'int32', axes: items },
      ]),
    ),
  );
}

/** States [batch, width] and vectors [items, width] to `scores` [batch, items]. */
export function scoreProgram({ plan, settings }: Network, batch: number): EvaluationProgram {
  const { width } = settings;
  const items = plan.itemIds.length;
  const specs = {
    states: { dtype: 'float', axes: { batch, width } },
    vectors: { dtype: 'float', axes: { items, width } },
  } as const;
  return compileEvaluation(
    defineModule('scores', (_, { states, vectors }: SymbolicBatch) => {
      const products = matmul(states, vectors, { transposeRight: true });
      const scores = plan.logShare.some((share) => share !== 0)
        ? add(products, constant(plan.logShare, { items }))
        : products;
      return { loss: sum(scores), outputs: { scores } };
    }),
    specs,
  );
}
