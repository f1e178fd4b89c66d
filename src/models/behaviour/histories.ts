// Each row's newest events as a sequence a network can read, with the moment of asking as its last place.
import { EVENT_SEQUENCES, type EventSequence } from '../../core/event-sequences.ts';
import { type Frame, findColumn, type SequenceColumn } from '../../core/frame.ts';
import type { EventMark, Sequences } from '../../core/sequences.ts';

/** Words learned from the training rows alone. */
export interface Vocabulary {
  readonly itemIds: readonly string[];
  readonly typeLevels: readonly string[];
  readonly categories: readonly string[];
}

/** What a network reads of a frame; columns that only mark events may be absent. */
const NEEDED: readonly EventSequence[] = ['types', 'gaps', 'ages'];

/** The event columns of a frame, those there are. */
export type EventColumns = Readonly<Partial<Record<EventSequence, SequenceColumn>>>;

export function eventColumns(frame: Frame): EventColumns {
  const found = Object.entries(EVENT_SEQUENCES).flatMap(([key, name]) => {
    const column = findColumn(frame, name);
    return column?.kind === 'sequence' ? [[key, column] as const] : [];
  });
  return Object.fromEntries(found);
}

/** Why a frame cannot be read, in words. */
export function missingEvents(frame: Frame): string | undefined {
  const columns = eventColumns(frame);
  const missing = NEEDED.filter((key) => columns[key] === undefined);
  return missing.length === 0
    ? undefined
    : `needs each customer's newest events in order (${missing.map((key) => EVENT_SEQUENCES[key]).join(', ')}), which this table does not have`;
}

/** More categories than this share the code of what is not known; codes are bytes. */
export const MOST_CATEGORIES = 254;

/** Items, types and categories in the events of these rows, by how often they occur, then by name. */
export function learnVocabulary(frame: Frame): Vocabulary {
  const { items, types, categories } = eventColumns(frame);
  return {
    itemIds: met(items),
    typeLevels: met(types).slice(0, MOST_CATEGORIES),
    categories: met(categories).slice(0, MOST_CATEGORIES),
  };
}

function met(column: SequenceColumn | undefined): readonly string[] {
  if (!column) return [];
  const counts = new Float64Array(column.levels.length);
  for (const code of column.codes) if (code >= 0) counts[code]++;
  return [...column.levels.keys()]
    .filter((code) => counts[code] > 0)
    .sort((a, b) => counts[b] - counts[a] || (column.levels[a] < column.levels[b] ? -1 : 1))
    .map((code) => column.levels[code]);
}

/** Classes of money, by powers of √2 from 1; 0 where it is not known. */
const MONEY_LEVELS = 64;
/** A code no type has: the moment of asking is an event of unknown kind. */
export const NO_TYPE = 255;
/** The middle, on the scale of the classes, of what lies between a cut and the next: half a power of 2, and of √2. */
export const MIDDLE_OF_GAP = Math.SQRT2;
const MIDDLE_OF_AGE = 2 ** 0.25;

/** The number each level begins at, 0 below all. */
export const beginnings = ({ levels }: SequenceColumn): Float64Array =>
  Float64Array.from(levels, (level) => (level === 'below' ? 0 : Number(level)));

const moneyClass = (minor: number): number =>
  Math.min(MONEY_LEVELS - 1, 1 + Math.round(2 * Math.log2(Math.max(1, minor))));

/** Minor units a class of money stands for. */
export const moneyOf = (code: number): number => 2 ** ((code - 1) / 2);

/**
 * The newest events of each row, at most `most` places long with the moment of asking, which stands last as an event of no
 * kind and no item, as long after the one before as the row says. Times count from the first event and are as exact as
 * the classes they were told in.
 *
 * Columns are read from their newest end, so that one which was exchanged for another row's still lines up.
 */
