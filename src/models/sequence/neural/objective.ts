// What pretraining asks at every event: which item comes next, of which kind, after how long, at what price.
import { linear } from '../../../nn/layers/linear.ts';
import { crossEntropy } from '../../../nn/losses/softmax.ts';
import { weightedMean } from '../../../nn/losses/weighted.ts';
import { defineModule, type Module, type Scope } from '../../../nn/module.ts';
import type { InputSpec, Objective, SymbolicBatch } from '../../../nn/program/training-program.ts';
import type { Tensor } from '../../../tensor/graph.ts';
import { softplus } from '../../../tensor/ops/activations.ts';
import { add, cast, mul, sub, where } from '../../../tensor/ops/arithmetic.ts';
import { greater } from '../../../tensor/ops/comparison.ts';
import { logPartition } from '../../../tensor/ops/losses/log-partition.ts';
import { l2Normalise } from '../../../tensor/ops/reductions.ts';
import { reshape, sum } from '../../../tensor/ops/structure.ts';
import { itemCodes, itemSpecs, itemTower, tokenSpecs } from './events/event-vectors.ts';
import { GAP_LEVELS, seenItems } from './events/tokens.ts';
import type { Network } from './network.ts';
import { type RepeatScores, repeatScores } from './repeats.ts';

/** Trunk and item tower under the names all programs share. */
export function buildParts(scope: Scope, { plan, settings, trunk }: Network) {
  const tower = itemTower(plan, settings.width);
  const direction = (x: Tensor): Tensor => (settings.temperature > 0 ? l2Normalise(x) : x);
  return {
    /** [batch, time, width], ready to be multiplied with item vectors */
    states(batch: SymbolicBatch): Tensor {
      const states = scope.apply('trunk', trunk, batch);
      return settings.temperature > 0 ? mul(l2Normalise(states), 1 / settings.temperature) : states;
    },
    /** [..., width] */
    items: (name: string, batch: SymbolicBatch): Tensor =>
      direction(scope.apply('trunk.item', tower, itemCodes(name, plan, batch))),
  };
}

/** All a training batch holds. */
export function trainingSpecs({ plan, settings }: Network, time: number): Record<string, InputSpec> {
  const { batch, negatives, repeats } = settings;
  const places = { batch, time };
  const samples = { samples: Math.min(negatives, seenItems(plan)) };
  return {
    ...tokenSpecs(plan, places),
    ...itemSpecs('target', plan, places),
    targetBias: { dtype: 'float', axes: places },
    weight: { dtype: 'float', axes: places },
    ...(repeats && { again: { dtype: 'int32', axes: places }, back: { dtype: 'int32', axes: places } }),
    ...itemSpecs('negative', plan, samples),
    negativeBias: { dtype: 'float', axes: samples },
    isOut: { dtype: 'bool', axes: { ...places, ...samples } },
    ...(plan.typeLevels.length > 0 && { nextType: { dtype: 'int32', axes: places } }),
    ...(plan.timed && { nextGap: { dtype: 'int32', axes: places } }),
    ...Object.fromEntries(
      plan.marks.map((_, m) => [`nextMark${m}`, { dtype: 'int32', axes: places }] as const),
    ),
  };
}

export function pretraining(network: Network): Module<SymbolicBatch, Objective> {
  const { plan, settings } = network;
  const price = plan.columns.findIndex(({ name }) => name === 'price');
  return defineModule('pretraining', (scope, batch) => {
    const parts = buildParts(scope, network);
    const states = parts.states(batch);
    const repeats = settings.repeats
      ? repeatScores(scope, {
          states,
          events: parts.items('event', batch),
          again: batch.again,
          back: batch.back,
        })
      : undefined;
    const candidates = {
      taken: parts.items('target', batch),
      negatives: parts.items('negative', batch),
      repeats,
    };
    const nextItem = weightedMean(sampledItemLoss(states, candidates, batch), batch.weight);
    const asked = (name: string, levels: number, target: Tensor): Tensor => {
      const logits = scope.apply(name, linear({ width: levels }), states);
      // Level 0 is "not known": nothing is asked there.
      const known = mul(batch.weight, cast(greater(target, 0), 'float'));
      return weightedMean(crossEntropy(logits, target), known);
    };
    const side = [
      {
        name: 'next_type',
        weight: batch.nextType ? settings.typeWeight : 0,
        loss: () => asked('nextType', plan.typeLevels.length + 1, batch.nextType),
      },
      {
        name: 'next_gap',
        weight: batch.nextGap ? settings.gapWeight : 0,
        loss: () => asked('nextGap', GAP_LEVELS, batch.nextGap),
      },
      {
        name: 'next_price',
        weight: price < 0 ? 0 : settings.priceWeight,
        loss: () => asked('nextPrice', plan.columns[price].levels, batch[`target.column${price}`]),
      },
      ...plan.marks.map(({ name, levels }, m) => ({
        name: `next_${name}`,
        weight: settings.priceWeight,
        loss: () => asked(`nextMark${m}`, levels, batch[`nextMark${m}`]),
      })),
    ].filter(({ weight }) => weight > 0);
    const losses = side.map(({ name, weight, loss }) => ({ name, weight, value: loss() }));
    return {
      loss: losses.reduce((total, { weight, value }) => add(total, mul(value, weight)), nextItem),
      metrics: {
        next_item: nextItem,
        ...Object.fromEntries(losses.map(({ name, value }) => [name, value])),
      },
    };
  });
}

/** Below any score, so that its share is 0. */
const LEFT_OUT = -1e9;

interface Candidates {
  /** The item taken, [batch, time, width]. */
  readonly taken: Tensor;
  /** [samples, width] */
  readonly negatives: Tensor;
  readonly repeats: RepeatScores | undefined;
}

/**
 * −ln softmax of the item taken among the negatives and, with `repeats`, the items met before: [batch, time]. The biases
 * take ln of the chance of being among the candidates off each score, and add an item's share of a row it does not have
 * alone; `isOut` leaves out the negatives that are candidates already.
 *
 * @see Yi et al. 2019 (RecSys), eq. 3
 */
function sampledItemLoss(
  states: Tensor,
  { taken, negatives, repeats }: Candidates,
  batch: SymbolicBatch,
): Tensor {
  const [rows, time, width] = states.shape as readonly [number, number, number];
  const samples = negatives.shape[0] as number;
  const examples = rows * time;
  const bias = where(reshape(batch.isOut, [examples, samples]), LEFT_OUT, batch.negativeBias);
  const { log } = logPartition(reshape(states, [examples, width]), negatives, bias);
  const drawn = reshape(log, [rows, time]);
  // ln(eᵃ + eᵇ) = a + softplus(b − a)
  const others = repeats ? add(drawn, softplus(sub(repeats.others, drawn))) : drawn;
  const plain = add(sum(mul(states, taken), -1), batch.targetBias);
  const score = repeats ? add(plain, repeats.bonus) : plain;
  // −ln(eᵗ / (eᵗ + eᴸ)) = softplus(L − t)
  return softplus(sub(others, score));
}
