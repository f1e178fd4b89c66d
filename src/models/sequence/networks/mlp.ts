// What a history amounts to, without its order but for how fast it fades: decayed bags of events, counts, and a few layers.
import { name } from '../../../core/name.ts';
import { mlp } from '../../../nn/layers/mlp.ts';
import type { SymbolicBatch } from '../../../nn/program/training-program.ts';
import type { Tensor } from '../../../tensor/graph.ts';
import { add, cast, mul } from '../../../tensor/ops/arithmetic.ts';
import { log } from '../../../tensor/ops/elementwise.ts';
import { constant } from '../../../tensor/ops/leaf.ts';
import { matmul } from '../../../tensor/ops/matrix.ts';
import { concat, expand, reshape } from '../../../tensor/ops/structure.ts';
import type { SearchSpace } from '../../estimator.ts';
import type { TokenPlan } from '../neural/events/tokens.ts';
import type { NetworkKind } from '../neural/network.ts';
import { networkRecommender } from '../neural/network-recommender.ts';
import {
  NETWORK_BOUNDS,
  NETWORK_SPACE,
  type NetworkSettings,
  networkDefaults,
  whole,
} from '../neural/settings.ts';
import { tellSettings } from '../told.ts';
import { framedTrunk } from './framed-trunk.ts';

export interface MlpSettings extends NetworkSettings {
  /** Width inside. */
  readonly hidden: number;
  /** Layers inside; one more leads out. */
  readonly layers: number;
}

const defaults = (events: number): MlpSettings => ({ ...networkDefaults(events), hidden: 256, layers: 1 });

const BOUNDS: SearchSpace = { ...NETWORK_BOUNDS, hidden: whole(4, 4096), layers: whole(1, 8) };

/** How much of an event is left after the next: the last alone, the last few, the last dozens, and all alike. */
const FADINGS: readonly number[] = [0, 0.5, 0.9, 1];

/** Weights of the events up to each place, adding up to 1: [time, events]. */
export function fadingWeights(time: number, fading: number): Float32Array {
  const weights = new Float32Array(time * time);
  for (let place = 0; place < time; place++) {
    let total = 0;
    for (let event = 0; event <= place; event++) total += fading ** (place - event);
    for (let event = 0; event <= place; event++)
      weights[place * time + event] = fading ** (place - event) / total;
  }
  return weights;
}

/** Numbers of a history up to each place: how many events, and, where times are known, how long they took. */
function amounts(plan: TokenPlan, batch: SymbolicBatch): readonly Tensor[] {
  const [rows, time] = (batch.event as Tensor).shape as readonly [number, number];
  const counts = Float32Array.from({ length: time }, (_, place) => Math.log1p(place + 1));
  const count = expand(constant(counts, { rows: 1, time, column: 1 }), { rows, time, column: 1 });
  if (!plan.timed) return [count];
  // A year is 17: of the size of the other inputs after a tenth.
  const seconds = log(add(cast(batch.seconds, 'float'), 1));
  return [count, reshape(mul(seconds, 0.1), { rows, time, column: 1 })];
}

export const mlpKind: NetworkKind<MlpSettings> = {
  id: 'mlp',
  label: name('Network over aggregates', '聚合特征神经网络（MLP）'),
  space: { ...NETWORK_SPACE, hidden: { kind: 'choice', options: [128, 256, 512] } },
  settings: (events, told) => tellSettings('mlp', defaults(events), BOUNDS, told),
  trunk: (plan, settings) =>
    framedTrunk(plan, settings, (scope, events, batch) => {
      const { width, hidden, layers, dropout } = settings;
      const time = events.shape[1] as number;
      const bags = FADINGS.map((fading) =>
        fading === 0 ? events : matmul(constant(fadingWeights(time, fading), { time, events: time }), events),
      );
      const widths = [...new Array<number>(layers).fill(hidden), width];
      return scope.apply('layers', mlp({ widths, dropout }), concat([...bags, ...amounts(plan, batch)], 2));
    }),
};

export const aggregateNetwork = networkRecommender(mlpKind);
