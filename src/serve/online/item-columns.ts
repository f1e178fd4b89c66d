// What everybody did with each item, as models of visits and of items are told it: read from the lake once, looked up online.
import type { Column } from '../../core/frame.ts';
import { lookUp } from '../../data/blocks.ts';
import type { Engine } from '../../data/engine.ts';
import { buildExamples } from '../../data/examples.ts';
import { everyoneKnown } from '../../data/labels.ts';
import { everybodysItems } from '../../data/pairs/keyed-log.ts';
import type { EventSource } from '../../data/source.ts';
import { ownView, VISITOR_HISTORY_MS } from '../../data/visits/visit-examples.ts';
import { visitorLog } from '../../data/visits/visits.ts';
import type { LoadedBundle } from '../../registry/bundle.ts';

/** Columns of the features of items, a row for each of some items; of an unknown one what the view says of no events. */
export interface ItemColumns {
  of(items: readonly string[]): readonly Column[];
}

/** For models that are told nothing of items. */
export const NO_ITEM_COLUMNS: ItemColumns = { of: () => [] };

/**
 * As of the last event of the lake: what happens to items later counts when the model is loaded anew. About 8 bytes a
 * feature and item.
 *
 * @throws AppError INTERRUPTED
 */
export async function readItemColumns(
  engine: Engine,
  shop: EventSource,
  { task, view }: Pick<LoadedBundle, 'task' | 'view'>,
): Promise<ItemColumns> {
  const own = ownView(view, 'item');
  if (task.entity === 'user' || own.features.length === 0) return NO_ITEM_COLUMNS;
  const asOf = shop.lastMs;
  const source = task.entity === 'session' ? visitorLog(shop) : shop;
  const read = await buildExamples(engine, everybodysItems(source, asOf - VISITOR_HISTORY_MS), {
    ...{ view: own, population: everyoneKnown, asOfs: [asOf] },
  });
  const places = new Map(read.entities.map((item, row) => [item, row]));
  const block = { frame: read.frame, view: own };
  return {
    of: (items) =>
      lookUp(
        block,
        Int32Array.from(items, (item) => places.get(item) ?? -1),
        shop,
      ),
  };
}

/** Reads once a model, for as long as it is in service; what failed is tried again. */
export function rememberItems(
  read: (bundle: LoadedBundle) => Promise<ItemColumns>,
): (bundle: LoadedBundle) => Promise<ItemColumns> {
  const known = new WeakMap<LoadedBundle, Promise<ItemColumns>>();
  return (bundle) => {
    const own =
      known.get(bundle) ??
      read(bundle).catch((cause: unknown) => {
        known.delete(bundle);
        throw cause;
      });
    known.set(bundle, own);
    return own;
  };
}
