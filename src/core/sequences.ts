// What each entity did, one thing after the other: flat arrays with offsets, as they come from a log and as models read them.
import { invariant } from './errors.ts';
import type { ItemVectors } from './item-vectors.ts';

/** What else is known of each event: a class from 1, 0 where it is not known. */
export interface EventMark {
  readonly name: string;
  /** Classes there are, 0 included. */
  readonly levels: number;
  /** [events] */
  readonly codes: Uint8Array;
}

/** Items in the order of the moments; an entity is a user, or a session. */
export interface Sequences {
  /** [entities] */
  readonly entities: readonly string[];
  /** Events of entity e are offsets[e] … offsets[e + 1] − 1, oldest first: [entities + 1] */
  readonly offsets: Uint32Array;
  /** Codes into `itemIds`, [events] */
  readonly items: Int32Array;
  /** UTC ms, [events]; absent where only the order is known. */
  readonly timesMs?: Float64Array;
  /** Without moments, which entity came before which (lines of a file of sessions): a smaller number came earlier, [entities] */
  readonly order?: Float64Array;
  /** What was done with the item, codes into `typeLevels`, [events]; absent where all events are of one kind. */
  readonly types?: Uint8Array;
  readonly typeLevels?: readonly string[];
  readonly marks?: readonly EventMark[];
  readonly itemIds: readonly string[];
}

/** What is known of the items themselves; row i belongs to item i. */
export interface ItemAttributes {
  /** Codes from 0, −1 where unknown, [items] each: category, brand, … */
  readonly categories: Readonly<
    Record<string, { readonly codes: Int32Array; readonly levels: readonly string[] }>
  >;
  /** Minor units, NaN where unknown, [items] */
  readonly priceMinor?: Float64Array;
  /** What encoders made of titles and pictures, one a kind. */
  readonly vectors?: readonly ItemVectors[];
}

/** Questions to a next-item model: what came before, and what came then. */
export interface NextItemCases {
  readonly before: Sequences;
  /** Item codes, one an entity of `before`: [entities] */
  readonly targets: Int32Array;
}

export const sequenceCount = ({ offsets }: Pick<Sequences, 'offsets'>): number => offsets.length - 1;

/** The sequences at `rows`, in that order; items keep their codes. */
export function takeSequences(sequences: Sequences, rows: ArrayLike<number>): Sequences {
  return cutSequences(sequences, rows, (row) => [sequences.offsets[row], sequences.offsets[row + 1]]);
}

/**
 * Parts of sequences.
 *
 * @param range of row r, the i-th of `rows`: from which event to which, the end not included
 */
export function cutSequences(
  sequences: Sequences,
  rows: ArrayLike<number>,
  range: (row: number, i: number) => readonly [from: number, to: number],
): Sequences {
  const { entities, items, timesMs, order, types, typeLevels, marks, itemIds } = sequences;
  const offsets = new Uint32Array(rows.length + 1);
  for (let i = 0; i < rows.length; i++) {
    const [from, to] = range(rows[i], i);
    invariant(
      from >= sequences.offsets[rows[i]] && to <= sequences.offsets[rows[i] + 1] && from <= to,
      'a part lies inside its sequence',
    );
    offsets[i + 1] = offsets[i] + to - from;
  }
  const events = offsets[rows.length];
  const cut = <T extends Int32Array | Float64Array | Uint8Array>(values: T, into: T): T => {
    for (let i = 0; i < rows.length; i++) {
      const [from, to] = range(rows[i], i);
      into.set(values.subarray(from, to), offsets[i]);
    }
    return into;
  };
  return {
    entities: Array.from(rows, (row) => entities[row]),
    offsets,
    items: cut(items, new Int32Array(events)),
    ...(timesMs && { timesMs: cut(timesMs, new Float64Array(events)) }),
    ...(order && { order: Float64Array.from(rows, (row) => order[row]) }),
    ...(types && { types: cut(types, new Uint8Array(events)) }),
    ...(typeLevels && { typeLevels }),
    ...(marks && {
      marks: marks.map((mark) => ({ ...mark, codes: cut(mark.codes, new Uint8Array(events)) })),
    }),
    itemIds,
  };
}
