// One shop taken into service: its journal opened, its state as it was, its models loaded, its door ready for events.
import { AppError } from '../core/errors.ts';
import { type Progress, silent } from '../core/progress.ts';
import type { EventRow } from '../data/event.ts';
import { type Compaction, compactJournal } from '../data/journal/compact.ts';
import type { EventJournal } from '../data/journal/event-journal.ts';
import type { JournalDisk } from '../data/journal/journal-disk.ts';
import { withLake } from '../data/lake/open.ts';
import { pseudonym, readPseudonymKey } from '../data/pseudonym.ts';
import { type Workspace, workspacePaths, workspaceZone } from '../data/workspace.ts';
import { openSearch, type SearchParts } from './catalogue/search-in-service.ts';
import { observeLifecycle } from './lifecycle/observe-lifecycle.ts';
import type { RolloutObserver } from './lifecycle/rollout-observer.ts';
import { readItemColumns, rememberItems } from './online/item-columns.ts';
import { type NewVectors, openItems } from './online/items-in-service.ts';
import { type ModelsInService, openModels, type Refreshed } from './online/models-in-service.ts';
import { readItemFacts } from './online/read-item-facts.ts';
import { openUserProfiles } from './online/user-profile.ts';
import { openEraser } from './operation/erase-customer.ts';
import type { ServiceMonitor } from './operation/service-monitor.ts';
import { watchPredictor, watchRecommender } from './operation/watched-answers.ts';
import type { CustomerEraser, ItemRecommender, OnlineState, ShopPorts } from './ports.ts';
import { servedTasks } from './served-tasks.ts';
import { openServiceJournal } from './service-journal.ts';
import { openServiceState } from './service-state.ts';
import { openShop, type ServedShop, type ShopSettings } from './shop.ts';
import type { OpenState } from './state/online-state.ts';
import { applyStored } from './state/start-state.ts';
import { openTexts } from './text-tasks/texts-in-service.ts';

export interface ServiceOptions {
  /** As keys name it. */
  readonly name: string;
  readonly threads: number;
  /** UTC ms. */
  readonly now: () => number;
  readonly newId: () => string;
  readonly settings?: Pick<ShopSettings, 'exchange' | 'eventNames' | 'consent'>;
  /** Records answers, refused events and who did what; closed with the service. */
  readonly monitor?: ServiceMonitor;
  readonly observer?: ShopPorts['observer'];
  /** Where the journal lies; the workspace's own folder when absent. */
  readonly journalDisk?: JournalDisk;
  /** What compares the vectors of a catalogue; without it searches are answered by words alone. */
  readonly backend?: SearchParts['backend'];
  /** Reads what is written of items that came after the model of lists; without it they are known by their categories. */
  readonly vectorsOf?: NewVectors;
  readonly progress?: Progress;
  /** Hears why the state's snapshot could not be used; it is then made of the lake. */
  readonly onUnusable?: (reason: AppError) => void;
  /** Hears of versions on trial; the monitor does when absent. */
  readonly onTrial?: RolloutObserver;
  readonly signal?: AbortSignal;
}

export interface ShopService {
  readonly shop: ServedShop;
  readonly models: ModelsInService;
  /** Models of customers and of items that were promoted since: loaded, warmed up, and answering when it resolves. */
  refresh(): Promise<Refreshed>;
  /** What was found when the models were first looked for. */
  readonly found: Refreshed;
  readonly state: OpenState;
  readonly journal: EventJournal;
  readonly monitor?: ServiceMonitor;
  /** Where the state came from, and how many people are in it. */
  readonly started: { readonly from: 'snapshot' | 'lake'; readonly people: number; readonly events: number };
  /**
   * Writes the state down, so that the next start need not read the lake, and brings the journal into the lake, where
   * training finds it. Events go on coming meanwhile.
   *
   * @throws AppError BUSY while another process writes to the lake; nothing is lost by trying again later
   */
  settle(): Promise<Compaction>;
  /** The state written down, everything acknowledged on the disk, the journal free for another process. */
  close(): Promise<void>;
}

/**
 * Nothing is answered before all of it stands; then each part changes by itself.
 *
 * @throws AppError BUSY naming the process that serves this workspace already; BAD_FILE, DISK, INTERRUPTED
 */
