// A kind of network as a recommender: what it is called, what it may be told, and what it answers.
import { type Sequences, sequenceCount } from '../../../core/sequences.ts';
import { nodeBackend } from '../../../tensor/session/session-node.ts';
import type { Settings } from '../../estimator.ts';
import { attributeItems } from '../attribution/attribute-item.ts';
import type { NextItemModel, Recommender } from '../recommender.ts';
import { checkTrain } from '../refusal.ts';
import { compressTrained } from './compressed.ts';
import { continueNetwork } from './continue/continue-network.ts';
import { planWithItems } from './events/added-items.ts';
import { type FitParts, trainNetwork } from './fit.ts';
import { type NetworkKind, networkOf } from './network.ts';
import { readTrained, savedTrained } from './saved.ts';
import { openScorer } from './scorer.ts';
import type { NetworkSettings } from './settings.ts';
import type { Trained } from './trained.ts';

/** The recommender told some settings, and handed what is known of the items. @throws AppError USAGE */
export function networkRecommender<S extends NetworkSettings>(
  kind: NetworkKind<S>,
  told: Settings = {},
  parts: Partial<FitParts> = {},
): Recommender {
  kind.settings(0, told);
  const recommender: Recommender = {
    id: kind.id,
    label: kind.label,
    role: 'model',
    space: kind.space,
    withSettings: (settings) => networkRecommender(kind, { ...told, ...settings }, parts),
    knowing: (attributes) => networkRecommender(kind, told, { ...parts, attributes }),
    within: (seconds) => networkRecommender(kind, { ...told, seconds }, parts),
    refuses,
    async fit(train, valid, run) {
      checkTrain(recommender, train);
      const settings = kind.settings(train.items.length, told);
      const task = { kind, settings, parts: { backend: nodeBackend, ...parts } };
      const trained = await trainNetwork(train, valid, { ...task, run });
      return {
        ...modelOf(kind, trained, run.threads),
        async again(known, over) {
          checkTrain(recommender, known);
          const more = { ...task, run: over, stopAfter: trained.epochs, lift: trained.network.plan.lift };
          return modelOf(kind, await trainNetwork(known, undefined, more), over.threads);
        },
      };
    },
    load: (saved) => modelOf(kind, readTrained(kind, saved), 1),
    async continued(saved, news, how, run) {
      const trained = readTrained(kind, saved);
      // A model goes on as it was told to begin.
      const settings = kind.settings(0, trained.network.settings);
      const task = { kind, settings, how, parts: { backend: nodeBackend, ...parts }, run };
      const { effort, ...learned } = await continueNetwork(trained, news, task);
      return { model: modelOf(kind, learned, run.threads), effort };
    },
  };
  return recommender;
}

function refuses({ items, offsets, entities }: Sequences): string | undefined {
  const first = items.find((item) => item >= 0);
  if (!items.some((item) => item >= 0 && item !== first)) return 'there are not two items with events';
  const rows = sequenceCount({ offsets });
  for (let row = 0; row < rows; row++) if (offsets[row + 1] - offsets[row] >= 2) return undefined;
  return `none of ${entities.length} sequences has two events`;
}

function modelOf<S extends NetworkSettings>(
  kind: NetworkKind<S>,
  trained: Trained,
  threads: number,
): NextItemModel {
  const { id } = kind;
  const { network } = trained;
  const scorer = openScorer(trained, nodeBackend, threads);
  return {
    recommender: id,
    itemIds: trained.network.plan.itemIds,
    isLogarithm: true,
    score: scorer.score,
    ...(scorer.best && { best: scorer.best }),
    attribute: (before, items, signal) => attributeItems(trained, before, items, { threads, signal }),
    ...(network.plan.columns.length + network.plan.vectors.length > 0 && {
      withItems: (added) => {
        const plan = planWithItems(network.plan, added);
        const more = networkOf(kind, plan, network.settings as S);
        return modelOf(kind, { ...trained, network: more }, threads);
      },
    }),
    compressed: (how) => modelOf(kind, compressTrained(trained, how), threads),
    save: () => savedTrained(id, trained),
    close: scorer.close,
  };
}
