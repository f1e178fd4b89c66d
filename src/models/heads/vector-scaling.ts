// Vectors made comparable before a head learns from them: each column centred, and brought to one size as a whole.
import { AppError } from '../../core/errors.ts';
import { type Frame, findColumn, type VectorColumn } from '../../core/frame.ts';
import type { VectorRows } from './logistic-head.ts';

/** How one vector column is centred; its directions keep their sizes beside each other, so that likeness stays likeness. */
export interface VectorScaling {
  readonly name: string;
  readonly width: number;
  /** [width] */
  readonly mean: Float64Array;
  /** What every number is divided by: the root of the mean variance of its directions. */
  readonly size: number;
}

export const vectorColumns = (frame: Frame): readonly VectorColumn[] =>
  frame.columns.filter((column): column is VectorColumn => column.kind === 'vector' && column.width > 0);

/** A row of zeros is one without a vector: a picture that was never taken, a text nobody wrote. */
const isAbsent = ({ values, width }: VectorColumn, row: number): boolean => {
  for (let k = row * width; k < (row + 1) * width; k++) if (values[k] !== 0) return false;
  return true;
};

/** @param weight [rows] */
export function fitVectorScaling(column: VectorColumn, weight: Float64Array): VectorScaling {
  const { name, width, values } = column;
  const mean = new Float64Array(width);
  const squares = new Float64Array(width);
  let total = 0;
  for (let row = 0; row < weight.length; row++) {
    if (isAbsent(column, row)) continue;
    total += weight[row];
    for (let k = 0; k < width; k++) mean[k] += weight[row] * values[row * width + k];
  }
  for (let k = 0; k < width; k++) mean[k] /= Math.max(total, 1e-12);
  for (let row = 0; row < weight.length; row++) {
    if (isAbsent(column, row)) continue;
    for (let k = 0; k < width; k++) squares[k] += weight[row] * (values[row * width + k] - mean[k]) ** 2;
  }
  const variance = squares.reduce((a, b) => a + b, 0) / Math.max(total, 1e-12) / width;
  return { name, width, mean, size: variance > 1e-20 ? Math.sqrt(variance) : 1 };
}

/**
 * All columns side by side, scaled; an absent vector stands at the mean.
 *
 * @throws AppError SHAPE for a column that is missing or of another width
 */
export function scaleVectors(frame: Frame, scalings: readonly VectorScaling[]): VectorRows {
  const width = scalings.reduce((sum, own) => sum + own.width, 0);
  const vectors = new Float32Array(frame.rows * width);
  let at = 0;
  for (const scaling of scalings) {
    const column = findColumn(frame, scaling.name);
    if (column?.kind !== 'vector' || column.width !== scaling.width)
      throw new AppError(
        'SHAPE',
        `expected a vector column "${scaling.name}" of width ${scaling.width}, got ${column?.kind === 'vector' ? `one of ${column.width}` : 'none'}`,
      );
    for (let row = 0; row < frame.rows; row++) {
      if (isAbsent(column, row)) continue;
      for (let k = 0; k < scaling.width; k++)
        vectors[row * width + at + k] =
          (column.values[row * scaling.width + k] - scaling.mean[k]) / scaling.size;
    }
    at += scaling.width;
  }
  return { vectors, width };
}
