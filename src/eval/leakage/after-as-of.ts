// Features that know something from after their moment: recomputed on a truncated log, by their newest event, by sign.
import { type Column, columnLength, type Frame, findColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import type { LeakageCheck, Suspicion } from './finding.ts';

/** A feature must not move when every event after `asOf` is taken away. */
export const featuresAfterAsOf: LeakageCheck = ({ test, truncated }) =>
  truncated
    ? changedColumns(test.frame, truncated).map(({ feature, changed }) => ({
        severity: 'refuse',
        feature,
        words: name(
          `"${feature}" changes in ${changed} of ${test.frame.rows} rows when events after the moment are taken away: it reads the future`,
          `去掉时点之后的事件，“${feature}”在 ${test.frame.rows} 行中有 ${changed} 行改变：它读到了未来`,
        ),
        evidence: { changed, rows: test.frame.rows },
      }))
    : [];

/** A feature must not depend on the order in which events of one timestamp happen to stand. */
export const shuffledTies: LeakageCheck = ({ test, tiesShuffled }) =>
  tiesShuffled
    ? changedColumns(test.frame, tiesShuffled).map(({ feature, changed }) => ({
        severity: 'warn',
        feature,
        words: name(
          `"${feature}" changes in ${changed} of ${test.frame.rows} rows when events of equal timestamp are reordered: give ties a fixed order, or read strictly earlier events only`,
          `同一时间戳的事件换序后，“${feature}”在 ${test.frame.rows} 行中有 ${changed} 行改变：请固定并列顺序，或只读取严格更早的事件`,
        ),
        evidence: { changed, rows: test.frame.rows },
      }))
    : [];

/** The newest event a feature read must not be later than `asOf`. */
export const eventsAfterAsOf: LeakageCheck = ({ test, newestEventMs }) =>
  Object.entries(newestEventMs ?? {}).flatMap(([feature, newest]): Suspicion[] => {
    const late = newest.reduce((count, ms, i) => count + (ms > test.asOf[i] ? 1 : 0), 0);
    if (late === 0) return [];
    return [
      {
        severity: 'refuse',
        feature,
        words: name(
          `"${feature}" read events after the moment in ${late} of ${newest.length} rows; end its window at the moment`,
          `“${feature}”在 ${newest.length} 行中有 ${late} 行读取了时点之后的事件；请让窗口止于该时点`,
        ),
        evidence: { late, rows: newest.length },
      },
    ];
  });

/** A time since something is never negative: otherwise that something lies after the moment. */
export const negativeAges: LeakageCheck = ({ train, test }) =>
  test.frame.columns.flatMap((column): Suspicion[] => {
    if (column.kind !== 'number' || column.unit !== 'days' || column.group !== 'recency') return [];
    const before = findColumn(train.frame, column.name);
    const below = (values: Float64Array) => values.reduce((count, value) => count + (value < 0 ? 1 : 0), 0);
    const negative = below(column.values) + (before?.kind === 'number' ? below(before.values) : 0);
    if (negative === 0) return [];
    return [
      {
        severity: 'refuse',
        feature: column.name,
        words: name(
          `"${column.name}" is negative in ${negative} rows: it counts back from an event after the moment`,
          `“${column.name}”在 ${negative} 行中为负：它以时点之后的事件起算`,
        ),
        evidence: { negative },
      },
    ];
  });

function changedColumns(before: Frame, after: Frame): { feature: string; changed: number }[] {
  return before.columns.flatMap((column) => {
    const again = findColumn(after, column.name);
    if (!again) return [];
    const rows = Math.min(columnLength(column), columnLength(again));
    let changed = Math.abs(columnLength(column) - columnLength(again));
    for (let row = 0; row < rows; row++) if (!sameCell(column, again, row)) changed++;
    return changed > 0 ? [{ feature: column.name, changed }] : [];
  });
}

/** Numbers may differ by rounding, relative 1e-9. */
function sameCell(a: Column, b: Column, row: number): boolean {
  if (a.kind === 'number' && b.kind === 'number') return sameNumber(a.values[row], b.values[row]);
  if (a.kind === 'category' && b.kind === 'category')
    return a.levels[a.codes[row]] === b.levels[b.codes[row]];
  if (a.kind === 'text' && b.kind === 'text') return a.values[row] === b.values[row];
  if (a.kind === 'vector' && b.kind === 'vector') {
    const slice = (column: typeof a) => column.values.subarray(row * column.width, (row + 1) * column.width);
    const other = slice(b);
    return a.width === b.width && slice(a).every((value, i) => sameNumber(value, other[i]));
  }
  if (a.kind === 'sequence' && b.kind === 'sequence') {
    const length = a.offsets[row + 1] - a.offsets[row];
    if (b.offsets[row + 1] - b.offsets[row] !== length) return false;
    for (let i = 0; i < length; i++) {
      if (a.levels[a.codes[a.offsets[row] + i]] !== b.levels[b.codes[b.offsets[row] + i]]) return false;
    }
    return true;
  }
  return false;
}

const sameNumber = (a: number, b: number): boolean =>
  Object.is(a, b) || Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
