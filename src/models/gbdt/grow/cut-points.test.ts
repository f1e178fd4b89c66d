// Cut points: a bin for every value where there are few, equal weight where there are many.
import { describe, expect, it } from 'vitest';
import { random } from '../../../core/random.ts';
import { cutPoints } from './cut-points.ts';
import { sortNumbers } from './sort-numbers.ts';

const binOf = (edges: Float64Array, value: number) => edges.filter((edge) => edge < value).length;

describe('cut points', () => {
  it('part every two values where there are fewer than bins', () => {
    const edges = cutPoints(Float64Array.of(-3, -3, 0, 1, 1, 5), 253);
    expect([...edges]).toEqual([-1.5, 0.5, 3]);
    expect(cutPoints(new Float64Array(9).fill(4), 253)).toHaveLength(0);
    expect(cutPoints(new Float64Array(0), 253)).toHaveLength(0);
  });

  it('give bins about equal weight, and a value as heavy as a bin one of its own', () => {
    const stream = random(1);
    const values = Float64Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? 0 : stream.normal()));
    const edges = cutPoints(values.sort(), 63);
    expect(edges.length).toBeGreaterThan(55);
    const weight = new Array(edges.length + 1).fill(0);
    for (const value of values) weight[binOf(edges, value)]++;
    const [heaviest, ...others] = weight.toSorted((a, b) => b - a);
    expect(heaviest).toBe(10_000);
    expect(Math.max(...others)).toBeLessThan(2 * (10_000 / 62));
  });

  it('follow the weights', () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => i);
    const weight = values.map((value) => (value < 500 ? 9 : 1));
    const edges = cutPoints(values, 9, weight);
    expect(edges.filter((edge) => edge < 500).length).toBe(8);
  });

  it('part neighbours that single precision cannot tell apart, and are single where they may', () => {
    const low = 16_777_217;
    const [edge] = cutPoints(Float64Array.of(low, low + 2 ** -20), 9);
    expect(edge).toBeGreaterThanOrEqual(low);
    expect(edge).toBeLessThan(low + 2 ** -20);
    const [coarse] = cutPoints(Float64Array.of(0.1, 0.7), 9);
    expect(coarse).toBe(Math.fround(coarse));
  });

  it('stand on numbers sorted as numbers', () => {
    const stream = random(4);
    const odd = [0, -0, Infinity, -Infinity, 5e-324, -5e-324, 1.7e308, -1.7e308];
    const values = Float64Array.from(
      { length: 5000 },
      (_, i) => odd[i] ?? stream.normal() * 10 ** stream.integer(9),
    );
    expect(sortNumbers(values.slice())).toEqual(values.slice().sort());
  });
});
