// A trunk asked what comes next: products of its states and its items, without what is learned beside it of repeats.
import { AppError } from '../../../core/errors.ts';
import { nodeBackend } from '../../../tensor/session/session-node.ts';
import { networkOf } from '../../sequence/neural/network.ts';
import { openScorer } from '../../sequence/neural/scorer.ts';
import type { NextItemModel } from '../../sequence/recommender.ts';
import { transformerKind } from '../../sequence/transformer/transformer.ts';
import type { LearnedTrunk } from '../pretrain.ts';

export function trunkRecommender(
  { plan, settings, values }: LearnedTrunk,
  threads: number,
): NextItemModel & Required<Pick<NextItemModel, 'close'>> {
  const network = networkOf(transformerKind, plan, { ...settings, repeats: false });
  const { score, close } = openScorer({ network, members: [values] }, nodeBackend, threads);
  return {
    recommender: 'trunk',
    itemIds: plan.itemIds,
    ...{ score, close },
    save() {
      throw new AppError('USAGE', 'expected a trunk to be saved as what it is: savedTrunk');
    },
  };
}
