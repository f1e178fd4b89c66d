// What the behaviour models may be told, and their defaults with the reasons: small, because they share two cores with others.
import { AppError } from '../../core/errors.ts';
import type { SearchSpace, Settings } from '../estimator.ts';
import { networkDefaults, real, whole } from '../sequence/neural/settings.ts';
import { tellSettings } from '../sequence/told.ts';
import type { TransformerSettings } from '../sequence/transformer/settings.ts';

export interface BehaviourSettings extends Settings {
  /** Of event vectors and states. */
  readonly width: number;
  readonly blocks: number;
  /** Must divide the width. */
  readonly heads: number;
  /** Places of a history: the newest events, and the moment of asking. */
  readonly length: number;
  readonly dropout: number;
  /** Histories a step of fine-tuning. */
  readonly batch: number;
  /** Histories a step of pretraining: each asks a question at every place. */
  readonly pretrainBatch: number;
  /** Steps of pretraining at most; fewer histories take fewer. */
  readonly pretrainSteps: number;
  /** Times each history is read in pretraining at most. */
  readonly pretrainEpochs: number;
  readonly pretrainRate: number;
  /** Rows learned from at most, drawn by customer. */
  readonly mostRows: number;
  /** Steps of fine-tuning at most. */
  readonly tuneSteps: number;
  readonly tuneEpochs: number;
  readonly tuneRate: number;
  /** Each block further from the head learns this many times as fast. */
  readonly layerDecay: number;
  readonly weightDecay: number;
  /** Evaluations without a lower loss that are borne. */
  readonly patience: number;
  /** Neurons between states, features and the answer. */
  readonly hidden: number;
  /** Probabilities the head is taught lie this far from 0 and 1. */
  readonly smoothing: number;
  /** 0 weighs both outcomes as they come, 1 as if they came alike often; answers are put right again. */
  readonly balance: number;
  /** Of `lora`: the rank of the change of each matrix. */
  readonly rank: number;
  /** Of `adapters`: neurons of a bottleneck. */
  readonly adapterWidth: number;
  /** Of `prefix`: keys and values in front of each attention. */
  readonly prefixLength: number;
}

/**
 * Two blocks of width 32 over 64 places: at most 200 steps of pretraining and 300 of fine-tuning, so that a fit takes
 * half a minute of one core at most, whatever the size of the shop.
 */
export const BEHAVIOUR_DEFAULTS: BehaviourSettings = {
  width: 32,
  blocks: 2,
  heads: 2,
  length: 64,
  dropout: 0.1,
  batch: 64,
  pretrainBatch: 32,
  pretrainSteps: 200,
  pretrainEpochs: 10,
  pretrainRate: 0.003,
  mostRows: 20_000,
  tuneSteps: 300,
  tuneEpochs: 12,
  tuneRate: 0.001,
  layerDecay: 0.8,
  weightDecay: 0.01,
  patience: 3,
  hidden: 32,
  smoothing: 0,
  balance: 0,
  rank: 2,
  adapterWidth: 8,
  prefixLength: 4,
};

const BOUNDS: SearchSpace = {
  width: whole(4, 1024),
  blocks: whole(1, 24),
  heads: whole(1, 64),
  length: whole(2, 1000),
  dropout: real(0, 0.9),
  batch: whole(1, 4096),
  pretrainBatch: whole(1, 4096),
  pretrainSteps: whole(0, 1_000_000),
  pretrainEpochs: whole(0, 10_000),
  pretrainRate: real(1e-6, 1),
  mostRows: whole(1, 100_000_000),
  tuneSteps: whole(1, 1_000_000),
  tuneEpochs: whole(1, 10_000),
  tuneRate: real(1e-6, 1),
  layerDecay: real(0.01, 1),
  weightDecay: real(0, 10),
  patience: whole(0, 10_000),
  hidden: whole(1, 4096),
  smoothing: real(0, 0.4),
  balance: real(0, 1),
  rank: whole(1, 256),
  adapterWidth: whole(1, 1024),
  prefixLength: whole(1, 256),
};

/** Worth searching: how fast the head and the trunk learn, and how much of them is dropped. */
export const BEHAVIOUR_SPACE: SearchSpace = {
  tuneRate: { kind: 'number', low: 2e-4, high: 5e-3, log: true },
  dropout: { kind: 'number', low: 0, high: 0.5 },
  weightDecay: { kind: 'number', low: 1e-3, high: 0.3, log: true },
};

/** @throws AppError USAGE for a setting there is not, of another type, or out of bounds */
export function behaviourSettings(id: string, told: Settings): BehaviourSettings {
  const settings = tellSettings(id, BEHAVIOUR_DEFAULTS, BOUNDS, told);
  if (settings.width % settings.heads === 0) return settings;
  throw new AppError(
    'USAGE',
    `"${id}": expected heads that divide the width ${settings.width}, got ${settings.heads}`,
  );
}

/** Of all items of a shop, drawn beside the one that came next. */
const NEGATIVES = 256;

/** What the trunk and its pretraining are told. */
export function trunkSettings(settings: BehaviourSettings): TransformerSettings {
  const { width, blocks, heads, length, dropout, pretrainBatch: batch } = settings;
  return {
    ...networkDefaults(0),
    ...{ width, blocks, heads, length, dropout, batch },
    ...{ masked: false, negatives: NEGATIVES, learningRate: settings.pretrainRate, ownRows: 100_000 },
    ...{ typeWeight: 0.5, gapWeight: 0.5, priceWeight: 0.25 },
  };
}
