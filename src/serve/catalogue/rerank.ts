// What a search found in the order of relevance and of this person's intent; or the shop's own catalogue searched so.
import { AppError } from '../../core/errors.ts';
import { type OrderWeights, orderScores, UNTAUGHT } from '../../models/retrieval/purchase-order.ts';
import type { RerankedItem, RerankedSearch, SearchCandidate } from '../api.ts';
import { offeredItems } from '../next-item/offered-items.ts';
import type { ItemSearch, SearchQuestion } from '../ports.ts';
import type { OpenCatalogue } from './open-catalogue.ts';
import { type IntentParts, purchaseIntents } from './purchase-intent.ts';
import { fitOf, searchCatalogue } from './search-catalogue.ts';

export interface RerankParts extends IntentParts {
  /** Undefined for a shop without a table of items. */
  readonly catalogue: OpenCatalogue | undefined;
  readonly now: () => number;
}

/** So many of the best that fit are put in order: what fits worse is not lifted over them. */
const POOL = 100;
const USUAL_TOP = 10;

/** What a candidate is put in order by. */
interface Relevant {
  readonly item_id: string;
  /** 1 = the best. */
  readonly relevance: number;
}

interface Told {
  readonly known: readonly Relevant[];
  readonly unknown: readonly string[];
  readonly by: RerankedSearch['relevance_by'];
}

export function openItemSearch(parts: RerankParts): ItemSearch {
  const { catalogue, now } = parts;
  const places = new Map(catalogue?.bundle.itemIds.map((id, place) => [id, place]));
  const way = catalogue?.bundle.meaning ? 'mixed' : 'words';

  async function found(
    query: string | undefined,
    { top = USUAL_TOP, filter }: SearchQuestion,
  ): Promise<Told> {
    if (query === undefined || query.trim() === '')
      throw new AppError('USAGE', 'expected a query, or items to put in order');
    if (!catalogue)
      throw new AppError(
        'USAGE',
        'expected items: the shop has no table of items to search (foresell import FILE --kind items)',
      );
    const items = await searchCatalogue(catalogue, {
      ...{ text: query, top: Math.max(POOL, top) },
      ...(filter !== undefined && { rules: { where: filter } }),
    });
    const known = items.map(({ item, fit }) => ({ item_id: catalogue.bundle.itemIds[item], relevance: fit }));
    return { known, unknown: [], by: way };
  }

  /** Candidates the filter lets through; those it cannot be asked of are left out where there is one. */
  function allowed(
    items: readonly SearchCandidate[],
    filter: string | undefined,
  ): readonly SearchCandidate[] {
    if (filter === undefined) return items;
    if (!catalogue) throw new AppError('USAGE', 'expected no filter: the shop has no table of items');
    const { itemIds, frame } = catalogue.bundle;
    const mask = offeredItems({ itemIds, known: 0, frame }, { where: filter });
    return items.filter(({ item_id }) => mask[places.get(item_id) ?? -1] === 1);
  }

  async function ofCandidates(
    items: readonly SearchCandidate[],
    { query, filter }: SearchQuestion,
  ): Promise<Told> {
    const left = allowed(items, filter);
    if (items.some(({ relevance }) => relevance !== undefined)) return given(left);
    const isKnown = (id: string) => (catalogue ? places.has(id) : parts.shop.of.has(id));
    const known = left.filter(({ item_id }) => isKnown(item_id));
    const unknown = left.filter(({ item_id }) => !isKnown(item_id)).map(({ item_id }) => item_id);
    if (!catalogue || query === undefined || query.trim() === '')
      return { known: known.map(({ item_id }) => ({ item_id, relevance: 1 })), unknown, by: 'none' };
    const fits = await fitOf(catalogue, { text: query });
    const own = known.map(({ item_id }) => Math.max(0, fits[places.get(item_id) as number]));
    return { known: scaled(known, own), unknown, by: way };
  }

  return {
    async rerank(question) {
      const { person, query, items, top, weight, events, asOf = now() } = question;
      const { known, unknown, by } = items
        ? await ofCandidates(items, question)
        : await found(query, question);
      const order = catalogue?.bundle.order ?? UNTAUGHT;
      const weights: OrderWeights =
        weight === undefined ? order : { likeness: order.likeness || 1, purchase: weight };
      const intents = await purchaseIntents(parts, {
        ...{ items: known.map(({ item_id }) => item_id), asOf },
        ...(person && { person }),
        ...(events && { events }),
      });
      const scores = orderScores(
        known.map(({ relevance }, at) => ({ fit: relevance, purchase: intents[at].chance })),
        weights,
      );
      const ordered = known
        .map((own, at) => ({
          ...own,
          score: scores[at],
          intent: intents[at].chance,
          intent_by: intents[at].by,
        }))
        .sort((a, b) => b.score - a.score);
      const all: readonly Omit<RerankedItem, 'rank'>[] = [
        ...ordered,
        ...unknown.map((item_id) => ({ item_id })),
      ];
      return {
        items: all
          .slice(0, top ?? (items ? all.length : USUAL_TOP))
          .map((own, at) => ({ ...own, rank: at + 1 })),
        unknown,
        weights: { relevance: weights.likeness, intent: weights.purchase },
        relevance_by: by,
        as_of: asOf,
      };
    },
  };
}

/** @throws AppError USAGE where some have a relevance and others none: no one scale holds them */
function given(items: readonly SearchCandidate[]): Told {
  const own = items.map(({ relevance }) => relevance);
  if (own.some((relevance) => relevance === undefined))
    throw new AppError('USAGE', 'expected a relevance for each of the items, or for none of them');
  return { known: scaled(items, own as readonly number[]), unknown: [], by: 'given' };
}

function scaled(items: readonly SearchCandidate[], fits: readonly number[]): readonly Relevant[] {
  const best = fits.reduce((most, fit) => Math.max(most, fit), 0);
  return items.map(({ item_id }, at) => ({ item_id, relevance: best > 0 ? fits[at] / best : 1 }));
}
