// Rotary positions: queries and keys turned by an angle that grows with their place, so that scores see distances.

import { AppError } from '../../core/errors.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { add, mul } from '../../tensor/ops/arithmetic.ts';
import { constant } from '../../tensor/ops/leaf.ts';
import { matmul } from '../../tensor/ops/matrix.ts';

/**
 * Turns pair (i, i + width/2) of the vector at place t by t·base^(−2i/width): `[..., time, width]`, width even.
 * The pairs lie half a width apart, as in GPT-NeoX and Llama; the paper pairs neighbours, which only renames columns.
 *
 * @see Su et al. 2021, arXiv:2104.09864, eq. 34
 */
export function rotate(x: Tensor, base = 10_000): Tensor {
  const [time, width] = x.shape.slice(-2) as [number, number];
  if (width % 2 !== 0)
    throw new AppError('SHAPE', `rotary: expected an even width of each head, got ${width}`);
  const half = width / 2;
  const cosine = new Float64Array(time * width);
  const sine = new Float64Array(time * width);
  for (let t = 0; t < time; t++) {
    for (let i = 0; i < width; i++) {
      const angle = t * base ** (-(i % half) / half);
      cosine[t * width + i] = Math.cos(angle);
      sine[t * width + i] = Math.sin(angle);
    }
  }
  const axes = { time, width };
  return add(mul(x, constant(cosine, axes)), mul(matmul(x, quarterTurn(width)), constant(sine, axes)));
}

/** (a, b) · R = (−b, a) for the halves a and b: a small product is cheaper than cutting and joining. */
function quarterTurn(width: number): Tensor {
  const half = width / 2;
  const matrix = new Float64Array(width * width);
  for (let i = 0; i < half; i++) {
    matrix[(i + half) * width + i] = -1;
    matrix[i * width + i + half] = 1;
  }
  return constant(matrix, [width, width]);
}
