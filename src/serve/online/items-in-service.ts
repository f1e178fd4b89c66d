// The model of items that answers with lists: loaded with the catalogue it is asked about, swapped when another is promoted.
import { AppError } from '../../core/errors.ts';
import { withLake } from '../../data/lake/open.ts';
import { type Workspace, workspacePaths } from '../../data/workspace.ts';
import { loadSequence, SEQUENCE_FOLDER } from '../../registry/sequence-bundle.ts';
import { listTasks, showVersion } from '../../registry/versions.ts';
import type { ItemRecommender } from '../ports.ts';
import type { Refreshed } from './models-in-service.ts';
import { readOffer } from './read-offer.ts';
import { openRecommender, type RecommenderParts } from './recommender.ts';

export interface ItemsInService {
  /** Undefined while no model of items is promoted. */
  readonly recommender: ItemRecommender | undefined;
  /** Loads what was promoted since, with the catalogue as it is then. */
  refresh(): Promise<Refreshed>;
}

export type ItemsParts = Omit<RecommenderParts, 'offer'> & {
  readonly workspace: Workspace;
  readonly threads: number;
};

const NOTHING: Refreshed = { changes: [], faults: [] };

export function openItems({ workspace, threads, ...parts }: ItemsParts): ItemsInService {
  const modelsDir = workspacePaths.models(workspace);
  let current: ItemRecommender | undefined;
  let lookedAt: string | undefined;
  return {
    get recommender() {
      return current;
    },
    async refresh() {
      if (!listTasks(modelsDir).includes(SEQUENCE_FOLDER)) return NOTHING;
      const { version } = showVersion(modelsDir, SEQUENCE_FOLDER);
      if (version === lookedAt) return NOTHING;
      lookedAt = version;
      try {
        const saved = loadSequence(modelsDir, { reference: version });
        const offer = await withLake(workspace, { threads }, (engine, source) =>
          readOffer(engine, source, saved, { asOf: source.lastMs }),
        );
        const next = openRecommender({ ...parts, offer });
        // The first list opens sessions and compiles kernels: nobody should wait for that.
        await next.recommend({ entities: [{ user_id: '' }], events: [], top: 1 });
        const before = current?.version;
        current = next;
        return { changes: [{ task: SEQUENCE_FOLDER, version, before }], faults: [] };
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return { changes: [], faults: [{ task: SEQUENCE_FOLDER, message: error.message }] };
      }
    },
  };
}
