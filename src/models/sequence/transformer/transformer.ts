// The behaviour transformer as a recommender.
import { name } from '../../../core/name.ts';
import type { Settings } from '../../estimator.ts';
import type { FitParts } from '../neural/fit.ts';
import type { NetworkKind } from '../neural/network.ts';
import { networkRecommender } from '../neural/network-recommender.ts';
import type { Recommender } from '../recommender.ts';
import { TRANSFORMER_SPACE, type TransformerSettings, toldSettings } from './settings.ts';
import { behaviourTrunk } from './trunk.ts';

export const TRANSFORMER = 'transformer';

/**
 * Pretrained on what comes next: causal attention over events, with the time between them where it is known.
 *
 * @see Kang and McAuley 2018 (SASRec), arXiv:1808.09781; Klenitskiy and Vasilev 2023, arXiv:2309.07602, for the loss
 */
export const transformerKind: NetworkKind<TransformerSettings> = {
  id: TRANSFORMER,
  label: name('Behaviour transformer', '行为序列模型（Transformer）'),
  space: TRANSFORMER_SPACE,
  settings: (events, told) => toldSettings(TRANSFORMER, events, told),
  trunk: behaviourTrunk,
};

export const behaviourTransformer: Recommender = networkRecommender(transformerKind);

/** The recommender told some settings, and handed what is known of the items. @throws AppError USAGE */
export const transformerWith = (told: Settings, parts: Partial<FitParts> = {}): Recommender =>
  networkRecommender(transformerKind, told, parts);
