// Why a next-item model suggests an item: the events of a history it came of, in numbers and in words.
import { AppError } from '../core/errors.ts';
import { type Name, name } from '../core/name.ts';
import { type Sequences, takeSequences } from '../core/sequences.ts';
import { DAY_MS } from '../core/time.ts';
import { type Deed, deedWords } from '../explain/event-phrases.ts';
import { becauseWords } from '../explain/event-reasons.ts';
import { plainNumber } from '../explain/value-words.ts';
import { leaveOut, placeOf } from '../models/sequence/attribution/left-out.ts';
import type { NextItemModel } from '../models/sequence/recommender.ts';
import type { LoadedSequence } from '../registry/sequence-bundle.ts';

export interface ItemReason extends Deed {
  /** Of the history, from 0, oldest first. */
  readonly event: number;
  /** On the score, by slopes; or ln of how many times further down the item falls without the event. */
  readonly contribution: number;
  /** By roll-out, where the model attends. */
  readonly attention?: number;
  /** Place of the item without the event; left out alone tells it. */
  readonly placeWithout?: number;
  readonly words: Name;
}

export interface ExplainedItem {
  readonly item: string;
  /** Among all items, from 1, what has its score before it. */
  readonly place: number;
  readonly items: number;
  readonly score: number;
  /** `integrated-gradients`: contributions add up; `left-out`: each event by itself, for models without slopes. */
  readonly method: 'integrated-gradients' | 'left-out';
  /** The score of as many events of which nothing is known; with `unexplained` what slopes do not add up to. */
  readonly base?: number;
  readonly unexplained?: number;
  /** Events read: of a long history the newest. */
  readonly events: number;
  /** Those that speak most for the item first. */
  readonly reasons: readonly ItemReason[];
  readonly words?: Name;
}

export interface ItemQuestion {
  /** One history with events, items in the model's codes. */
  readonly before: Sequences;
  /** Its id; what is suggested first where absent. */
  readonly item?: string | undefined;
  /** Whether what is in the history is no suggestion; as the model was tested where absent. */
  readonly excludeSeen?: boolean;
  /** At most: five where absent. */
  readonly most?: number;
  readonly signal?: AbortSignal;
}

/** @throws AppError NOT_FOUND for an item the model does not have, NOT_ENOUGH_DATA for a history without events, INTERRUPTED */
export async function explainItem(
  { model, histories }: Pick<LoadedSequence, 'model' | 'histories'>,
  question: ItemQuestion,
): Promise<ExplainedItem> {
  const { before, excludeSeen = histories[0] === 'excluded', most = 5 } = question;
  if (before.items.length === 0)
    throw new AppError('NOT_ENOUGH_DATA', 'expected at least one event in the history, got none');
  const scores = await model.score(before);
  const item =
    question.item === undefined ? bestOf(scores, before, excludeSeen) : codeOf(model, question.item);
  const worth = await worthOf(model, before, item, question.signal);
  const { reasons: told, ...facts } = worth;
  const reasons = told
    .filter(({ contribution }) => contribution > 0)
    .sort((a, b) => b.contribution - a.contribution || b.event - a.event)
    .slice(0, most);
  return {
    ...{ item: model.itemIds[item], items: model.itemIds.length },
    ...{ place: placeOf(scores, item), score: scores[item] },
    ...facts,
    reasons,
    ...(reasons.length > 0 && { words: becauseWords(reasons.map(({ words }) => words)) }),
  };
}

type Worth = Pick<ExplainedItem, 'method' | 'base' | 'unexplained' | 'events' | 'reasons'>;

async function worthOf(
  model: NextItemModel,
  before: Sequences,
  item: number,
  signal: AbortSignal | undefined,
): Promise<Worth> {
  const size = before.items.length;
  if (model.attribute) {
    const { events, attention, base, unexplained } = await model.attribute(before, [item], signal);
    const first = size - events.length;
    return {
      ...{
        method: 'integrated-gradients',
        base: base[0],
        unexplained: unexplained[0],
        events: events.length,
      },
      reasons: Array.from(events, (contribution, k) => {
        const raises = plainNumber(contribution, 2);
        return reasonOf(before, first + k, name(`raises its score by ${raises}`, `得分 +${raises}`), {
          contribution,
          ...(attention && { attention: attention[k] }),
        });
      }),
    };
  }
  const { place, places, events } = await leaveOut(model, takeSequences(before, [0]), item, signal);
  return {
    ...{ method: 'left-out', events: size },
    reasons: Array.from(events, (contribution, event) => {
      const [with_, without] = [place, places[event]].map((one) => plainNumber(one, 0));
      return reasonOf(
        before,
        event,
        name(`without it place ${without} instead of ${with_}`, `没有它则排第 ${without}，而非第 ${with_}`),
        { contribution, placeWithout: places[event] },
      );
    }),
  };
}

function reasonOf(
  { items, itemIds, types, typeLevels, timesMs }: Sequences,
  event: number,
  does: Name,
  facts: Pick<ItemReason, 'contribution' | 'attention' | 'placeWithout'>,
): ItemReason {
  const type = types && typeLevels?.[types[event]];
  const deed: Deed = {
    ...(items[event] >= 0 && { item: itemIds[items[event]] }),
    ...(type !== undefined && { type }),
    ...(timesMs && { dayMs: Math.floor(timesMs[event] / DAY_MS) * DAY_MS }),
  };
  const did = deedWords(deed, timesMs ? timesMs[timesMs.length - 1] : 0);
  return { ...deed, event, ...facts, words: name(`${did.en} (${does.en})`, `${did.zh}（${does.zh}）`) };
}

function bestOf(scores: Float32Array, { items }: Sequences, excludeSeen: boolean): number {
  const seen = new Set(excludeSeen ? items : []);
  let best = -1;
  for (let item = 0; item < scores.length; item++)
    if (!seen.has(item) && (best < 0 || scores[item] > scores[best])) best = item;
  if (best >= 0) return best;
  throw new AppError(
    'NOT_FOUND',
    'every item is in the history already: say --exclude-seen no, or which item',
  );
}

function codeOf({ itemIds }: NextItemModel, id: string): number {
  const code = itemIds.indexOf(id);
  if (code >= 0) return code;
  throw new AppError('NOT_FOUND', 'expected an item the model knows, got another one');
}
