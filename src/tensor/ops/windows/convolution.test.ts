// Convolution and pooling beyond the op table: the options of the builders, and what errors say.

import { describe, expect, it } from 'vitest';
import { evaluate } from '../../evaluate.ts';
import type { Tensor } from '../../graph.ts';
import { input } from '../leaf.ts';
import { convolution } from './convolution.ts';
import { averagePool, globalAveragePool, globalMaxPool, maxPool } from './pooling.ts';

const row = input('x', 'float', { batch: 1, channels: 1, time: 5 });
const feeds = { x: [1, 2, 4, 8, 16], w: [100, 10, 1] };
const filter = input('w', 'float', { filters: 1, channels: 1, kernel: 3 });
const numbers = (y: Tensor): readonly number[] => [...(evaluate([y], feeds)[0] as Float64Array)];

describe('convolution', () => {
  it('slides the filter as it is written, without turning it around', () => {
    expect(numbers(convolution(row, filter))).toEqual([124, 248, 496]);
  });

  it('sees no later place when it is padded in front alone', () => {
    const causal = convolution(row, filter, undefined, { padding: [[2, 0]] });
    expect(causal.axes[2]).toEqual({ name: 'time', size: 5 });
    expect(numbers(causal)).toEqual([1, 12, 124, 248, 496]);
  });

  it('steps by its stride and reaches by its dilation', () => {
    expect(numbers(convolution(row, filter, undefined, { stride: 2, padding: 1 }))).toEqual([12, 248, 960]);
    expect(numbers(convolution(row, filter, undefined, { dilation: 2 }))).toEqual([156]);
  });

  it('names the axes that do not fit', () => {
    const x = input('x', 'float', { batch: 2, channels: 6, time: 4 });
    const w = (channels: number, kernel: number) => input('w', 'float', [4, channels, kernel]);
    expect(() => convolution(x, w(3, 2))).toThrow('6 channels ≠ 1 groups of 3');
    expect(convolution(x, w(3, 2), undefined, { groups: 2 }).shape).toEqual([2, 4, 3]);
    expect(() => convolution(x, w(6, 5))).toThrow(
      'a window of 5 is longer than axis time with its padding, 4',
    );
    expect(() => convolution(x, w(6, 2), input('b', 'float', [3]))).toThrow('expected a bias of 4, got [3]');
    expect(() => convolution(x, w(6, 2), undefined, { stride: 0 })).toThrow('at least 1, got [0]');
    expect(() => convolution(x, input('w', 'float', [4, 6]))).toThrow('over 1 or 2 axes');
  });
});

describe('pooling', () => {
  it('takes windows side by side, and leaves what does not fill one', () => {
    expect(numbers(maxPool(row, 2))).toEqual([2, 8]);
    expect(numbers(averagePool(row, 2))).toEqual([1.5, 6]);
  });

  it('leaves padding out of the mean', () => {
    expect(numbers(averagePool(row, 3, { stride: 2, padding: 1 }))).toEqual([1.5, 14 / 3, 12]);
  });

  it('pools all places of a channel to one number', () => {
    expect(globalMaxPool(row).axes.map(({ name }) => name)).toEqual(['batch', 'channels']);
    expect(numbers(globalMaxPool(row))).toEqual([16]);
    expect(numbers(globalAveragePool(row))[0]).toBeCloseTo(6.2, 12);
  });

  it('refuses windows that could lie in the padding alone', () => {
    expect(() => maxPool(row, 2, { padding: 2 })).toThrow('expected less padding than the window [2]');
    expect(() => maxPool(row, [2, 2])).toThrow('expected 1 whole numbers of at least 1, got [2, 2]');
  });
});
