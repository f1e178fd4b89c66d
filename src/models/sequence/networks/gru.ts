// One state carried from event to event: GRU4Rec's trunk under the loss all networks here share.
import { name } from '../../../core/name.ts';
import { gru } from '../../../nn/layers/gru.ts';
import { linear } from '../../../nn/layers/linear.ts';
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

export interface GruSettings extends NetworkSettings {
  /** Width of the state that is carried. */
  readonly hidden: number;
  /** Layers, each reading the states of the one below. */
  readonly layers: number;
}

const defaults = (events: number): GruSettings => ({
  ...networkDefaults(events),
  // Twice the width of an item: a state holds more than one.
  hidden: 128,
  layers: 1,
});

const BOUNDS: SearchSpace = { ...NETWORK_BOUNDS, hidden: whole(4, 2048), layers: whole(1, 8) };

/** @see Hidasi et al. 2016 (GRU4Rec), arXiv:1511.06939 */
export const gruKind: NetworkKind<GruSettings> = {
  id: 'gru',
  label: name('Recurrent network', '循环神经网络（GRU）'),
  space: { ...NETWORK_SPACE, hidden: { kind: 'choice', options: [64, 128, 256] } },
  settings: (events, told) => tellSettings('gru', defaults(events), BOUNDS, told),
  trunk: (plan, settings) =>
    framedTrunk(plan, settings, (scope, events) => {
      const { width, hidden, layers, dropout } = settings;
      let states = events;
      for (let layer = 0; layer < layers; layer++)
        states = scope.dropout(
          scope.apply(`layers.${layer}`, gru({ hidden }), { x: states }).states,
          dropout,
        );
      return scope.apply('out', linear({ width }), states);
    }),
};

export const recurrentNetwork = networkRecommender(gruKind);
