// A frame as if some of a row's newest events had never happened: the rest stand as they did, at their own times.
import { EVENT_SEQUENCES } from '../../core/event-sequences.ts';
import type { Column, Frame, SequenceColumn } from '../../core/frame.ts';

/**
 * Other columns are left as they are, also where they were counted from the same events. The pause before an event whose
 * forerunner went is the two pauses together, as near as classes of them tell; before what is now first there is none.
 *
 * @param removed of each row, events by how many are newer: 0 is the newest
 */
export function withoutEvents(frame: Frame, removed: readonly (readonly number[])[]): Frame {
  const names = new Set<string>(Object.values(EVENT_SEQUENCES));
  const gone = removed.map((events) => new Set(events));
  const columns = frame.columns.map((column): Column => {
    if (column.kind !== 'sequence' || !names.has(column.name)) return column;
    const join = column.name === EVENT_SEQUENCES.gaps ? pauseJoiner(column) : undefined;
    return shortened(column, gone, join);
  });
  return { ...frame, columns };
}

/** Places among the newest events of each row, oldest first, as `withoutEvents` counts them. */
export const fromNewest = (
  places: readonly (readonly number[])[],
  offsets: ArrayLike<number>,
): readonly (readonly number[])[] =>
  places.map((own, row) => own.map((place) => offsets[row + 1] - offsets[row] - 1 - place));

/** One class for two pauses, one after the other. */
type Join = (first: number, second: number) => number;

function shortened(
  column: SequenceColumn,
  gone: readonly ReadonlySet<number>[],
  join?: Join,
): SequenceColumn {
  const codes: number[] = [];
  const offsets = new Uint32Array(column.offsets.length);
  gone.forEach((events, row) => {
    let waiting = -1;
    let kept = 0;
    for (let at = column.offsets[row]; at < column.offsets[row + 1]; at++) {
      const code = column.codes[at];
      const joined = join && waiting >= 0 ? join(waiting, code) : code;
      if (events.has(column.offsets[row + 1] - 1 - at)) waiting = kept > 0 ? joined : -1;
      else {
        codes.push(join && kept === 0 && events.size > 0 ? -1 : joined);
        waiting = -1;
        kept++;
      }
    }
    offsets[row + 1] = codes.length;
  });
  return { ...column, codes: Int32Array.from(codes), offsets };
}

/** Levels of pauses are named by the milliseconds they begin at and each is twice the one below: a sum's is found among them. */
function pauseJoiner({ levels }: SequenceColumn): Join {
  const starts = levels.map((level) => (level === 'below' ? 0 : Number(level)));
  return (first, second) => {
    if (first < 0 || second < 0) return Math.max(first, second);
    const sum = Math.SQRT2 * (starts[first] + starts[second]);
    let best = starts[first] >= starts[second] ? first : second;
    starts.forEach((start, level) => {
      if (start <= sum && start > starts[best]) best = level;
    });
    return best;
  };
}
