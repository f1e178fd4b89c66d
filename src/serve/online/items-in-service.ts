// The model of items that answers with lists: loaded with the catalogue it is asked about, swapped when another is promoted.
import { AppError } from '../../core/errors.ts';
import type { ItemCatalogue } from '../../core/item-catalogue.ts';
import type { ItemVectors } from '../../core/item-vectors.ts';
import { withLake } from '../../data/lake/open.ts';
import { type Workspace, workspacePaths } from '../../data/workspace.ts';
import { type LoadedSequence, loadSequence, SEQUENCE_FOLDER } from '../../registry/sequence-bundle.ts';
import { promotedTasks, showVersion } from '../../registry/versions.ts';
import { LISTS } from '../lifecycle/answer-kind.ts';
import { mayPass } from '../lifecycle/passing-trouble.ts';
import type { RolloutObserver } from '../lifecycle/rollout-observer.ts';
import { openRollouts } from '../lifecycle/rollouts.ts';
import { learnedFrom } from '../next-item/offer-shop.ts';
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
  readonly vectorsOf?: NewVectors;
};

/** Reads what is written of items that a model never saw, by the encoders it learned from. @throws AppError */
export type NewVectors = (
  catalogue: ItemCatalogue,
  saved: LoadedSequence,
) => Promise<readonly ItemVectors[] | undefined>;

interface Opened {
  readonly recommender: ItemRecommender;
  /** Why what is written of new items could not be read: they are then known by their categories alone. */
  readonly unread: string | undefined;
}

/** More than a few are asked in programs of their own. */
const WARM = 5;

const NOTHING: Refreshed = { changes: [], faults: [] };

export function openItems({
  workspace,
  threads,
  observer,
  watchMs,
  vectorsOf,
  ...parts
}: ItemsParts): ItemsInService {
  const modelsDir = workspacePaths.models(workspace);
  const rollouts = openRollouts({
    ...{ modelsDir, kind: LISTS, now: parts.now },
    ...(observer && { observer }),
    ...(watchMs !== undefined && { watchMs }),
  });
  let current: ItemRecommender | undefined;
  let lookedAt: string | undefined;

  async function open(reference: string): Promise<Opened> {
    let unread: string | undefined;
    const saved = loadSequence(modelsDir, { reference });
    const offer = await withLake(workspace, { threads }, (engine, source) =>
      readOffer(engine, source, saved, {
        asOf: source.lastMs,
        ...(vectorsOf && {
          vectorsOf: (catalogue) =>
            vectorsOf(catalogue, saved).catch((error: unknown) => {
              if (!(error instanceof AppError)) throw error;
              unread = error.message;
              return undefined;
            }),
        }),
      }),
    );
    const recommender = openRecommender({ ...parts, offer });
    // The first lists open sessions, those of one and those of many: nobody should wait for that, or meet what cannot be opened.
    const [item_id] = saved.model.itemIds;
    const type = learnedFrom(saved).types?.[0] ?? 'view';
    const seen = [{ event_id: 'warm', user_id: '', type, timestamp: parts.now(), item_id }];
    for (const many of [1, WARM]) {
      const entities = Array.from({ length: many }, () => ({ user_id: '' }));
      await recommender.recommend({ entities, events: seen, top: 1 });
    }
    return { recommender, unread };
  }

  async function look(): Promise<Refreshed> {
    if (!promotedTasks(modelsDir).includes(SEQUENCE_FOLDER)) return NOTHING;
    const { version } = showVersion(modelsDir, SEQUENCE_FOLDER);
    if (version === lookedAt) return NOTHING;
    lookedAt = version;
    try {
      const { recommender, unread } = await open(version);
      const before = current?.version;
      current = onTrial(recommender);
      const message = `new items are not known by what is written of them: ${unread}`;
      return {
        changes: [{ task: SEQUENCE_FOLDER, version, before }],
        faults: unread === undefined ? [] : [{ task: SEQUENCE_FOLDER, message }],
      };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (mayPass(error)) lookedAt = undefined;
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
          const { recommender } = await open(version);
          return recommender.recommend;
        });
      return found;
    },
    close: () => rollouts.close(),
  };
}
