// Every prefix of a sequence as a case of its own: how sessions are learned from, and asked about at any moment.
import { type NextItemCases, type Sequences, sequenceCount } from '../../core/sequences.ts';

/**
 * One case for each event of the rows from `from(row)` on; the target is the event, before it stands all that came first.
 *
 * @param from place in the events of all sequences; the second event of the row when absent
 */
export function everyPrefix(
  sequences: Sequences,
  rows: ArrayLike<number> = Array.from({ length: sequenceCount(sequences) }, (_, row) => row),
  from: (row: number) => number = (row) => sequences.offsets[row] + 1,
): NextItemCases {
  const { entities, offsets, items, timesMs, types, typeLevels, itemIds } = sequences;
  const names: string[] = [];
  const ends: number[] = [0];
  const starts: number[] = [];
  const lasts: number[] = [];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    for (let at = from(row); at < offsets[row + 1]; at++) {
      names.push(entities[row]);
      starts.push(offsets[row]);
      lasts.push(at);
      ends.push(ends[ends.length - 1] + at - offsets[row]);
    }
  }
  const events = ends[ends.length - 1];
  const laid = <T extends Int32Array | Float64Array | Uint8Array>(values: T, into: T): T => {
    for (let i = 0; i < starts.length; i++) into.set(values.subarray(starts[i], lasts[i]), ends[i]);
    return into;
  };
  return {
    before: {
      entities: names,
      offsets: Uint32Array.from(ends),
      items: laid(items, new Int32Array(events)),
      ...(timesMs && { timesMs: laid(timesMs, new Float64Array(events)) }),
      ...(types && { types: laid(types, new Uint8Array(events)) }),
      ...(typeLevels && { typeLevels }),
      itemIds,
    },
    targets: Int32Array.from(lasts, (at) => items[at]),
  };
}
