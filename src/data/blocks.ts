// Features of different owners side by side: each block is computed for its own keys and looked up by the rows that need it.

import { invariant } from '../core/errors.ts';
import { type Column, type Frame, makeFrame } from '../core/frame.ts';
import type { ExampleSet } from './examples.ts';
import type { FeatureOwner, FeatureView } from './features/definition.ts';
import { compileFold } from './features/fold.ts';
import type { EventSource } from './source.ts';

/** The features of one owner, in the view's order. */
export const viewOf = (view: FeatureView, owner: FeatureOwner | undefined): FeatureView => ({
  ...view,
  features: view.features.filter((feature) => feature.of === owner),
});

/**
 * The place of a key's row at a moment; −1 where the key had no event by then.
 *
 * @param set of one block: its entities are keys
 */
export function placesIn(set: ExampleSet): (asOf: number, key: string) => number {
  const moments = new Map<number, Map<string, number>>();
  set.entities.forEach((key, row) => {
    let places = moments.get(set.asOf[row]);
    if (!places) {
      places = new Map();
      moments.set(set.asOf[row], places);
    }
    places.set(key, row);
  });
  return (asOf, key) => moments.get(asOf)?.get(key) ?? -1;
}

/**
 * The block's rows at `places`, in that order; where there is none, what the view says of no events at all.
 *
 * @param places row numbers of the block, −1 for none
 */
export function lookUp(
  { frame, view }: { readonly frame: Frame; readonly view: FeatureView },
  places: Int32Array,
  { zone }: Pick<EventSource, 'zone'>,
): readonly Column[] {
  const empty = compileFold(view, { zone })([], 0);
  return frame.columns.map((column, f): Column => {
    if (column.kind === 'number') {
      const none = empty[f] as number;
      return { ...column, values: Float64Array.from(places, (row) => (row < 0 ? none : column.values[row])) };
    }
    if (column.kind === 'category')
      return { ...column, codes: Int32Array.from(places, (row) => (row < 0 ? -1 : column.codes[row])) };
    invariant(column.kind === 'sequence', `a view has no ${column.kind} column`);
    const { offsets } = column;
    const lengths = Array.from(places, (row) => (row < 0 ? 0 : offsets[row + 1] - offsets[row]));
    const ends = new Uint32Array(places.length + 1);
    lengths.forEach((length, i) => {
      ends[i + 1] = ends[i] + length;
    });
    const codes = new Int32Array(ends[places.length]);
    places.forEach((row, i) => {
      if (row >= 0) codes.set(column.codes.subarray(offsets[row], offsets[row + 1]), ends[i]);
    });
    return { ...column, codes, offsets: ends };
  });
}

/** Columns in the order in which the view names them; those it does not name stand last. */
export function inViewOrder(
  view: FeatureView,
  columns: readonly Column[],
  { rows, currency }: { readonly rows: number; readonly currency: string },
): Frame {
  const places = new Map(view.features.map(({ name }, place) => [name, place]));
  const placeOf = ({ name }: Column) => places.get(name) ?? places.size;
  return makeFrame(
    columns.toSorted((a, b) => placeOf(a) - placeOf(b)),
    { rows, currency },
  );
}
