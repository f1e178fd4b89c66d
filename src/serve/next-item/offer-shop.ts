// Lists for everybody a shop knows, as of a moment: its events, its catalogue and its customers read, then offered from.
import { AppError } from '../../core/errors.ts';
import type { ItemCatalogue } from '../../core/item-catalogue.ts';
import type { ItemVectors } from '../../core/item-vectors.ts';
import type { ItemAttributes, Sequences } from '../../core/sequences.ts';
import { HOUR_MS } from '../../core/time.ts';
import type { Engine } from '../../data/engine.ts';
import type { EventType } from '../../data/event.ts';
import { lakeCustomers } from '../../data/sequences/lake-customers.ts';
import { lakeAttributes, lakeSequences } from '../../data/sequences/lake-sequences.ts';
import { joinCatalogues, lakeCatalogue, readCatalogue } from '../../data/sequences/read-catalogue.ts';
import { readItems } from '../../data/sequences/read-items.ts';
import type { EventSource } from '../../data/source.ts';
import type { LoadedSequence } from '../../registry/sequence-bundle.ts';
import { catalogueAttributes } from './catalogue-attributes.ts';
import type { ItemLists } from './list-items.ts';
import { codedBy, type OfferQuestion, offerItems } from './offer-items.ts';

export interface ShopQuestion
  extends Omit<OfferQuestion, 'histories' | 'rows' | 'had' | 'catalogue' | 'attributes' | 'segments'> {
  /** UTC ms: what happened later is not known. */
  readonly asOf: number;
  /** A table of items beside the shop's own catalogue, its columns going first. */
  readonly itemsFile?: string;
  /** Vectors of the items the model never saw, by the encoders it learned from. */
  readonly vectorsOf?: (catalogue: ItemCatalogue) => Promise<readonly ItemVectors[] | undefined>;
  /** An existing folder for decoded copies of it. */
  readonly scratch: string;
  /** What people of the same kind take, for those without a history: see `lakeCustomers`. */
  readonly segmentBy?: string;
}

export interface ShopLists {
  readonly lists: ItemLists;
  readonly entities: readonly string[];
  readonly entityType: 'user' | 'session';
  readonly catalogue: ItemCatalogue;
}

/** A visit is open so long after its last step. */
const OPEN_MS = HOUR_MS / 2;

/** @throws AppError as `offerItems`; NOT_ENOUGH_DATA where nobody is known by then */
export async function offerShop(
  engine: Engine,
  source: EventSource,
  saved: LoadedSequence,
  question: ShopQuestion,
): Promise<ShopLists> {
  const { asOf, segmentBy, progress, signal } = question;
  const { by, types } = learnedFrom(saved);
  const reading = { by, untilMs: asOf, ...(progress && { progress }), ...(signal && { signal }) };
  const { itemIds } = saved.model;
  const shop = await lakeCatalogue(engine, source, itemIds, { asOf, ...(signal && { signal }) });
  const table = await tableOf(engine, itemIds, question);
  const catalogue = table ? joinCatalogues(shop, table) : shop;
  const read = codedBy(
    catalogue,
    await lakeSequences(engine, source, { ...reading, ...(types && { types }) }),
  );
  const all = types ? codedBy(catalogue, await lakeSequences(engine, source, reading)) : read;
  const customers =
    by === 'user'
      ? await lakeCustomers(engine, source, {
          asOf,
          ...(segmentBy !== undefined && { segmentBy }),
          ...(signal && { signal }),
        })
      : undefined;
  // Sessions outside the question are what popularity is counted in.
  const rows = customers ? undefined : openSessions(read, asOf);
  const entities = customers?.ids ?? Array.from(rows ?? [], (row) => read.entities[row]);
  if (entities.length === 0)
    throw new AppError(
      'NOT_ENOUGH_DATA',
      by === 'user'
        ? 'expected customers known by that moment, there are none: take a later one'
        : 'expected visits open at that moment, there are none: take another one',
    );
  const attributes = await attributesOf(engine, source, catalogue, question);
  const vectors = await question.vectorsOf?.(catalogue);
  const learned = attributes && catalogueAttributes(catalogue, saved.attributes, attributes);
  const histories = customers ? spread(read, entities) : read;
  const lists = await offerItems(saved, {
    ...question,
    ...{ histories, catalogue },
    ...(rows && { rows }),
    had: spread(all, histories.entities),
    ...((learned || vectors) && {
      attributes: { categories: {}, ...learned, ...(vectors && { vectors }) },
    }),
    ...(customers?.segments && { segments: customers.segments }),
    rules: withAvailable(question.rules, shop, catalogue),
  });
  return { lists, entities, entityType: by, catalogue };
}

