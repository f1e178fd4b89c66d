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
  for (let row = 0, at = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, at++) {
      const place = axis === 0 ? row : column;
      scales[place] = Math.max(scales[place] as number, Math.abs(weights[at] as number));
    }
  if (!scales.every(Number.isFinite))
    throw new AppError('BAD_DATA', 'toInt8: expected finite weights, got a NaN or an infinity');
  for (const [k, largest] of scales.entries()) scales[k] = largest === 0 ? 1 : largest / limit;

  const values = new Int8Array(weights.length);
  for (let row = 0, at = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, at++) {
      const scale = scales[axis === 0 ? row : column] as number;
      // the scale itself is rounded to float32, so the largest weight may come out one too high
      values[at] = Math.max(-limit, Math.min(limit, roundHalfToEven((weights[at] as number) / scale)));
    }
  return { values, scales };
}
