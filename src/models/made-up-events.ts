// Made-up histories as the sequence columns of a frame: to try models of behaviour without data.
import { EVENT_SEQUENCES, type EventSequence } from '../core/event-sequences.ts';
import type { SequenceColumn } from '../core/frame.ts';
import { name } from '../core/name.ts';

export interface MadeUpEvent {
  readonly type: string;
  readonly item: string;
  readonly category: string;
  /** UTC ms. */
  readonly timeMs: number;
  /** Minor units. */
  readonly priceMinor: number;
}

const SECOND_MS = 1000;

/** The power of `base` a number reaches, times `least`; `below` for less than that. */
function level(value: number, least: number, base: number): string {
  if (value < least) return 'below';
  return String(Math.round(least * base ** Math.floor(Math.log(value / least) / Math.log(base) + 1e-9)));
}

/**
 * Histories, oldest event first, as they were known at `asOf`.
 *
 * @param histories one a row
 * @param asOf UTC ms, [rows]
 */
export function eventColumnsOf(
  histories: readonly (readonly MadeUpEvent[])[],
  asOf: ArrayLike<number>,
): SequenceColumn[] {
  const column = (
    key: EventSequence,
    tell: (event: MadeUpEvent, at: number, row: number) => string | undefined,
  ) =>
    sequenceColumn(
      EVENT_SEQUENCES[key],
      histories.map((events, row) => events.map((event, at) => tell(event, at, row))),
    );
  return [
    column('types', ({ type }) => type),
    column('items', ({ item }) => item),
    column('categories', ({ category }) => category),
    column('gaps', ({ timeMs }, at, row) =>
      at === 0 ? undefined : level(timeMs - histories[row][at - 1].timeMs, SECOND_MS, 2),
    ),
    column('ages', ({ timeMs }, _, row) => level(asOf[row] - timeMs, 60 * SECOND_MS, Math.SQRT2)),
    column('prices', ({ priceMinor }) => level(priceMinor, 1, Math.SQRT2)),
    column('amounts', ({ priceMinor }) => level(priceMinor, 1, Math.SQRT2)),
  ];
}

function sequenceColumn(
  columnName: string,
  rows: readonly (readonly (string | undefined)[])[],
): SequenceColumn {
  const levels = [...new Set(rows.flat().filter((value) => value !== undefined))].sort();
  const codeOf = new Map(levels.map((value, code) => [value, code]));
  const offsets = new Uint32Array(rows.length + 1);
  rows.forEach((events, row) => {
    offsets[row + 1] = offsets[row] + events.length;
  });
  return {
    kind: 'sequence',
    name: columnName,
    label: name(columnName, columnName),
    unit: 'none',
    group: 'events',
    codes: Int32Array.from(rows.flat(), (value) => (value === undefined ? -1 : (codeOf.get(value) ?? -1))),
    offsets,
    levels,
  };
}
