// What offering items online takes besides a model: the catalogue, what is known of its items, and what is taken lately.
import type { ItemCatalogue } from '../../core/item-catalogue.ts';
import type { ItemVectors } from '../../core/item-vectors.ts';
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
import { type Availability, readAvailability } from './availability.ts';

export interface Offer {
  readonly saved: LoadedSequence;
  readonly catalogue: ItemCatalogue;
  /** By the levels the model was told; absent where it was told nothing. */
  readonly attributes: ItemAttributes | undefined;
  readonly popular: PopularItems;
  /** Events of each item as the model reads them, [items]. */
  readonly counts: Uint32Array;
  readonly available: Availability;
}

export interface ReadOfferOptions {
  readonly asOf: number;
  /** Vectors of the items the model never saw, by the encoders it learned from. */
  readonly vectorsOf?: (catalogue: ItemCatalogue) => Promise<readonly ItemVectors[] | undefined>;
  readonly signal?: AbortSignal;
}

/** As of the last event of the lake. @throws AppError INTERRUPTED; as `vectorsOf` */
export async function readOffer(
  engine: Engine,
  source: EventSource,
  saved: LoadedSequence,
  { asOf, vectorsOf, signal }: ReadOfferOptions,
): Promise<Offer> {
  const { by, types } = learnedFrom(saved);
  const stop = signal && { signal };
  const catalogue = await lakeCatalogue(engine, source, saved.model.itemIds, { asOf, ...stop });
  const read = await lakeSequences(engine, source, { by, ...(types && { types }), ...stop });
  const known = await lakeAttributes(engine, source, catalogue.itemIds, signal);
  const histories = codedBy(catalogue, read);
  const vectors = await vectorsOf?.(catalogue);
  const told = known && catalogueAttributes(catalogue, saved.attributes, known);
  return {
    ...{ saved, catalogue, counts: itemCounts(histories) },
    available: await readAvailability(engine, source, catalogue.itemIds, signal),
    attributes: vectors ? { categories: {}, ...told, vectors } : told,
    popular: popularItems(firstItems(histories, catalogue.known)),
  };
}