export function historiesOf(frame: Frame, vocabulary: Vocabulary, most: number): Sequences {
  const columns = eventColumns(frame) as EventColumns &
    Required<Pick<EventColumns, 'types' | 'gaps' | 'ages'>>;
  const { types, gaps, ages, items, categories, prices, amounts } = columns;
  const { rows } = frame;
  const offsets = new Uint32Array(rows + 1);
  const sizeOf = (row: number): number => Math.min(most - 1, types.offsets[row + 1] - types.offsets[row]);
  for (let row = 0; row < rows; row++) offsets[row + 1] = offsets[row] + sizeOf(row) + 1;
  const events = offsets[rows];
  const typeCodes = new Uint8Array(events).fill(NO_TYPE);
  const itemCodes = new Int32Array(events).fill(-1);
  const timesMs = new Float64Array(events);
  const marks = [
    {
      name: 'category',
      levels: vocabulary.categories.length + 1,
      column: categories,
      codeOf: places(categories, vocabulary.categories, 1),
    },
    { name: 'price', levels: MONEY_LEVELS, column: prices, codeOf: moneyClasses(prices) },
    { name: 'amount', levels: MONEY_LEVELS, column: amounts, codeOf: moneyClasses(amounts) },
  ].flatMap(({ column, ...mark }) => (column ? [{ ...mark, column, codes: new Uint8Array(events) }] : []));
  const typeOf = places(types, vocabulary.typeLevels, 0, NO_TYPE);
  const itemOf = places(items, vocabulary.itemIds, 0, -1);
  const [gapMs, ageMs] = [beginnings(gaps), beginnings(ages)];
  for (let row = 0; row < rows; row++) {
    const now = offsets[row + 1] - 1;
    const size = sizeOf(row);
    let time = 0;
    for (let back = size; back >= 1; back--) {
      const event = now - back;
      const gap = codeAt(gaps, row, back);
      if (back < size && gap >= 0) time += MIDDLE_OF_GAP * gapMs[gap];
      timesMs[event] = time;
      typeCodes[event] = told(typeOf, codeAt(types, row, back), NO_TYPE);
      if (items) itemCodes[event] = told(itemOf, codeAt(items, row, back), -1);
      for (const { codes, column, codeOf } of marks)
        codes[event] = told(codeOf, codeAt(column, row, back), 0);
    }
    const age = size > 0 ? codeAt(ages, row, 1) : -1;
    timesMs[now] = time + (age >= 0 ? MIDDLE_OF_AGE * ageMs[age] : 0);
  }
  return {
    entities: Array.from({ length: rows }, (_, row) => String(row)),
    ...{ offsets, timesMs, items: itemCodes, types: typeCodes },
    typeLevels: vocabulary.typeLevels,
    marks: marks.map(({ name, levels, codes }): EventMark => ({ name, levels, codes })),
    itemIds: vocabulary.itemIds,
  };
}

/** The code of the event `back` from the newest (1), −1 where there is none. */
export function codeAt({ codes, offsets }: SequenceColumn, row: number, back: number): number {
  const at = offsets[row + 1] - back;
  return at >= offsets[row] ? codes[at] : -1;
}

const told = (codeOf: ArrayLike<number>, code: number, unknown: number): number =>
  code < 0 ? unknown : codeOf[code];

/** Where each level of a column stands among known words, counted from `first`. */
function places(
  column: SequenceColumn | undefined,
  words: readonly string[],
  first: number,
  unknown = 0,
): Int32Array {
  const known = new Map(words.map((word, at) => [word, at + first]));
  return Int32Array.from(column?.levels ?? [], (level) => known.get(level) ?? unknown);
}

const moneyClasses = (column: SequenceColumn | undefined): Int32Array =>
  column ? Int32Array.from(beginnings(column), moneyClass) : new Int32Array(0);

/** The same histories without the moment of asking: what was done, to learn from what came next. */
export function withoutAsking(
  histories: Sequences,
  rows: ArrayLike<number>,
): readonly (readonly [number, number])[] {
  return Array.from(rows, (row) => [histories.offsets[row], histories.offsets[row + 1] - 1] as const);
}
