// What was done up to the moment of each row, without the asking, and how long before that moment: all there is to learn a trunk from.
import { EVENT_DAYS } from '../../core/event-sequences.ts';
import { type Frame, findColumn, type SequenceColumn } from '../../core/frame.ts';
import { cutSequences, type Sequences } from '../../core/sequences.ts';
import { DAY_MS } from '../../core/time.ts';
import {
  beginnings,
  codeAt,
  eventColumns,
  historiesOf,
  MIDDLE_OF_GAP,
  type Vocabulary,
  withoutAsking,
} from './histories.ts';

export interface PastHistories {
  readonly histories: Sequences;
  /** From each event to the moment of its row, which nothing told here lies behind, ms: [events] */
  readonly agesMs: Float64Array;
}

/** The newest events of these rows, at most `most` of each. */
export function pastHistories(
  frame: Frame,
  vocabulary: Vocabulary,
  { rows, most }: { readonly rows: ArrayLike<number>; readonly most: number },
): PastHistories {
  const all = historiesOf(frame, vocabulary, most + 1);
  const done = withoutAsking(all, rows);
  const histories = cutSequences(all, rows, (_, i) => done[i]);
  const agesOf = eventAges(frame);
  const agesMs = new Float64Array(histories.items.length);
  for (let i = 0; i < rows.length; i++)
    agesOf(rows[i], agesMs.subarray(histories.offsets[i], histories.offsets[i + 1]));
  return { histories, agesMs };
}

/** When something happened, as far as a class tells: from and up to, ms before the moment. */
type Interval = (code: number) => readonly [least: number, most: number];

/** A step of √2, and what lies below the first of them. */
const AGE_STEP = Math.SQRT2;
const LEAST_AGE_MS = 60_000;

/**
 * Ages of a row's newest events, filled from the newest end: each as long before the one after as the pause between them
 * says, inside what the classes of its age leave open, and its day where days are told.
 */
function eventAges(frame: Frame): (row: number, into: Float64Array) => void {
  const { gaps, ages } = eventColumns(frame) as { gaps: SequenceColumn; ages: SequenceColumn };
  const days = findColumn(frame, EVENT_DAYS);
  const told: (readonly [SequenceColumn, Interval])[] = [[ages, ageInterval(ages)]];
  if (days?.kind === 'sequence') told.push([days, dayInterval(days)]);
  const gapMs = beginnings(gaps);
  return (row, into) => {
    let age = 0;
    for (let back = 1; back <= into.length; back++) {
      let [least, most] = [age, Number.POSITIVE_INFINITY];
      for (const [column, interval] of told) {
        const code = codeAt(column, row, back);
        if (code < 0) continue;
        const [from, to] = interval(code);
        least = Math.max(least, from);
        most = Math.min(most, to);
      }
      const gap = back > 1 ? codeAt(gaps, row, back - 1) : -1;
      const likely = gap >= 0 ? age + MIDDLE_OF_GAP * gapMs[gap] : (least + most) / 2;
      age = Math.max(least, Math.min(most, Number.isFinite(likely) ? likely : least));
      into[into.length - back] = age;
    }
  };
}

function ageInterval(column: SequenceColumn): Interval {
  const from = beginnings(column);
  return (code) => [from[code], from[code] === 0 ? LEAST_AGE_MS : AGE_STEP * from[code]];
}

function dayInterval(column: SequenceColumn): Interval {
  const from = beginnings(column);
  return (code) => [from[code], from[code] + DAY_MS];
}
