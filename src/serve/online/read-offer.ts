// What offering items online takes besides a model: the catalogue, what is known of its items, and what is taken lately.
import type { ItemCatalogue } from '../../core/item-catalogue.ts';
import type { ItemAttributes } from '../../core/sequences.ts';
import type { Engine } from '../../data/engine.ts';
import { lakeAttributes, lakeSequences } from '../../data/sequences/lake-sequences.ts';
import { lakeCatalogue } from '../../data/sequences/read-catalogue.ts';
import type { EventSource } from '../../data/source.ts';
import type { LoadedSequence } from '../../registry/sequence-bundle.ts';
import { catalogueAttributes } from '../next-item/catalogue-attributes.ts';
import { itemCounts } from '../next-item/long-tail.ts';
import { codedBy, firstItems } from '../next-item/offer-items.ts';
import { learnedFrom } from '../next-item/offer-shop.ts';
import { type PopularItems, popularItems } from '../next-item/popular-items.ts';

export interface Offer {
  readonly saved: LoadedSequence;
  readonly catalogue: ItemCatalogue;
  /** By the levels the model was told; absent where it was told nothing. */
  readonly attributes: ItemAttributes | undefined;
  readonly popular: PopularItems;
  /** Events of each item as the model reads them, [items]. */
  readonly counts: Uint32Array;
  /** 1 for what the shop's catalogue says is on offer at the moment of reading, [items]. */
  readonly available: Uint8Array;
}

/** As of the last event of the lake. @throws AppError INTERRUPTED */
export async function readOffer(
  engine: Engine,
  source: EventSource,
  saved: LoadedSequence,
  { asOf, signal }: { readonly asOf: number; readonly signal?: AbortSignal },
): Promise<Offer> {
  const { by, types } = learnedFrom(saved);
  const stop = signal && { signal };
  const catalogue = await lakeCatalogue(engine, source, saved.model.itemIds, { asOf, ...stop });
  const read = await lakeSequences(engine, source, { by, ...(types && { types }), ...stop });
  const known = await lakeAttributes(engine, source, catalogue.itemIds, signal);
  const histories = codedBy(catalogue, read);
  return {
    ...{ saved, catalogue, counts: itemCounts(histories), available: onOffer(catalogue) },
    attributes: known && catalogueAttributes(catalogue, saved.attributes, known),
    popular: popularItems(firstItems(histories, catalogue.known)),
  };
}

function onOffer({ frame, itemIds }: ItemCatalogue): Uint8Array {
  const column = frame.columns.find(({ name }) => name === 'available');
  if (column?.kind !== 'number') return new Uint8Array(itemIds.length).fill(1);
  return Uint8Array.from(column.values, (value) => (value === 0 ? 0 : 1));
}
