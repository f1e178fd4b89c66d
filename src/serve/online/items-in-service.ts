// The model of items that answers with lists: loaded with the catalogue it is asked about, swapped when another is promoted.
import { AppError } from '../../core/errors.ts';
import { withLake } from '../../data/lake/open.ts';
import { type Workspace, workspacePaths } from '../../data/workspace.ts';
import { loadSequence, SEQUENCE_FOLDER } from '../../registry/sequence-bundle.ts';
import { promotedTasks, showVersion } from '../../registry/versions.ts';
import { LISTS } from '../lifecycle/answer-kind.ts';
import type { RolloutObserver } from '../lifecycle/rollout-observer.ts';
import { openRollouts } from '../lifecycle/rollouts.ts';
import type { ItemRecommender } from '../ports.ts';
import type { Refreshed } from './models-in-service.ts';
import { readOffer } from './read-offer.ts';
import { openRecommender, type RecommenderParts } from './recommender.ts';

export interface ItemsInService {
  /** Undefined while no model of items is promoted. */
  readonly recommender: ItemRecommender | undefined;
  /** Loads what was promoted or put on trial since, with the catalogue as it is then. */
  refresh(): Promise<Refreshed>;
  /** What trials have measured is written down. */
  close(): Promise<void>;
}

export type ItemsParts = Omit<RecommenderParts, 'offer'> & {
  readonly workspace: Workspace;
  readonly threads: number;
  /** Hears of versions on trial. */
  readonly observer?: RolloutObserver;
  /** As `openRollouts` takes it. */
  readonly watchMs?: number;
};

const NOTHING: Refreshed = { changes: [], faults: [] };

export function openItems({ workspace, threads, observer, watchMs, ...parts }: ItemsParts): ItemsInService {
  const modelsDir = workspacePaths.models(workspace);
  const rollouts = openRollouts({
    ...{ modelsDir, kind: LISTS, now: parts.now },
    ...(observer && { observer }),
    ...(watchMs !== undefined && { watchMs }),
  });
  let current: ItemRecommender | undefined;
  let lookedAt: string | undefined;

  async function open(reference: string): Promise<ItemRecommender> {
    const saved = loadSequence(modelsDir, { reference });
    const offer = await withLake(workspace, { threads }, (engine, source) =>
      readOffer(engine, source, saved, { asOf: source.lastMs }),
    );
    const recommender = openRecommender({ ...parts, offer });
    // The first list opens sessions and compiles kernels: nobody should wait for that.
    await recommender.recommend({ entities: [{ user_id: '' }], events: [], top: 1 });
    return recommender;
  }

  async function look(): Promise<Refreshed> {
    if (!promotedTasks(modelsDir).includes(SEQUENCE_FOLDER)) return NOTHING;
    const { version } = showVersion(modelsDir, SEQUENCE_FOLDER);
    if (version === lookedAt) return NOTHING;
    lookedAt = version;
    try {
      const next = await open(version);
      const before = current?.version;
      current = onTrial(next);
      return { changes: [{ task: SEQUENCE_FOLDER, version, before }], faults: [] };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { changes: [], faults: [{ task: SEQUENCE_FOLDER, message: error.message }] };
    }
  }

  /** Lists by this model, by the one on trial beside it, or by the one before it. */
  const onTrial = ({ version, recommend }: ItemRecommender): ItemRecommender => ({
    version,
    recommend: (question) => rollouts.answer(SEQUENCE_FOLDER, question, recommend),
  });

  return {
    get recommender() {
      return current;
    },
    async refresh() {
      const found = await look();
      if (current)
        await rollouts.follow(SEQUENCE_FOLDER, current.version, async (version) => {
          const { recommend } = await open(version);
          return recommend;
        });
      return found;
    },
    close: () => rollouts.close(),
  };
}