export async function openService(workspace: Workspace, options: ServiceOptions): Promise<ShopService> {
  const { name, now, newId, threads, progress = silent, signal, settings, monitor } = options;
  /** Undefined until the state stands; what is on the disk by then it reads itself. */
  let recover: ((rows: readonly EventRow[]) => void) | undefined;
  const journal = await openServiceJournal(workspace, {
    onRecovered: (rows) => recover?.(rows),
    ...(monitor && { monitor }),
    ...(options.journalDisk && { disk: options.journalDisk }),
    ...(signal && { signal }),
  }).catch(async (cause) => {
    await monitor?.close();
    throw cause;
  });
  try {
    const zone = workspaceZone(workspace);
    const { currency, facts } = await withLake(workspace, { threads }, async (engine, source) => ({
      currency: source.currency || workspace.settings.currency,
      facts: await readItemFacts(engine, source),
    }));
    const context = { zone, items: facts };
    let state: OpenState | undefined;
    let eraser: CustomerEraser | undefined;
    const personId = personIds(workspace);
    const onTrial = options.onTrial ?? (monitor && observeLifecycle(monitor));
    const trials = {
      ...(onTrial && { observer: onTrial }),
      ...(monitor && { watchMs: monitor.settings.promoted.watchMs }),
    };
    const asked = {
      ...{ now, newId, ...trials },
      find: (person: Parameters<OpenState['find']>[0]) => state?.find(person),
      ...(personId && { personId }),
    };
    const modelsDir = workspacePaths.models(workspace);
    const readItems = rememberItems((bundle) =>
      withLake(workspace, { threads }, (engine, source) => readItemColumns(engine, source, bundle)),
    );
    const models = await openModels({
      ...{ ...asked, modelsDir, context: () => context, readItems },
      ...(monitor && { onAnswered: monitor.drift.answered }),
    });
    const texts = openTexts({ modelsDir, now, newId, ...trials });
    const foundTexts = await texts.refresh();
    const items = openItems({
      ...{ ...asked, workspace, threads },
      ...(options.vectorsOf && { vectorsOf: options.vectorsOf }),
    });
    const foundItems = await items.refresh();
    const search = await openSearch({
      ...{ workspace, threads, now, predictor: models.predictor, recommender: () => items.recommender },
      ...(options.backend && { backend: options.backend }),
    });
    const foundCatalogue = await search.refresh();
    const live: OnlineState = {
      apply: (rows) => state?.apply(rows),
      adopt: (anonymousId, userId) => state?.adopt(anonymousId, userId),
    };
    const activeVersion = (task: string): string | undefined =>
      models.bundles.find((bundle) => bundle.task.name === task)?.version.version;
    const listener = rememberOne((recommender: ItemRecommender) =>
      monitor ? watchRecommender(recommender, monitor.answers) : recommender,
    );
    const ports = {
      ...{ name, journal, state: live },
      predictor: monitor ? watchPredictor(models.predictor, { ...monitor, activeVersion }) : models.predictor,
      get recommender() {
        return listener(items.recommender);
      },
      get texts() {
        return texts.answerer;
      },
      served: { list: () => servedTasks(models.bundles, texts.bundles) },
      search: search.search,
      profiles: openUserProfiles({
        ...{ ...asked, context, currency, predictor: models.predictor, bundles: () => models.bundles },
        isLinked: (anonymousId) => state?.isAdopted(anonymousId) ?? false,
      }),
      get eraser() {
        return eraser;
      },
      ...(monitor && { rejected: monitor.rejected, records: monitor.audit }),
      ...(options.observer && { observer: options.observer }),
    };
    const shop = openShop(ports, { ...settings, currency, newId, ...(personId && { personId }) });
    const kept = await openServiceState({
      ...{ workspace, journal, threads, context, progress, door: shop.door },
      views: models.bundles.map(({ view }) => view),
      ...(options.onUnusable && { onUnusable: options.onUnusable }),
      ...(signal && { signal }),
    });
    state = kept.state;
    recover = (rows) => {
      for (const row of rows) {
        applyStored(kept.state, row);
        shop.door.replay(row);
      }
    };
    eraser = openEraser({
      ...{ workspace, journal, kept, threads, door: shop.door },
      ...(monitor && { monitor }),
      ...(personId && { personId }),
    });
    await monitor?.drift.watch(models.bundles);
    const { people, events } = state.counts();
    const settle = async (): Promise<Compaction> =>
      compactJournal(workspace, journal, { keepFrom: await kept.snapshot() });
    return {
      ...{ shop, models, state, journal, settle },
      ...(monitor && { monitor }),
      found: together(models, foundItems, foundTexts, foundCatalogue),
      async refresh() {
        const refreshed = together(
          await models.refresh(),
          await items.refresh(),
          await texts.refresh(),
          await search.refresh(),
        );
        monitor?.changed(refreshed);
        if (refreshed.changes.length > 0) {
          // What is forgotten of busy people from now on is summed up as the new models read it.
          kept.state.changeViews(models.bundles.map(({ view }) => view));
          await monitor?.drift.watch(models.bundles);
        }
        return refreshed;
      },
      started: { from: kept.from, people, events },
      async close() {
        try {
          await models.close();
          await items.close();
          await texts.close();
          await search.close();
          if (journal.ready)
            await settle().catch((cause: unknown) => {
              // An import writes to the lake right now: the journal keeps what it has until the next start.
              if (!(cause instanceof AppError && cause.code === 'BUSY')) throw cause;
            });
        } finally {
          await journal.close();
          await monitor?.close();
        }
      },
    };
  } catch (cause) {
    await journal.close();
    await monitor?.close();
    throw cause;
  }
}

/** Made anew only where it is asked with another one. */
function rememberOne<Value extends object>(
  make: (value: Value) => Value,
): (value: Value | undefined) => Value | undefined {
  let last: { readonly from: Value; readonly made: Value } | undefined;
  return (value) => {
    if (value === undefined) return undefined;
    if (last?.from !== value) last = { from: value, made: make(value) };
    return last.made;
  };
}

const together = (...all: readonly Refreshed[]): Refreshed => ({
  changes: all.flatMap(({ changes }) => changes),
  faults: all.flatMap(({ faults }) => faults),
});

/** How ids are written where the shop keeps pseudonyms. */
export function personIds({ dir, settings }: Workspace): ((id: string) => string) | undefined {
  if (!settings.pseudonyms) return undefined;
  const key = readPseudonymKey(dir);
  return (id) => pseudonym(key, id);
}
