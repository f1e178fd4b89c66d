// Texts of the log parted into those learned from and those tested on: earlier and later, or by item.
import { type Name, name } from '../../core/name.ts';
import { hash32 } from '../../core/random.ts';
import { textKey } from '../../core/text-key.ts';
import { DAY_MS, formatMoment } from '../../core/time.ts';
import type { TextEvents } from '../../data/texts/text-events.ts';

export interface TextSplit {
  /** Places in the events, rising. */
  readonly train: Uint32Array;
  readonly test: Uint32Array;
  readonly by: 'time' | 'item';
  /** Nothing later was learned from, answers included, UTC ms. */
  readonly seenUntilMs: number;
  /** How it was parted, in words. */
  readonly words: Name;
}

export interface SplitOptions {
  /** UTC ms: what is known by then is learned from, what comes later is the test; a moment that leaves a fifth when absent. */
  readonly asOf?: number;
  readonly seed: number;
}

/** A fifth is tested on. */
const TEST_PARTS = 5;
/** On fewer different days than this there is no earlier and later worth the name. */
const FEWEST_DAYS = 10;

/**
 * Rated texts: learned from up to a moment, tested later; where all were written on a few days, by item. A text that was
 * learned from is not tested again, whoever wrote it.
 */
export function splitRated(events: TextEvents, { asOf, seed }: SplitOptions): TextSplit {
  const { timesMs, ratings, texts, items } = events;
  const rated = placesWhere(timesMs, (place) => !Number.isNaN(ratings[place]));
  const days = new Set(Array.from(rated, (place) => Math.floor(timesMs[place] / DAY_MS))).size;
  const byTime = asOf !== undefined || days >= FEWEST_DAYS;
  const untilMs = asOf ?? momentBefore(timesMs, rated);
  // Reviews of nothing in particular stay with their own copies.
  const groupOf = (place: number): string => items[place] || textKey(texts[place]);
  const isEarlier = (place: number): boolean =>
    byTime ? timesMs[place] <= untilMs : hash32(groupOf(place), hash32(`texts ${seed}`)) % TEST_PARTS !== 0;
  const train = rated.filter(isEarlier);
  const known = new Set(Array.from(train, (place) => textKey(texts[place])));
  const others = rated.filter((place) => !isEarlier(place));
  const test = others.filter((place) => !known.has(textKey(texts[place])));
  const copies = others.length - test.length;
  const left = name(
    copies === 0 ? '' : `; not tested, as they stand word for word among those learned from: ${copies}`,
    copies === 0 ? '' : `；${copies} 条与训练文本逐字相同，不参与测试`,
  );
  if (byTime)
    return {
      ...{ train, test, by: 'time', seenUntilMs: untilMs },
      words: name(
        `learned from texts up to ${formatMoment(untilMs)}, tested on later ones${left.en}`,
        `以 ${formatMoment(untilMs)} 及之前的文本训练，以其后的文本测试${left.zh}`,
      ),
    };
  return {
    ...{ train, test, by: 'item', seenUntilMs: timesMs[rated[rated.length - 1]] ?? Number.NaN },
    words: name(
      `all texts are of ${days} ${days === 1 ? 'day' : 'days'}: a fifth of the items held out with all their texts${left.en}`,
      `全部文本集中在 ${days} 天内：按商品留出五分之一，同一商品的文本不分开${left.zh}`,
    ),
  };
}

/**
 * Texts whose answer is a purchase in `(t, t + horizon]`: learned from where that ends by a moment, tested on those written
 * after it whose horizon the log covers, so that the two stand a full horizon apart.
 */
export function splitOpen(
  { timesMs, people }: TextEvents,
  {
    asOf,
    horizonMs,
    lastMs,
  }: Omit<SplitOptions, 'seed'> & { readonly horizonMs: number; readonly lastMs: number },
): TextSplit {
  const over = placesWhere(timesMs, (place) => timesMs[place] + horizonMs <= lastMs && people[place] !== '');
  const untilMs = asOf ?? momentBefore(timesMs, over);
  const train = over.filter((place) => timesMs[place] + horizonMs <= untilMs);
  const test = over.filter((place) => timesMs[place] > untilMs);
  const [en, zh] = [formatMoment(untilMs), formatMoment(untilMs)];
  return {
    ...{ train, test, by: 'time', seenUntilMs: untilMs },
    words: name(
      `time split, a full horizon apart: learned from what was known by ${en}, tested on texts written later whose horizon is over`,
      `按时间划分，相隔一个完整预测期：以 ${zh} 时已知的结果训练，以其后写下且预测期已结束的文本测试`,
    ),
  };
}

const placesWhere = (timesMs: Float64Array, keep: (place: number) => boolean): Uint32Array =>
  Uint32Array.from(Array.from(timesMs.keys()).filter(keep));

/** The latest moment that leaves a fifth of the texts after it; places are in time order. */
function momentBefore(timesMs: Float64Array, places: Uint32Array): number {
  if (places.length === 0) return 0;
  const last = Math.max(0, Math.ceil(places.length * (1 - 1 / TEST_PARTS)) - 1);
  const moment = timesMs[places[last]];
  // Where many share the last moment, those before it are learned from.
  return moment === timesMs[places[places.length - 1]] ? moment - 1 : moment;
}
