// A matrix of floats as 8-bit whole numbers, with a scale for each row or each column.

import { AppError } from '../../core/errors.ts';
import { roundHalfToEven } from './rounding.ts';

/** `values[i, j] · scales[k]` is about what stood there; k is i or j, by the axis asked for. */
export interface Int8Matrix {
  readonly values: Int8Array;
  readonly scales: Float32Array;
}

export interface Int8Options {
  /** Which axis has scales of its own: 0 rows, 1 columns. */
  readonly axis: 0 | 1;
  /** 7: values stay in [−63, 63], so that two products of a byte and a weight fit 16 bits. */
  readonly bits: 7 | 8;
}

/**
 * Rounds a matrix symmetrically around 0: zero stays zero, so pruned weights stay pruned. The largest number of a row
 * (or column) becomes ±127 or ±63; one that holds only zeros has scale 1.
 *
 * @param shape [rows, columns]
 * @throws AppError BAD_DATA for weights that are not finite
 */
export function toInt8(
  weights: Float32Array,
  [rows, columns]: readonly [number, number],
  { axis, bits }: Int8Options,
): Int8Matrix {
  const limit = bits === 8 ? 127 : 63;
  const scales = new Float32Array(axis === 0 ? rows : columns);
  const place = (i: number): number => (axis === 0 ? Math.floor(i / columns) : i % columns);
  for (const [i, weight] of weights.entries())
    scales[place(i)] = Math.max(scales[place(i)] as number, Math.abs(weight));
  if (!scales.every(Number.isFinite))
    throw new AppError('BAD_DATA', 'toInt8: expected finite weights, got a NaN or an infinity');
  for (const [k, largest] of scales.entries()) scales[k] = largest === 0 ? 1 : largest / limit;

  const values = new Int8Array(weights.length);
  for (const [i, weight] of weights.entries()) {
    const rounded = roundHalfToEven(weight / (scales[place(i)] as number));
    // the scale itself is rounded to float32, so the largest weight may come out one too high
    values[i] = Math.max(-limit, Math.min(limit, rounded));
  }
  return { values, scales };
}
