// One question to a catalogue: found by words, by meaning or by a photograph, filtered, and put in the order of what is bought.
import { AppError } from '../../core/errors.ts';
import { topPlaces } from '../../core/top-places.ts';
import { weightedSum } from '../../models/retrieval/fusion.ts';
import { lexicalScores } from '../../models/retrieval/lexical-index.ts';
import { type OrderWeights, orderScores, UNTAUGHT } from '../../models/retrieval/purchase-order.ts';
import { type OfferRules, offeredItems } from '../next-item/offered-items.ts';
import type { OpenCatalogue } from './open-catalogue.ts';

/** `mixed` where the catalogue has vectors, else `words`. */
export const SEARCH_WAYS = ['mixed', 'words', 'meaning'] as const;
export type SearchWay = (typeof SEARCH_WAYS)[number];

export interface CatalogueQuestion {
  readonly text?: string;
  /** Path of a photograph; beside a text both count. */
  readonly picture?: string;
  readonly way?: SearchWay;
  readonly top: number;
  readonly rules?: OfferRules;
  /** P(purchase | shown) by item id: what is found is then ordered by it, too. */
  readonly purchase?: PurchaseScores;
  /** In place of the catalogue's own. */
  readonly order?: OrderWeights;
}

export interface PurchaseScores {
  readonly of: ReadonlyMap<string, number>;
  /** Of an item nothing is known of. */
  readonly usual: number;
}

export interface FoundItem {
  /** Row of the catalogue. */
  readonly item: number;
  /** What it was put in order by: higher first. */
  readonly score: number;
  /** How well it fits the question: 1 = the best found. */
  readonly fit: number;
  readonly purchase?: number;
}

/**
 * Of both, meaning counts half as much again: see docs/benchmarks.md, "Pictures and the catalogue".
 */
const MIX = { words: 1, meaning: 1.5, pictures: 1.5 } as const;
/** So many of the best that fit are put in order by purchases: what fits worse is not lifted over them. */
const POOL = 100;

/** @throws AppError USAGE for a question without text and picture, or rules that leave nothing */
export async function searchCatalogue(
  open: OpenCatalogue,
  question: CatalogueQuestion,
): Promise<readonly FoundItem[]> {
  const { bundle } = open;
  const allowed =
    question.rules &&
    offeredItems({ itemIds: bundle.itemIds, known: 0, frame: bundle.frame }, question.rules);
  const fit = await fitOf(open, question);
  const pool = topPlaces(fit, question.purchase ? Math.max(POOL, question.top) : question.top, allowed);
  const places = Array.from(pool).filter((item) => fit[item] > 0);
  const best = places.length > 0 ? fit[places[0]] : 1;
  const found = places.map((item) => ({ item, fit: fit[item] / best }));
  const { purchase } = question;
  if (!purchase) return found.map((own) => ({ ...own, score: own.fit }));
  const judged = found.map((own) => ({
    ...own,
    purchase: purchase.of.get(bundle.itemIds[own.item]) ?? purchase.usual,
  }));
  const scores = orderScores(judged, question.order ?? bundle.order ?? UNTAUGHT);
  return judged
    .map((own, i) => ({ ...own, score: scores[i] }))
    .sort((a, b) => b.score - a.score || a.item - b.item)
    .slice(0, question.top);
}

/** How well every item fits, [items]; zero where it does not at all. */
export async function fitOf(
  open: OpenCatalogue,
  { text = '', picture, way = 'mixed' }: Omit<CatalogueQuestion, 'top'>,
): Promise<Float32Array> {
  const asked = text.trim();
  if (asked === '' && picture === undefined)
    throw new AppError('USAGE', 'expected a question in words, or a photograph (--photo)');
  const lists = [];
  if (asked !== '' && way !== 'meaning')
    lists.push({ scores: lexicalScores(open.words(), asked), weight: MIX.words });
  if (asked !== '' && way !== 'words') {
    const search = await open.meaning();
    if (!search && way === 'meaning') await open.readQuestion(asked);
    if (search)
      lists.push({
        scores: await search.likeness(await open.readQuestion(asked)),
        weight: way === 'meaning' ? 1 : MIX.meaning,
      });
  }
  if (picture !== undefined) {
    const vector = await open.readPicture(picture);
    const search = await open.pictures();
    if (search) lists.push({ scores: await search.likeness(vector), weight: MIX.pictures });
  }
  return weightedSum(lists);
}
