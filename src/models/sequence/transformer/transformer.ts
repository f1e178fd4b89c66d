// The behaviour transformer as a recommender: what it is called, what it may be told, and what it answers.
import { AppError } from '../../../core/errors.ts';
import { name } from '../../../core/name.ts';
import { type Sequences, sequenceCount } from '../../../core/sequences.ts';
import { nodeBackend } from '../../../tensor/session/session-node.ts';
import type { SavedModel, Settings } from '../../estimator.ts';
import type { NextItemModel, Recommender } from '../recommender.ts';
import { type FitParts, type Trained, trainTransformer } from './fit.ts';
import { readTrained, savedTrained } from './saved.ts';
import { openScorer } from './scorer.ts';
import { TRANSFORMER_SPACE, toldSettings } from './settings.ts';

export const TRANSFORMER = 'transformer';

/**
 * Pretrained on what comes next: causal attention over events, with the time between them where it is known.
 *
 * @see Kang and McAuley 2018 (SASRec), arXiv:1808.09781; Klenitskiy and Vasilev 2023, arXiv:2309.07602, for the loss
 */
export const behaviourTransformer: Recommender = transformerWith({});

/** The recommender told some settings, and handed what is known of the items. @throws AppError USAGE */
export function transformerWith(told: Settings, parts: Partial<FitParts> = {}): Recommender {
  toldSettings(TRANSFORMER, 0, told);
  return {
    id: TRANSFORMER,
    label: name('Behaviour transformer', '行为序列模型（Transformer）'),
    role: 'model',
    space: TRANSFORMER_SPACE,
    withSettings: (settings) => transformerWith({ ...told, ...settings }, parts),
    knowing: (attributes) => transformerWith(told, { ...parts, attributes }),
    within: (seconds) => transformerWith({ ...told, seconds }, parts),
    refuses,
    async fit(train, valid, run) {
      const why = refuses(train);
      if (why !== undefined) throw new AppError('NOT_ENOUGH_DATA', `"${TRANSFORMER}" ${why}`);
      const settings = toldSettings(TRANSFORMER, train.items.length, told);
      const trained = await trainTransformer(train, valid, {
        settings,
        parts: { backend: nodeBackend, ...parts },
        run,
      });
      return modelOf(trained, run.threads);
    },
    load: (saved: SavedModel) => modelOf(readTrained(TRANSFORMER, saved), 1),
  };
}

function refuses({ items, offsets, entities }: Sequences): string | undefined {
  const first = items.find((item) => item >= 0);
  if (!items.some((item) => item >= 0 && item !== first)) return 'needs events of at least two items';
  const rows = sequenceCount({ offsets });
  for (let row = 0; row < rows; row++) if (offsets[row + 1] - offsets[row] >= 2) return undefined;
  return `needs a sequence of at least two events, got ${entities.length} of fewer`;
}

function modelOf(trained: Trained, threads: number): NextItemModel {
  const scorer = openScorer(trained, nodeBackend, threads);
  return {
    recommender: TRANSFORMER,
    itemIds: trained.plan.itemIds,
    score: scorer.score,
    save: () => savedTrained(TRANSFORMER, trained),
    close: scorer.close,
  };
}
