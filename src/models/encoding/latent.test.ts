import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { fitLatent, latentCoordinates } from './latent.ts';
import type { SparseRows } from './sparse-rows.ts';

/** Rows of `width` numbers, all kept. */
function full(rows: number, width: number, cell: (i: number, j: number) => number): SparseRows {
  return {
    rows,
    width,
    offsets: Uint32Array.from({ length: rows + 1 }, (_, i) => i * width),
    codes: Int32Array.from({ length: rows * width }, (_, k) => k % width),
    values: Float32Array.from({ length: rows * width }, (_, k) => cell(Math.floor(k / width), k % width)),
  };
}

describe('latent directions', () => {
  const draw = random(6);
  const strengths = [9, 4, 2];
  const left = strengths.map(() => Float64Array.from({ length: 400 }, () => draw.normal()));
  const right = strengths.map(() => Float64Array.from({ length: 60 }, () => draw.normal()));
  const noise = Float64Array.from({ length: 400 * 60 }, () => 0.05 * draw.normal());
  const matrix = full(400, 60, (i, j) =>
    strengths.reduce((sum, s, d) => sum + s * left[d][i] * right[d][j], noise[i * 60 + j]),
  );

  it('find what the rows were made of, in order, at unit scale', async () => {
    const latent = await fitLatent(matrix, { dimensions: 3, seed: 1 });
    const found = latentCoordinates(latent!, matrix);
    found.forEach((values) => {
      expect(values.reduce((sum, v) => sum + v * v, 0) / 400).toBeCloseTo(1, 2);
    });
    for (let a = 0; a < 3; a++) {
      for (let b = 0; b < a; b++) {
        const shared = found[a].reduce((sum, v, i) => sum + v * found[b][i], 0) / 400;
        expect(Math.abs(shared)).toBeLessThan(1e-3);
      }
    }
    // The three directions span what the rows were made of: a regression of it on them leaves next to nothing.
    for (const truth of left) {
      const shares = found.map((values) => values.reduce((sum, v, i) => sum + v * truth[i], 0) / 400);
      const rest = truth.reduce(
        (sum, t, i) => sum + (t - found.reduce((s, v, d) => s + shares[d] * v[i], 0)) ** 2,
        0,
      );
      expect(rest / truth.reduce((sum, t) => sum + t * t, 0)).toBeLessThan(1e-3);
    }
  });

  it('are the same for the same seed, and absent where texts are few', async () => {
    const [a, b] = [
      await fitLatent(matrix, { dimensions: 3, seed: 1 }),
      await fitLatent(matrix, { dimensions: 3, seed: 1 }),
    ];
    expect(a).toEqual(b);
    expect(await fitLatent(matrix, { dimensions: 30, seed: 1 })).toBeUndefined();
  });
});
