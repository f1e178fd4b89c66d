// Histories with some of their events alone: the rest never happened.
import type { Sequences } from '../../../core/sequences.ts';

/** Which events of a sequence stay, by their places in it, rising. */
export interface Kept {
  readonly row: number;
  readonly places: readonly number[];
}

/** A sequence for each of `kept`, in that order; a row may be asked for many times. */
export function keptEvents(sequences: Sequences, kept: readonly Kept[]): Sequences {
  const { entities, order, timesMs, types, typeLevels, marks, itemIds } = sequences;
  const at = kept.flatMap(({ row, places }) => places.map((place) => sequences.offsets[row] + place));
  const offsets = new Uint32Array(kept.length + 1);
  kept.forEach(({ places }, k) => {
    offsets[k + 1] = offsets[k] + places.length;
  });
  return {
    entities: kept.map(({ row }) => entities[row]),
    ...{ offsets, itemIds, items: Int32Array.from(at, (event) => sequences.items[event]) },
    ...(timesMs && { timesMs: Float64Array.from(at, (event) => timesMs[event]) }),
    ...(order && { order: Float64Array.from(kept, ({ row }) => order[row]) }),
    ...(types && { types: Uint8Array.from(at, (event) => types[event]) }),
    ...(typeLevels && { typeLevels }),
    ...(marks && {
      marks: marks.map((mark) => ({ ...mark, codes: Uint8Array.from(at, (event) => mark.codes[event]) })),
    }),
  };
}

/** Every sequence without the events at some of its places. */
export const withoutPlaces = (sequences: Sequences, removed: readonly (readonly number[])[]): Sequences =>
  keptEvents(
    sequences,
    removed.map((gone, row) => {
      const size = sequences.offsets[row + 1] - sequences.offsets[row];
      const all = Array.from({ length: size }, (_, place) => place);
      return { row, places: all.filter((place) => !gone.includes(place)) };
    }),
  );
