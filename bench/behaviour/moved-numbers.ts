// How many numbers a way of fine-tuning moves, of the trunk and with the head, and what share of all they are.
import { pooledStates, stateSpecs } from '../../src/models/behaviour/head.ts';
import { METHODS } from '../../src/models/behaviour/methods.ts';
import { behaviourSettings } from '../../src/models/behaviour/settings.ts';
import { methodTrunk } from '../../src/models/behaviour/tune.ts';
import type { Model, Settings } from '../../src/models/estimator.ts';
import { parameterTable } from '../../src/nn/adapt/freezing.ts';
import { trace } from '../../src/nn/module.ts';
import { input } from '../../src/tensor/ops/leaf.ts';
import type { PretrainedTrunk } from '../../src/train/pretrained.ts';

export interface MovedNumbers {
  /** Of trunk and head; the head moves always. */
  readonly trainable: number;
  readonly share: number;
  /** Of the trunk, with what was put into it. */
  readonly trunk_trainable: number;
  readonly trunk_share: number;
}

/** As the method declares them. */
export function movedNumbers(
  id: string,
  model: Model,
  { settings: told, pretrained }: { readonly settings: Settings; readonly pretrained: PretrainedTrunk },
): MovedNumbers {
  const method = METHODS.find((own) => own.id === id);
  if (!method) throw new Error(`expected one of ${METHODS.map((own) => own.id).join(', ')}, got ${id}`);
  const { trunk } = pretrained;
  const { width, blocks, heads, length } = trunk.settings;
  const settings = { ...behaviourSettings(id, told), width, blocks, heads, length };
  const places = { batch: 1, time: length };
  const inputs = Object.entries(stateSpecs(trunk.plan, places)).map(
    ([name, { dtype, axes }]) => [name, input(name, dtype, axes)] as const,
  );
  const states = pooledStates(methodTrunk({ method, trunk, settings }), places);
  const { parameters } = trace(states, Object.fromEntries(inputs));
  const own = parameterTable(parameters, method.moves?.(parameters) ?? (() => false));
  const head = Object.entries(model.save().arrays ?? {})
    .filter(([name]) => name.startsWith('weight.head.'))
    .reduce((sum, [, values]) => sum + values.length, 0);
  const inTrunk = own.trainable + own.frozen;
  return {
    trainable: own.trainable + head,
    share: (own.trainable + head) / (inTrunk + head),
    trunk_trainable: own.trainable,
    trunk_share: own.trainable / inTrunk,
  };
}
