// Answers about the texts a shop's log holds by a moment, as columns: what `predict satisfaction` and its like write.
import { DAY_MS, formatMoment } from '../../core/time.ts';
import type { WrittenColumn } from '../../data/table/write-table.ts';
import type { TextEvents } from '../../data/texts/text-events.ts';
import { answerTable } from '../../models/table-model.ts';
import { textFrame } from '../../models/text/texts.ts';
import type { LoadedTextTask } from '../../registry/text-task-bundle.ts';
import { mattersColumns } from '../text-words.ts';

export interface AnswerTextsOptions {
  /** The moment stood at, UTC ms. */
  readonly asOf: number;
  /** Words that mattered, a text; none when 0. */
  readonly words: number;
  /** The so many highest; all when absent. */
  readonly top?: number;
  readonly signal?: AbortSignal;
}

/**
 * One row a text, highest first: whose it is, the answer, the rating beside it where there is one, and whether the model
 * may have learned from it.
 */
export async function answerTexts(
  { task, target, table, horizonDays, seenUntilMs, version }: LoadedTextTask,
  events: TextEvents,
  { asOf, words, top, signal }: AnswerTextsOptions,
): Promise<readonly WrittenColumn[]> {
  const answers = await answerTable(table, textFrame(events.texts));
  const order = Array.from(answers.value.keys())
    .sort((a, b) => answers.value[b] - answers.value[a] || a - b)
    .slice(0, top);
  const texts = (name: string, value: (place: number) => string): WrittenColumn => ({
    name,
    values: order.map(value),
  });
  const numbers = (name: string, value: (place: number) => number): WrittenColumn => ({
    name,
    values: Float64Array.from(order, value),
  });
  const { low, high, called } = answers;
  const isAmount = target.kind === 'regression';
  const isKnown = (place: number): boolean =>
    task.taughtBy.some((type) => type === events.types[place]) &&
    (task.answer === 'rating'
      ? !Number.isNaN(events.ratings[place]) && events.timesMs[place] <= seenUntilMs
      : events.timesMs[place] + horizonDays * DAY_MS <= seenUntilMs);
  const columns = [
    texts('task', () => task.name),
    texts('event_id', (place) => events.ids[place]),
    texts('event_type', (place) => events.types[place]),
    texts('user_id', (place) => events.people[place]),
    texts('item_id', (place) => events.items[place]),
    texts('timestamp', (place) => formatMoment(events.timesMs[place])),
    texts('as_of', () => formatMoment(asOf)),
    ...(horizonDays > 0 ? [numbers('horizon_days', () => horizonDays)] : []),
    numbers('value', (place) => answers.value[place]),
    texts('unit', () => (isAmount ? 'rating' : 'share')),
    numbers('low', (place) => low?.[place] ?? Number.NaN),
    numbers('high', (place) => high?.[place] ?? Number.NaN),
    ...(called ? [texts('prediction', (place) => (called[place] ? 'yes' : 'no'))] : []),
    ...(task.answer === 'rating' ? [numbers('rating', (place) => events.ratings[place])] : []),
    texts('learned_from', (place) => (isKnown(place) ? 'yes' : '')),
    texts('model_version', () => version.version),
  ];
  if (words === 0) return columns;
  const shown = textFrame(order.map((place) => events.texts[place]));
  return [...columns, ...(await mattersColumns(table, shown, { most: words, signal }))];
}
