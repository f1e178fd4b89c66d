// Texts of the log as rows a text model learns from and is tested on, as a table's rows are.
import { name } from '../../core/name.ts';
import { textKey } from '../../core/text-key.ts';
import { DAY_MS } from '../../core/time.ts';
import type { EventSource } from '../../data/source.ts';
import type { TargetMeaning } from '../../data/table/target.ts';
import type { TextEvents } from '../../data/texts/text-events.ts';
import type { Sample } from '../../models/estimator.ts';
import { TEXT_COLUMN, textFrame } from '../../models/text/texts.ts';
import type { TextTask } from '../../tasks/text-task.ts';
import type { PreparedTable } from '../table/prepare-table.ts';
import type { TextSplit } from './split-texts.ts';

/** What is answered, beside the task. */
export interface TextQuestion {
  readonly task: TextTask;
  /** Of ratings. */
  readonly as: 'recommend' | 'rating';
  /** Of ratings: from this one on a review recommends. */
  readonly atLeast: number;
  /** Of purchases; 0 of ratings. */
  readonly horizonMs: number;
}

/** Of some places of the events, NaN where it is not known, [places] */
export function answersOf(
  { ratings, timesMs, boughtMs }: TextEvents,
  places: Uint32Array,
  { task, as, atLeast, horizonMs }: TextQuestion,
): Float64Array {
  return Float64Array.from(places, (place) => {
    if (task.answer === 'purchase') return Number(boughtMs[place] <= timesMs[place] + horizonMs);
    const rating = ratings[place];
    return as === 'rating' || Number.isNaN(rating) ? rating : Number(rating >= atLeast);
  });
}

export function meaningOf({ task, as, atLeast }: TextQuestion): TargetMeaning {
  if (task.answer === 'purchase')
    return {
      ...{ column: 'purchase', kind: 'binary', positive: 'yes', negative: 'no' },
      words: name('a purchase by the same person in the horizon', '同一人在预测期内购买'),
    };
  if (as === 'rating')
    return { column: 'rating', kind: 'regression', words: name('the rating, as it is', '评分，按原样') };
  return {
    ...{ column: 'recommend', kind: 'binary', positive: 'yes', negative: 'no' },
    words: name(`a rating of at least ${atLeast}`, `评分不低于 ${atLeast}`),
  };
}

/**
 * One side of a split.
 *
 * Rows learned from belong together where their text is the same, so that no copy helps to choose between models. Rows
 * tested belong together by item, or by person, so that intervals know that one of them says little alone.
 */
export function textExamples(
  source: EventSource,
  events: TextEvents,
  { side, split, question }: { side: 'train' | 'test'; split: TextSplit; question: TextQuestion },
): PreparedTable {
  const places = split[side];
  const { task, horizonMs } = question;
  const meaning = meaningOf(question);
  const pick = (values: readonly string[]): string[] => Array.from(places, (place) => values[place]);
  const texts = pick(events.texts);
  const keys = texts.map(textKey);
  const owners = pick(task.answer === 'rating' ? events.items : events.people);
  const repeats = keys.length - new Set(keys).size;
  const sample: Sample = {
    question: {
      kind: meaning.kind === 'regression' ? 'amount' : 'binary',
      ...{ outcome: 'other', horizonDays: horizonMs / DAY_MS, discountPerYear: 0 },
    },
    frame: textFrame(texts),
    entities:
      side === 'train' && task.answer === 'rating' ? keys : owners.map((owner, row) => owner || keys[row]),
    asOf: Float64Array.from(places, (place) => events.timesMs[place]),
    target: answersOf(events, places, question),
  };
  return {
    sample,
    // Equal texts are different events: what keeps them apart is the split.
    copies: { repeated: repeats, distinct: 1, areCopies: true },
    together: 'nothing',
    source: {
      file: task.about.en,
      ...{ table: '', columns: [TEXT_COLUMN], mayDecimalComma: false, missing: [] },
      rows: events.ids.length,
      fingerprint: source.fingerprint,
    },
    uses: [
      {
        use: 'feature',
        column: {
          ...{ name: TEXT_COLUMN, kind: 'text', missing: 0, distinct: new Set(keys).size },
          reason: name('what was written', '所写的文字'),
        },
      },
    ],
    meaning,
    withoutTarget: 0,
    fileRows: places.map((place) => place + 1),
    names: pick(events.ids),
  };
}