/** Of which events the model learned: of a model made elsewhere, those of a customer that name an item. */
export function learnedFrom({ version }: LoadedSequence): {
  readonly by: 'user' | 'session';
  readonly types?: readonly EventType[];
} {
  const { by, events } = version.settings as { by?: 'user' | 'session'; events?: readonly EventType[] };
  return { by: by ?? 'user', ...(events && { types: events }) };
}

/** Sequences of these entities in this order, empty ones for those without any. */
function spread(sequences: Sequences, entities: readonly string[]): Sequences {
  const rowOf = new Map(sequences.entities.map((entity, row) => [entity, row]));
  const rows = entities.map((entity) => rowOf.get(entity));
  const offsets = new Uint32Array(entities.length + 1);
  rows.forEach((row, e) => {
    const size = row === undefined ? 0 : sequences.offsets[row + 1] - sequences.offsets[row];
    offsets[e + 1] = offsets[e] + size;
  });
  const moved = <T extends Int32Array | Float64Array | Uint8Array>(values: T, into: T): T => {
    rows.forEach((row, e) => {
      if (row === undefined) return;
      into.set(values.subarray(sequences.offsets[row], sequences.offsets[row + 1]), offsets[e]);
    });
    return into;
  };
  const size = offsets[entities.length];
  const { items, timesMs, types, typeLevels, itemIds } = sequences;
  return {
    ...{ entities, offsets, itemIds, items: moved(items, new Int32Array(size)) },
    ...(timesMs && { timesMs: moved(timesMs, new Float64Array(size)) }),
    ...(types && { types: moved(types, new Uint8Array(size)) }),
    ...(typeLevels && { typeLevels }),
  };
}

function openSessions(
  { entities, offsets, timesMs = new Float64Array() }: Sequences,
  asOf: number,
): Int32Array {
  return Int32Array.from(entities.keys()).filter(
    (row) => offsets[row + 1] > offsets[row] && timesMs[offsets[row + 1] - 1] > asOf - OPEN_MS,
  );
}

async function tableOf(
  engine: Engine,
  itemIds: readonly string[],
  { itemsFile, scratch, signal }: ShopQuestion,
): Promise<ItemCatalogue | undefined> {
  if (itemsFile === undefined) return undefined;
  return readCatalogue(engine, itemsFile, itemIds, { scratch, ...(signal && { signal }) });
}

/** By the shop's catalogue and the table beside it, whose columns go first. */
async function attributesOf(
  engine: Engine,
  source: EventSource,
  { itemIds }: ItemCatalogue,
  { itemsFile, scratch, signal }: ShopQuestion,
): Promise<ItemAttributes | undefined> {
  const own = await lakeAttributes(engine, source, itemIds, signal);
  if (itemsFile === undefined) return own;
  const { attributes } = await readItems(engine, itemsFile, itemIds, { scratch, ...(signal && { signal }) });
  return { ...own, ...attributes, categories: { ...own?.categories, ...attributes.categories } };
}

/** Besides what was asked: nothing the shop's catalogue says is not on offer at that moment. */
function withAvailable(
  rules: OfferQuestion['rules'],
  shop: ItemCatalogue,
  catalogue: ItemCatalogue,
): OfferQuestion['rules'] {
  const column = shop.frame.columns.find(({ name }) => name === 'available');
  if (column?.kind !== 'number') return rules;
  const gone = shop.itemIds.filter((_, item) => column.values[item] === 0);
  if (gone.length === 0 || catalogue.itemIds.length === 0) return rules;
  return { ...rules, without: new Set([...(rules.without ?? []), ...gone]) };
}
