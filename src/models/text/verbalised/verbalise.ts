// A customer's newest events written as a text, newest first: what a language model is given where it reads behaviour.
import { AppError } from '../../../core/errors.ts';
import type { Frame, SequenceColumn } from '../../../core/frame.ts';
import { type EventColumns, eventColumns, missingEvents } from '../../behaviour/histories.ts';

export interface VerbaliseOptions {
  /** Events told at most. */
  readonly most: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Words for how long ago, from each on. */
const AGES: readonly (readonly [number, string])[] = [
  [0, 'just now'],
  [10 * MINUTE_MS, 'within the hour'],
  [HOUR_MS, 'hours ago'],
  [12 * HOUR_MS, 'a day ago'],
  [2 * DAY_MS, 'days ago'],
  [7 * DAY_MS, 'a week ago'],
  [14 * DAY_MS, 'weeks ago'],
  [30 * DAY_MS, 'a month ago'],
  [60 * DAY_MS, 'months ago'],
  [180 * DAY_MS, 'half a year ago'],
  [330 * DAY_MS, 'a year ago or more'],
];

/** A price by its number of digits: 30 and 35 are alike, 30 and 300 are not. */
const PRICES = ['free', 'cheap', 'low price', 'middle price', 'high price', 'dear', 'very dear'];

/**
 * One text a row: `a day ago purchase shoes item 123 low price . days ago view …`. A customer without events is `nothing yet`.
 *
 * @throws AppError SHAPE for a frame without events in order
 */
export function verbalise(frame: Frame, { most }: VerbaliseOptions): readonly string[] {
  const why = missingEvents(frame);
  if (why !== undefined) throw new AppError('SHAPE', `a history told in words ${why}`);
  const columns = eventColumns(frame) as EventColumns & Required<Pick<EventColumns, 'types' | 'ages'>>;
  const tellers = [
    teller(columns.ages, ageWords),
    teller(columns.types, (level) => level.replaceAll('_', ' ')),
    teller(columns.categories, (level) => level),
    teller(columns.items, (level) => `item ${level}`),
    teller(columns.prices, priceWords),
  ];
  const { offsets } = columns.types;
  return Array.from({ length: frame.rows }, (_, row) => {
    const count = Math.min(most, offsets[row + 1] - offsets[row]);
    const events = Array.from({ length: count }, (_, back) =>
      tellers
        .map((tell) => tell(row, back))
        .filter((words) => words !== '')
        .join(' '),
    );
    return events.length === 0 ? 'nothing yet' : events.join(' . ');
  });
}

/** Words for the event so many places from a row's newest end; columns line up from there. */
function teller(
  column: SequenceColumn | undefined,
  words: (level: string) => string,
): (row: number, back: number) => string {
  if (!column) return () => '';
  const { codes, offsets, levels } = column;
  const told = levels.map(words);
  return (row, back) => {
    const at = offsets[row + 1] - 1 - back;
    const code = at < offsets[row] ? -1 : codes[at];
    return code < 0 ? '' : told[code];
  };
}

const beginsAt = (level: string): number => (level === 'below' ? 0 : Number(level));

function ageWords(level: string): string {
  const ms = beginsAt(level);
  return AGES.findLast(([from]) => ms >= from)?.[1] ?? '';
}

const priceWords = (level: string): string =>
  PRICES[Math.min(PRICES.length - 1, Math.floor(Math.log10(1 + beginsAt(level))))];
