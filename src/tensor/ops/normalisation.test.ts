// The normalisations made of several rows, by numbers worked out by hand.

import { describe, expect, it } from 'vitest';
import { evaluate } from '../evaluate.ts';
import type { Tensor } from '../graph.ts';
import { constant, input } from './leaf.ts';
import { applyBatchNorm, batchNorm, layerNorm, rmsNorm } from './normalisation.ts';

function numbers(x: Tensor): number[] {
  return Array.from(evaluate([x], {})[0] as Float64Array, (value) => Number(value.toFixed(12)));
}

describe('batchNorm', () => {
  // channel 0 holds 1, 3, 5, 7: mean 4, variance 5; channel 1 holds four times 2
  const x = constant([1, 3, 2, 2, 5, 7, 2, 2], { batch: 2, channels: 2, time: 2 });
  const scale = constant([Math.sqrt(5), 3], [2]);
  const shift = constant([10, -1], [2]);

  it('moves each channel by the statistics of its batch, and returns them', () => {
    const { y, mean, variance } = batchNorm(x, scale, shift, { epsilon: 0 });
    expect(numbers(mean)).toEqual([4, 2]);
    expect(numbers(variance)).toEqual([5, 0]);
    expect(numbers(y).slice(0, 2)).toEqual([7, 9]);
    expect(numbers(batchNorm(x, scale, shift, { epsilon: 1 }).y).slice(2, 4)).toEqual([-1, -1]);
  });

  it('in use is the same affine function of fixed statistics', () => {
    const trained = batchNorm(x, scale, shift, { epsilon: 0.5 });
    const { mean, variance } = trained;
    expect(numbers(applyBatchNorm(x, { scale, shift, mean, variance }, { epsilon: 0.5 }))).toEqual(
      numbers(trained.y),
    );
  });
});

describe('layerNorm', () => {
  it('gives rows of mean 0 and variance 1 before scale and shift', () => {
    const y = layerNorm(constant([1, 3], [1, 2]), constant([2, 2], [2]), constant([5, 6], [2]), 0);
    expect(numbers(y)).toEqual([3, 8]);
  });

  it('names the axes that do not fit', () => {
    const x = input('x', 'float', { time: 3, width: 4 });
    const three = input('three', 'float', { width: 3 });
    expect(() => layerNorm(x, three, three)).toThrow('layerNorm: [time=3, width=4] · [width=3]');
  });
});

describe('rmsNorm', () => {
  it('divides rows by their root mean square', () => {
    // √((1 + 49) / 2) = 5
    const y = rmsNorm(constant([1, 7], [1, 2]), constant([10, 1], [2]), 0);
    expect(numbers(y)).toEqual([2, 1.4]);
  });
});
