// What is popular, by everybody and by segment, against counting it by hand.
import { describe, expect, it } from 'vitest';
import type { Sequences } from '../../core/sequences.ts';
import { recencyWeights } from '../../models/sequence/classical/event-recency.ts';
import { popularItems } from './popular-items.ts';

const DAY = 86_400_000;
const sequences: Sequences = {
  entities: ['a', 'b', 'c'],
  offsets: Uint32Array.of(0, 3, 6, 8),
  items: Int32Array.of(0, 0, 1, 2, 2, -1, 1, 1),
  timesMs: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8).map((day) => day * DAY),
  itemIds: ['x', 'y', 'z'],
};

describe('popularItems', () => {
  it('counts what came lately for more', () => {
    const { shares, segments } = popularItems(sequences);
    expect(segments).toEqual([]);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    // "x" came as often as "z" and earlier, "y" came last.
    expect(shares[1]).toBeGreaterThan(shares[2]);
    expect(shares[2]).toBeGreaterThan(shares[0]);
  });

  it('adds fifty events of everybody to those of a segment', () => {
    const { shares, segments } = popularItems(sequences, Int32Array.of(0, 1, -1));
    const weights = recencyWeights(sequences, 0.05);
    const own = [0, 0, 0];
    for (const event of [3, 4]) own[sequences.items[event]] += weights[event];
    const total = own.reduce((sum, one) => sum + one, 50);
    own.forEach((one, item) => {
      expect(segments[1][item]).toBeCloseTo((one + 50 * shares[item]) / total, 12);
    });
    expect(segments).toHaveLength(2);
  });
});
