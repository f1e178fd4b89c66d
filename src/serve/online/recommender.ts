// Lists of items for people as they stand in the online state: the click of a moment ago counts.
import { AppError } from '../../core/errors.ts';
import type { Sequences } from '../../core/sequences.ts';
import { HOUR_MS } from '../../core/time.ts';
import { EVENT_TYPES, type EventType } from '../../data/event.ts';
import { typeCode, type UserEvents } from '../../data/features/user-events.ts';
import type { RecommendationList } from '../api.ts';
import { likenessByAttributes } from '../next-item/item-likeness.ts';
import { listItems, MADE_BY } from '../next-item/list-items.ts';
import { tailOf, tailPenalties } from '../next-item/long-tail.ts';
import { barredOf, catalogueModel, type OwnItems } from '../next-item/offer-items.ts';
import { learnedFrom } from '../next-item/offer-shop.ts';
import { offeredItems } from '../next-item/offered-items.ts';
import type { ItemRecommender, RecommendationQuestion } from '../ports.ts';
import { type HistoryParts, openPersonHistories } from './person-history.ts';
import type { Offer } from './read-offer.ts';

export interface RecommenderParts extends HistoryParts {
  readonly offer: Offer;
  /** UTC ms. */
  readonly now: () => number;
  readonly newId: () => string;
}

/** Rules kept worked out: shops ask the same few again and again. */
const MOST_RULES = 64;
/** A visit goes on for so long after its last step. */
const OPEN_MS = HOUR_MS / 2;

/** Answers the same lists as `predict next-item` does of the same histories, but for popularity, which is of the start. */
export function openRecommender(parts: RecommenderParts): ItemRecommender {
  const { offer, now, newId } = parts;
  const { saved, catalogue, attributes, popular, counts, available } = offer;
  const { itemIds } = catalogue;
  const model = catalogueModel(saved.model, { catalogue, ...(attributes && { attributes }) });
  const { by, types } = learnedFrom(saved);
  const codes = new Map(itemIds.map((id, code) => [id, code]));
  const learned = typeMask(types);
  const everything = typeMask(undefined);
  const isTold = attributes !== undefined && Object.keys(attributes.categories).length > 0;
  const likeness = isTold ? likenessByAttributes(attributes, itemIds.length) : undefined;
  const masks = new Map<string, Uint8Array>();
  const usual: OwnItems = saved.histories[0] === 'excluded' ? 'yes' : 'no';

  const ruleMask = (filter: string): Uint8Array => {
    const known = masks.get(filter);
    if (known) return known;
    const mask = offeredItems(catalogue, { where: filter });
    if (masks.size >= MOST_RULES) masks.delete(masks.keys().next().value as string);
    masks.set(filter, mask);
    return mask;
  };
  const onOffer = (filter: string | undefined, at: number): Uint8Array => {
    const there = available(at);
    if (filter === undefined) return there;
    const rule = ruleMask(filter);
    return there.map((own, item) => own & rule[item]);
  };
  const maskOf = ({ filter, only, exclude }: RecommendationQuestion, at: number): Uint8Array => {
    const mask = onOffer(filter, at);
    if (!only && !exclude) return mask;
    const own = only ? new Uint8Array(mask.length) : mask.slice();
    for (const id of only ?? []) {
      const code = codes.get(id);
      if (code !== undefined) own[code] = mask[code];
    }
    for (const id of exclude ?? []) {
      const code = codes.get(id);
      if (code !== undefined) own[code] = 0;
    }
    return own;
  };
  const historyOf = openPersonHistories(parts);

  return {
    version: saved.version.version,
    async recommend(question) {
      const { entities, top, diversity = 0, longTail = 0, asOf = now() } = question;
      const own = question.excludeSeen ?? usual;
      const histories = entities.map((entity) => historyOf(entity, question.events).events);
      const told = { codes, asOf, itemIds, isVisit: by === 'session' };
      const before = sequencesOf(histories, { ...told, mask: learned });
      if (diversity > 0 && !likeness)
        throw new AppError(
          'USAGE',
          'expected no diversity: nothing is known of the items to tell them apart by',
        );
      const lists = await listItems(model, before, {
        ...{ top, popular, firstNew: catalogue.known, offered: maskOf(question, asOf) },
        ...(own !== 'no' && {
          barred: barredOf(
            { histories: sequencesOf(histories, { ...told, mask: everything }) },
            Int32Array.from(entities.keys()),
            own,
          ),
        }),
        ...(longTail > 0 && { penalties: tailPenalties(counts, tailOf(model, longTail)) }),
        ...(diversity > 0 && likeness && { diversity: { amount: diversity, likeness } }),
      });
      return entities.map((entity, row): RecommendationList => {
        const items = [];
        for (let at = lists.offsets[row]; at < lists.offsets[row + 1]; at++)
          items.push({
            item_id: itemIds[lists.items[at]],
            rank: at - lists.offsets[row] + 1,
            score: lists.scores[at],
            made_by: MADE_BY[lists.madeBy[at]],
          });
        return {
          ...entity,
          recommendation_id: newId(),
          ...{ model_version: saved.version.version, as_of: asOf, items },
        };
      });
    },
  };
}

