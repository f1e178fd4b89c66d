// Filters over the last few events: Caser's trunk, asked at every place of a sequence instead of its end alone.
import { name } from '../../../core/name.ts';
import { timeConvolution } from '../../../nn/layers/convolution.ts';
import { linear } from '../../../nn/layers/linear.ts';
import { defineModule, type Module } from '../../../nn/module.ts';
import type { Tensor } from '../../../tensor/graph.ts';
import { relu } from '../../../tensor/ops/activations.ts';
import { add, maximum, mul } from '../../../tensor/ops/arithmetic.ts';
import { concat, pad, reshape, slice } from '../../../tensor/ops/structure.ts';
import type { SearchSpace } from '../../estimator.ts';
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

export interface CnnSettings extends NetworkSettings {
  /** Events a place looks at: itself and those before. */
  readonly reach: number;
  /** Horizontal filters of each height from 1 to `reach`. */
  readonly horizontal: number;
  /** Vertical filters: weighted sums of the events looked at. */
  readonly vertical: number;
}

const defaults = (events: number): CnnSettings => ({
  ...networkDefaults(events),
  // What Caser's published code begins with.
  reach: 5,
  horizontal: 16,
  vertical: 4,
});

const BOUNDS: SearchSpace = {
  ...NETWORK_BOUNDS,
  reach: whole(1, 50),
  horizontal: whole(1, 512),
  vertical: whole(1, 64),
};

/** What stood `steps` places before: [batch, time, width], zeros before the first. */
export function earlier(x: Tensor, steps: number): Tensor {
  const time = x.shape[1] as number;
  if (steps === 0) return x;
  if (steps >= time) return mul(x, 0);
  return pad(slice(x, 1, 0, time - steps), 1, steps, 0);
}

/**
 * A pattern of `height` events in a row, wherever among the last `reach` it stands: the largest answer of each filter.
 * [batch, time, width] to [batch, time, filters].
 */
const horizontal = (height: number, reach: number, filters: number): Module<Tensor, Tensor> =>
  defineModule('horizontal', (scope, x) => {
    const conv = timeConvolution({ width: filters, kernel: height, causal: true });
    const found = relu(scope.apply('filters', conv, x));
    let best = found;
    for (let steps = 1; steps + height <= reach; steps++) best = maximum(best, earlier(found, steps));
    return best;
  });

/** Sums of the last `reach` events, weighted alike in all columns: [batch, time, width] to [batch, time, filters · width]. */
const vertical = (reach: number, filters: number): Module<Tensor, Tensor> =>
  defineModule('vertical', (scope, x) => {
    const [batch, time, width] = x.shape as readonly [number, number, number];
    // Small, so that a sum over the reach begins no larger than one event.
    const weight = scope.parameter('weight', { reach, filters }, (shape, draws) =>
      Float32Array.from({ length: shape[0] * shape[1] }, () => draws.normal() / shape[0]),
    );
    const sums = Array.from({ length: Math.min(reach, time) }, (_, steps) =>
      mul(
        reshape(slice(weight, 0, steps, steps + 1), { batch: 1, time: 1, filters, one: 1 }),
        reshape(earlier(x, steps), { batch, time, one: 1, width }),
      ),
    ).reduce(add);
    return reshape(sums, { batch, time, wide: filters * width });
  });

/**
 * Without Caser's user vectors, so that a stranger's history is read as a customer's is.
 *
 * @see Tang and Wang 2018 (Caser), arXiv:1809.07426, §3.2
 */
export const cnnKind: NetworkKind<CnnSettings> = {
  id: 'cnn',
  label: name('Convolutional network', '卷积神经网络（Caser）'),
  space: { ...NETWORK_SPACE, reach: { kind: 'choice', options: [3, 5, 9] } },
  settings: (events, told) => tellSettings('cnn', defaults(events), BOUNDS, told),
  trunk: (plan, settings) =>
    framedTrunk(plan, settings, (scope, events) => {
      const { width, reach, dropout } = settings;
      const heights = Array.from({ length: reach }, (_, i) => i + 1);
      const seen = [
        ...heights.map((height) =>
          scope.apply(`height${height}`, horizontal(height, reach, settings.horizontal), events),
        ),
        scope.apply('vertical', vertical(reach, settings.vertical), events),
      ];
      return scope.apply('out', linear({ width }), scope.dropout(concat(seen, 2), dropout));
    }),
};

export const convolutionalNetwork = networkRecommender(cnnKind);
