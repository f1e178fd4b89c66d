// The catalogue that searches are answered from: the one indexed for the workspace, else its table of items by words alone.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import type { TextColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import type { Engine } from '../../data/engine.ts';
import { withLake } from '../../data/lake/open.ts';
import { lakeCatalogue } from '../../data/sequences/read-catalogue.ts';
import type { EventSource } from '../../data/source.ts';
import type { Workspace } from '../../data/workspace.ts';
import { CATALOGUE_FOLDER, type CatalogueBundle, loadCatalogue } from '../../registry/catalogue-bundle.ts';
import { listTasks, showVersion } from '../../registry/versions.ts';
import type { Refreshed } from '../online/models-in-service.ts';
import type { ItemSearch } from '../ports.ts';
import { type OpenCatalogue, type OpenOptions, openCatalogue } from './open-catalogue.ts';
import type { IntentParts } from './purchase-intent.ts';
import { shopPurchaseScores } from './purchase-scores.ts';
import { openItemSearch } from './rerank.ts';

export interface SearchInService {
  readonly search: ItemSearch;
  /** Looks for a catalogue indexed since. */
  refresh(): Promise<Refreshed>;
  close(): Promise<void>;
}

export interface SearchParts {
  readonly workspace: Workspace;
  readonly threads: number;
  readonly now: () => number;
  /** What compares vectors; without it a catalogue is searched by words alone. */
  readonly backend?: OpenOptions['backend'];
  /** Those in service at the moment of asking. */
  readonly recommender: () => IntentParts['recommender'];
  readonly predictor: IntentParts['predictor'];
}

/** `catalogue index --workspace DIR --out DIR/catalogue` makes it. */
const FOLDER = 'catalogue';
const NOTHING: Refreshed = { changes: [], faults: [] };

/** What is bought, and the table of items, are those of the lake when this is opened. */
export async function openSearch(parts: SearchParts): Promise<SearchInService> {
  const { workspace, threads, now, recommender, predictor, backend } = parts;
  const folder = join(workspace.dir, FOLDER);
  const { shop, bundle } = await withLake(workspace, { threads }, async (engine, source) => ({
    shop: await shopPurchaseScores(engine, source),
    bundle: await itemsBundle(engine, source),
  }));
  let catalogue = bundle && openCatalogue(bundle, { backend: backend ?? NO_BACKEND, threads });
  let lookedAt: string | undefined;
  const searchOver = (own: OpenCatalogue | undefined): ItemSearch =>
    openItemSearch({
      ...{ catalogue: own, now, shop, predictor },
      // Read with each question: models change while the server runs.
      get recommender() {
        return recommender();
      },
    });
  let current = searchOver(catalogue);
  return {
    search: { rerank: (question) => current.rerank(question) },
    async refresh() {
      if (!existsSync(folder) || !listTasks(folder).includes(CATALOGUE_FOLDER)) return NOTHING;
      const { version } = showVersion(folder, CATALOGUE_FOLDER, 'latest');
      if (version === lookedAt) return NOTHING;
      const before = lookedAt;
      lookedAt = version;
      try {
        catalogue = await openIndexed(folder, { ...(backend && { backend }), threads });
        current = searchOver(catalogue);
        return { changes: [{ task: FOLDER, version, before }], faults: [] };
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return { changes: [], faults: [{ task: FOLDER, message: error.message }] };
      }
    },
    close: async () => catalogue?.close(),
  };
}

/** Never called: a catalogue without vectors opens no session. */
const NO_BACKEND = {
  open(): never {
    throw new AppError('USAGE', 'expected a backend to compare vectors with');
  },
} as unknown as OpenOptions['backend'];

async function openIndexed(
  folder: string,
  { backend, threads }: { readonly backend?: OpenOptions['backend']; readonly threads: number },
): Promise<OpenCatalogue> {
  const { meaning, pictures: _, ...words } = loadCatalogue(folder);
  if (!meaning || !backend) return openCatalogue(words, { backend: NO_BACKEND, threads });
  const open = openCatalogue({ ...words, meaning }, { backend, threads });
  // The first question opens the encoder and the vectors: nobody should wait for that, and one that is gone is said now.
  await open.readQuestion('first');
  await open.meaning();
  return open;
}

/** The workspace's own table of items; undefined where it has none, or no titles. */
async function itemsBundle(
  engine: Engine,
  source: Pick<EventSource, 'items' | 'currency' | 'lastMs'>,
): Promise<CatalogueBundle | undefined> {
  if (source.items === undefined) return undefined;
  const { itemIds, frame, titles } = await lakeCatalogue(engine, source, [], { asOf: source.lastMs });
  if (!titles) return undefined;
  const title: TextColumn = {
    ...{ kind: 'text', name: 'title', label: name('title', '标题'), unit: 'none', group: 'title' },
    values: titles,
  };
  const fields = Object.fromEntries(
    ['title', ...frame.columns.map((column) => column.name)]
      .filter((own) => own === 'title' || own === 'category' || own === 'brand')
      .map((own) => [own, own]),
  );
  return { itemIds, frame: { ...frame, columns: [title, ...frame.columns] }, fields };
}