/** 1 for the kinds of events that count. */
function typeMask(types: readonly EventType[] | undefined): Uint8Array {
  const mask = new Uint8Array(EVENT_TYPES.length + 1).fill(types ? 0 : 1);
  for (const type of types ?? []) mask[typeCode(type)] = 1;
  return mask;
}

interface Telling {
  readonly codes: ReadonlyMap<string, number>;
  readonly itemIds: readonly string[];
  readonly mask: Uint8Array;
  readonly asOf: number;
  /** Only the visit under way. */
  readonly isVisit: boolean;
}

/** Histories as models read them: what names an item and is known by the moment, oldest first. */
function sequencesOf(
  histories: readonly UserEvents[],
  { codes, itemIds, mask, asOf, isVisit }: Telling,
): Sequences {
  const most = histories.reduce((sum, { length }) => sum + length, 0);
  const items = new Int32Array(most);
  const timesMs = new Float64Array(most);
  const types = new Uint8Array(most);
  const offsets = new Uint32Array(histories.length + 1);
  let end = 0;
  histories.forEach((events, row) => {
    const ids = events.texts('item_id');
    const isAsked = isVisit ? visitOf(events, asOf) : () => true;
    for (let at = 0; at < events.length; at++) {
      const id = ids[at];
      if (!isAsked(at) || events.times[at] > asOf || id === null || mask[events.types[at]] === 0) continue;
      items[end] = codes.get(id) ?? -1;
      timesMs[end] = events.times[at];
      types[end++] = events.types[at];
    }
    offsets[row + 1] = end;
  });
  return {
    entities: histories.map((_, row) => String(row)),
    ...{ offsets, itemIds, typeLevels: EVENT_TYPES },
    items: items.subarray(0, end),
    timesMs: timesMs.subarray(0, end),
    types: types.subarray(0, end),
  };
}

/** Which events are of the visit under way: those of the newest session id, or since the last long pause where there is none. */
function visitOf(events: UserEvents, asOf: number): (at: number) => boolean {
  const sessions = events.texts('session_id');
  let last = events.length - 1;
  while (last >= 0 && events.times[last] > asOf) last--;
  if (last < 0 || events.times[last] <= asOf - OPEN_MS) return () => false;
  const session = sessions[last];
  // What came between without a session, such as a webhook, does not end it.
  if (session !== null) return (at) => at <= last && sessions[at] === session;
  let start = last;
  while (
    start > 0 &&
    sessions[start - 1] === null &&
    events.times[start] - events.times[start - 1] <= OPEN_MS
  )
    start--;
  return (at) => at >= start && at <= last;
}
