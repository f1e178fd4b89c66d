// What a trained trunk is asked, as programs: the last state of a history, items as vectors, and every item's score.
import { zeros } from '../../../nn/initialise.ts';
import { defineModule, type Module } from '../../../nn/module.ts';
import {
  compileEvaluation,
  type EvaluationProgram,
  type Examination,
} from '../../../nn/program/evaluation-program.ts';
import type { InputSpec, SymbolicBatch } from '../../../nn/program/training-program.ts';
import { add } from '../../../tensor/ops/arithmetic.ts';
import { gather } from '../../../tensor/ops/indexing.ts';
import { constant } from '../../../tensor/ops/leaf.ts';
import { matmul } from '../../../tensor/ops/matrix.ts';
import { reshape, sum } from '../../../tensor/ops/structure.ts';
import { itemSpecs, tokenSpecs } from './events/event-vectors.ts';
import type { Network } from './network.ts';
import { buildParts } from './objective.ts';
import { repeatBonus } from './repeats.ts';

/** By parameter name. */
type Weights = Readonly<Record<string, Float32Array>>;

export interface Shape {
  readonly batch: number;
  readonly time: number;
}

/**
 * Histories to `states` [batch, width]; `last` [batch] names the place of each one's last event among all places. With
 * `repeats` also to `bonus` [batch, time], what the item of each place gets for having been met as long ago as `age` says.
 *
 * @param weights written into the program, which is then fed none; those it does not read are passed over
 */
export function stateProgram(network: Network, { batch, time }: Shape, weights?: Weights): EvaluationProgram {
  const { plan, settings } = network;
  const specs: Record<string, InputSpec> = {
    ...tokenSpecs(plan, { batch, time }),
    last: { dtype: 'int32', axes: { batch } },
    ...(settings.repeats && { age: { dtype: 'int32', axes: { batch, time } } }),
  };
  return compiled(
    defineModule('states', (scope, inputs: SymbolicBatch) => {
      const all = buildParts(scope, network).states(inputs);
      const states = gather(reshape(all, { places: batch * time, width: settings.width }), inputs.last);
      const repeats = settings.repeats && {
        bonus: scope.apply('repeats', repeatBonus(inputs.age), states),
      };
      return { loss: sum(states), outputs: { states, ...repeats } };
    }),
    specs,
    weights,
  );
}

/** All items as `vectors` [items, width]. @param weights as of `stateProgram` */
export function vectorProgram(network: Network, weights?: Weights): EvaluationProgram {
  const { plan } = network;
  const items = { items: plan.itemIds.length };
  return compiled(
    defineModule('vectors', (scope, inputs: SymbolicBatch) => {
      const vectors = buildParts(scope, network).items('item', inputs);
      return { loss: sum(vectors), outputs: { vectors } };
    }),
    itemSpecs('item', plan, items),
    weights,
  );
}

function compiled(
  module: Module<SymbolicBatch, Examination>,
  specs: Record<string, InputSpec>,
  weights: Weights | undefined,
): EvaluationProgram {
  const program = compileEvaluation(module, specs);
  if (!weights) return program;
  const read = program.parameters.map(({ name }) => [name, weights[name]] as const);
  return compileEvaluation(module, specs, Object.fromEntries(read));
}

/**
 * States [batch, width] and vectors [items, width] to `scores` [batch, items].
 *
 * @param known the vectors, written into the program instead of fed
 */
export function scoreProgram(
  { plan, settings }: Network,
  batch: number,
  known?: Float32Array,
): EvaluationProgram {
  const { width } = settings;
  const items = plan.itemIds.length;
  const specs: Record<string, InputSpec> = {
    states: { dtype: 'float', axes: { batch, width } },
    ...(!known && { vectors: { dtype: 'float', axes: { items, width } } as const }),
  };
  return compiled(
    defineModule('scores', (scope, inputs: SymbolicBatch) => {
      const vectors = known ? scope.parameter('vectors', { items, width }, zeros) : inputs.vectors;
      const products = matmul(inputs.states, vectors, { transposeRight: true });
      const scores = plan.logShare.some((share) => share !== 0)
        ? add(products, constant(plan.logShare, { items }))
        : products;
      return { loss: sum(scores), outputs: { scores } };
    }),
    specs,
    known && { vectors: known },
  );
}
