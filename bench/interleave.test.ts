import { describe, expect, it } from 'vitest';
import { compareRounds, interleave, median } from './interleave.ts';

describe('interleaved timing', () => {
  it('takes ratios inside a round, so that a slow round does not move them', () => {
    const { ratios, medians, fastest } = compareRounds({
      ours: [
        [10, 10, 10],
        [40, 40, 40],
        [10, 10, 13],
      ],
      theirs: [
        [20, 20, 20],
        [80, 80, 80],
        [30, 20, 30],
      ],
    });
    expect(ratios.theirs).toEqual({ median: 2, lowest: 2, highest: 3, rounds: [2, 2, 3] });
    expect(ratios.ours!.rounds).toEqual([1, 1, 1]);
    expect(medians).toEqual({ ours: 10, theirs: 30 });
    expect(fastest).toEqual({ ours: 10, theirs: 20 });
  });

  it('runs everyone once a round and turns the order in every other round', async () => {
    const order: string[] = [];
    const contestant = (name: string, milliseconds: number) => async () => {
      order.push(name);
      return [milliseconds];
    };
    const { ratios } = await interleave(3, { a: contestant('a', 2), b: contestant('b', 3) });
    expect(order.join('')).toBe('abbaab');
    expect(ratios.b!.median).toBe(1.5);
  });

  it('refuses contestants with different numbers of rounds, and no values', () => {
    expect(() => compareRounds({ a: [[1]], b: [[1], [1]] })).toThrow('as many rounds');
    expect(() => median([])).toThrow('at least one value');
  });

  it('takes the mean of the middle two of an even number', () => {
    expect(median([4, 1, 10, 2])).toBe(3);
  });
});
