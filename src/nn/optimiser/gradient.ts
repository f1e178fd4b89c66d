// Gradients on their way from a training step to the store, and the hook that may change them.
import { invariant } from '../../core/errors.ts';

/** Gradient of one parameter, or a piece of it; the arrays are the store's to change. */
export interface Gradient {
  readonly name: string;
  /** As the parameter, or [rows, width] with `indices`. */
  readonly values: Float32Array;
  /** [rows]: the row of the parameter that each row of `values` belongs to; an index may come many times. */
  readonly indices?: Int32Array;
}

/**
 * Changes the gradients of one micro-batch in place before they are added up. Each parameter comes once, whole or as
 * rows that each come once, so that norms are those of the true gradient: with micro-batches of one example, scaling
 * all values to a norm of at most C bounds what that example can contribute (differential privacy).
 */
export type GradientTransform = (gradients: readonly Gradient[]) => void;

/** One gradient a parameter, rows of equal index added up in order; order of first coming. Changes `values` in place. */
export function mergeGradients(gradients: readonly Gradient[]): readonly Gradient[] {
  const byName = new Map<string, Gradient[]>();
  for (const piece of gradients) byName.set(piece.name, [...(byName.get(piece.name) ?? []), piece]);
  return [...byName.values()].map((pieces) => {
    const whole = pieces.find(({ indices }) => indices === undefined);
    return whole ? addAll(whole, pieces) : compact(pieces);
  });
}

function addAll(whole: Gradient, pieces: readonly Gradient[]): Gradient {
  const { values } = whole;
  for (const piece of pieces) {
    if (piece === whole) continue;
    if (piece.indices === undefined) for (let i = 0; i < values.length; i++) values[i] += piece.values[i];
    else addRows(values, piece.indices, piece.values);
  }
  return whole;
}

function compact(pieces: readonly Gradient[]): Gradient {
  const places = new Map<number, number>();
  const placed = pieces.map(({ indices }) => {
    invariant(indices, 'only rows are compacted');
    return indices.map((row) => {
      const place = places.get(row) ?? places.size;
      places.set(row, place);
      return place;
    });
  });
  const [{ name, values, indices }] = pieces;
  const width = indices?.length ? values.length / indices.length : 0;
  const sums = new Float32Array(places.size * width);
  pieces.forEach((piece, i) => {
    addRows(sums, placed[i], piece.values);
  });
  return { name, indices: Int32Array.from(places.keys()), values: sums };
}

function addRows(table: Float32Array, indices: Int32Array, rows: Float32Array): void {
  const width = rows.length / indices.length;
  for (let i = 0; i < indices.length; i++) {
    for (let j = 0; j < width; j++) table[indices[i] * width + j] += rows[i * width + j];
  }
}
