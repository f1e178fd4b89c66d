import { describe, expect, it } from 'vitest';
import { checksum, logPopularity, makeBatches, SASREC_SHAPE, TRANSFORMER_SHAPE } from './batches.ts';

describe('the batches of the peers', () => {
  // Source: batches.py, `checksum(make_batches(Shape(128, 50, 10, 12000, 256), 1))` and Shape(32, 128, 128, 12000, 256).
  it('are number for number those of batches.py', () => {
    expect(checksum(makeBatches(SASREC_SHAPE, 1))).toBe(2077556350);
    expect(checksum(makeBatches(TRANSFORMER_SHAPE, 1))).toBe(3805770147);
  });

  it('pad the tail of inputs and targets alike, and negatives nowhere', () => {
    const [first] = makeBatches(SASREC_SHAPE, 1, 1);
    const { inputs, targets, negatives } = first!;
    for (let row = 0; row < SASREC_SHAPE.batch; row++) {
      const rowOf = (ids: Int32Array) => ids.subarray(row * 50, (row + 1) * 50);
      const real = rowOf(inputs).indexOf(0) === -1 ? 50 : rowOf(inputs).indexOf(0);
      expect(real).toBeGreaterThanOrEqual(10);
      expect(rowOf(inputs).every((item, time) => (item === 0) === time >= real)).toBe(true);
      expect(rowOf(targets).every((item, time) => (item === 0) === time >= real)).toBe(true);
      expect(rowOf(inputs).subarray(1, real)).toEqual(rowOf(targets).subarray(0, real - 1));
    }
    expect(negatives.every((item) => item >= 1 && item < 12_000)).toBe(true);
  });

  it('draw items by a popularity that sums to one', () => {
    const sum = logPopularity(12_000).reduce(
      (total, log, item) => (item === 0 ? 0 : total + Math.exp(log)),
      0,
    );
    expect(sum).toBeCloseTo(1, 5);
  });
});
