// The reductions made of several rows, and what ties do, by numbers worked out by hand.

import { describe, expect, it } from 'vitest';
import { evaluate } from '../evaluate.ts';
import { gradients } from '../gradient.ts';
import type { Tensor } from '../graph.ts';
import { constant, input } from './leaf.ts';
import { l2Normalise, max, mean, topK, variance } from './reductions.ts';

function numbers(x: Tensor, feeds: Record<string, readonly number[]> = {}): number[] {
  return [...(evaluate([x], feeds)[0] as Float64Array)];
}

const table = constant([1, 2, 3, 4, 5, 9], { rows: 2, columns: 3 });

describe('mean and variance', () => {
  it('are over all axes or over some', () => {
    expect(numbers(mean(table))).toEqual([4]);
    expect(numbers(mean(table, 0))).toEqual([2.5, 3.5, 6]);
    expect(mean(table, -1, { keep: true }).shape).toEqual([2, 1]);
    // 4, 5, 9 lie 2, 1, 3 from their mean 6
    const [low, high] = numbers(variance(table, -1));
    expect(low).toBeCloseTo(2 / 3, 12);
    expect(high).toBeCloseTo(14 / 3, 12);
  });
});

describe('max', () => {
  it('shares its gradient between the places that tie', () => {
    const x = input('x', 'float', [4]);
    const [gradient] = gradients(max(x), [x]);
    expect(numbers(gradient?.dense as Tensor, { x: [5, 1, 5, 2] })).toEqual([0.5, 0, 0.5, 0]);
  });

  it('of nothing is refused', () => {
    expect(() => max(input('x', 'float', [3, 0]), 1)).toThrow('max: [3, 0]: expected at least one value');
  });
});

describe('l2Normalise', () => {
  it('gives vectors of length 1, and leaves zero at zero', () => {
    expect(numbers(l2Normalise(constant([3, 4, 0, 0], [2, 2])))).toEqual([0.6, 0.8, 0, 0]);
  });

  it('has a finite gradient at zero', () => {
    const x = input('x', 'float', [1, 2]);
    const [gradient] = gradients(mean(l2Normalise(x)), [x]);
    expect(numbers(gradient?.dense as Tensor, { x: [0, 0] }).every(Number.isFinite)).toBe(true);
  });
});

describe('topK', () => {
  it('gives the largest first, with their places', () => {
    const { values, indices } = topK(table, 2);
    expect(numbers(values)).toEqual([3, 2, 9, 5]);
    expect(numbers(indices)).toEqual([2, 1, 2, 1]);
    expect(indices.dtype).toBe('int32');
  });

  it('refuses more than there are', () => {
    expect(() => topK(table, 4)).toThrow('expected k from 1 to 3 on axis columns, got 4');
  });
});
