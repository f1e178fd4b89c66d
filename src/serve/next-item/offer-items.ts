// A saved next-item model put to use: histories and a catalogue in, a list of items for each customer out.
import { AppError } from '../../core/errors.ts';
import type { ItemCatalogue } from '../../core/item-catalogue.ts';
import { type Progress, silent } from '../../core/progress.ts';
import { type ItemAttributes, type Sequences, takeSequences } from '../../core/sequences.ts';
import { withAddedItems } from '../../models/sequence/added-items.ts';
import type { NextItemModel } from '../../models/sequence/recommender.ts';
import type { LoadedSequence } from '../../registry/sequence-bundle.ts';
import type { Diversity } from './diversify.ts';
import { likenessByAttributes, likenessByHistories } from './item-likeness.ts';
import { type ItemLists, listItems } from './list-items.ts';
import { itemCounts, tailOf, tailPenalties } from './long-tail.ts';
import { type OfferRules, offeredItems } from './offered-items.ts';
import { popularItems } from './popular-items.ts';

/** What of their own is not offered again. */
export const OWN_ITEMS = ['yes', 'bought', 'no'] as const;
export type OwnItems = (typeof OWN_ITEMS)[number];

/** By what items of a list are to differ. */
export const DIVERSE_BY = ['attributes', 'histories'] as const;
export type DiverseBy = (typeof DIVERSE_BY)[number];

export interface OfferQuestion {
  /** All that is known of everybody, by item codes of `catalogue`; what is popular is counted in it. */
  readonly histories: Sequences;
  /** Whom to answer; everybody where absent. */
  readonly rows?: Int32Array;
  /** What they had, where the model looks at less than all of it; entities as in `histories`. */
  readonly had?: Sequences;
  readonly catalogue: ItemCatalogue;
  /** What is known of all items of the catalogue, by the levels the model was told: for those it never saw. */
  readonly attributes?: ItemAttributes;
  readonly rules: OfferRules;
  /** `yes`: nothing they had; as the model was tested where absent. */
  readonly excludeSeen?: OwnItems;
  readonly top: number;
  /** From 0 to 1. */
  readonly diversity?: number;
  readonly diverseBy?: DiverseBy;
  /** From 0 to 1: how much lower what many take is placed. */
  readonly longTail?: number;
  /** Segment of each entity of `histories`, −1 where it is not known. */
  readonly segments?: Int32Array;
  readonly seed?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** @throws AppError USAGE for rules, as `offeredItems`; for a diversity by what is not known; a long tail of scores that are no logarithms; INTERRUPTED */
export async function offerItems(
  { model, histories: tested }: Pick<LoadedSequence, 'model' | 'histories'>,
  question: OfferQuestion,
): Promise<ItemLists> {
  const { histories, catalogue, rules, top, segments, signal } = question;
  const offered = offeredItems(catalogue, rules);
  const rows = question.rows ?? Int32Array.from(histories.entities.keys());
  const asked = takeSequences(histories, rows);
  const own = question.excludeSeen ?? (tested[0] === 'excluded' ? 'yes' : 'no');
  return listItems(catalogueModel(model, question), asked, {
    ...{ top, offered, firstNew: catalogue.known },
    ...(own !== 'no' && { barred: barredOf(question, rows, own) }),
    ...(question.diversity ? { diversity: await diversityOf(question, question.diversity) } : {}),
    ...(question.longTail && {
      penalties: tailPenalties(itemCounts(histories), tailOf(model, question.longTail)),
    }),
    popular: popularItems(firstItems(histories, catalogue.known), segments),
    ...(segments && { segments: Int32Array.from(rows, (row) => segments[row]) }),
    ...(signal && { signal }),
  });
}

/** The model with all items of the catalogue; those of which nothing is known are never offered. */
export function catalogueModel(
  model: NextItemModel,
  { catalogue, attributes }: Pick<OfferQuestion, 'catalogue' | 'attributes'>,
): NextItemModel {
  return withAddedItems(model, {
    itemIds: catalogue.itemIds.slice(catalogue.known),
    attributes: attributes ?? { categories: {} },
  });
}

/** Popularity is counted among the items the model knows: of others nothing was taken, or too little to tell. */
export const firstItems = (histories: Sequences, known: number): Sequences => ({
  ...histories,
  items: histories.items.map((item) => (item < known ? item : -1)),
  itemIds: histories.itemIds.slice(0, known),
});

export function barredOf(
  { histories, had = histories }: Pick<OfferQuestion, 'histories' | 'had'>,
  rows: Int32Array,
  own: OwnItems,
): Pick<Sequences, 'offsets' | 'items'> {
  const all = takeSequences(had, rows);
  const purchase = all.typeLevels?.indexOf('purchase') ?? -1;
  const { types } = all;
  // Where all events are of one kind, that kind is having.
  if (own === 'yes' || !types || purchase < 0) return all;
  return { ...all, items: all.items.map((item, event) => (types[event] === purchase ? item : -1)) };
}

async function diversityOf(
  { histories, attributes, catalogue, diverseBy, seed = 0, progress = silent, signal }: OfferQuestion,
  amount: number,
): Promise<Diversity> {
  const isKnown = attributes !== undefined && Object.keys(attributes.categories).length > 0;
  const by = diverseBy ?? (isKnown ? 'attributes' : 'histories');
  if (by === 'attributes') {
    if (isKnown) return { amount, likeness: likenessByAttributes(attributes, catalogue.itemIds.length) };
    throw new AppError(
      'USAGE',
      '--diverse-by attributes: expected categories of the items, nothing is known of them: name a table with --items',
    );
  }
  const run = { seed, threads: 1, progress, ...(signal && { signal }) };
  return { amount, likeness: await likenessByHistories(histories, run) };
}

/** Sequences by the codes of a catalogue; items it does not have become −1. */
export function codedBy({ itemIds }: Pick<ItemCatalogue, 'itemIds'>, sequences: Sequences): Sequences {
  const codes = new Map(itemIds.map((id, code) => [id, code]));
  const codeOf = Int32Array.from(sequences.itemIds, (id) => codes.get(id) ?? -1);
  return {
    ...sequences,
    items: sequences.items.map((item) => (item < 0 ? -1 : codeOf[item])),
    itemIds,
  };
}
