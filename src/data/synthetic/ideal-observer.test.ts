// The ideal observer is right on average, whatever it says, and nearer the truth than any simpler reader of the log.
import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../../core/time.ts';
import { simulateShop } from '../synthetic.ts';
import { idealProbabilities, observe } from './ideal-observer.ts';

describe('the ideal observer', () => {
  it.each(['steady', 'churning'] as const)(
    'says p of customers whose truth is p on average, in %s',
    (scenario) => {
      const shop = simulateShop({ scenario, customers: 3_000, days: 250, seed: 21 });
      const asOf = shop.startMs + 220 * DAY_MS;
      const horizonMs = 30 * DAY_MS;
      const ideal = idealProbabilities(shop, observe(shop, asOf), horizonMs);
      const rows = Array.from(ideal, (said, user) => ({
        said,
        truth: shop.truth.purchaseProbability(user, asOf, horizonMs),
      })).filter(({ said }) => said > 0);
      rows.sort((a, b) => a.said - b.said);
      const size = Math.floor(rows.length / 6);
      for (let bin = 0; bin < 6; bin++) {
        const part = rows.slice(bin * size, (bin + 1) * size);
        const gaps = part.map(({ said, truth }) => truth - said);
        const mean = gaps.reduce((sum, gap) => sum + gap, 0) / size;
        const stdDev = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / (size - 1));
        // Four standard errors, and what the loyalty midpoints leave out.
        expect(Math.abs(mean)).toBeLessThan((4 * stdDev) / Math.sqrt(size) + 2e-4);
      }
      const average = rows.reduce((sum, { truth }) => sum + truth, 0) / rows.length;
      const error = (guess: (row: (typeof rows)[number]) => number) =>
        rows.reduce((sum, row) => sum + Math.abs(guess(row) - row.truth), 0) / rows.length;
      expect(error(({ said }) => said)).toBeLessThan(0.35 * error(() => average));
    },
  );

  it('refuses a shop whose customers convert differently', () => {
    const shop = simulateShop({ scenario: 'promo', customers: 10, days: 60, seed: 1 });
    const seen = observe(shop, shop.startMs + 30 * DAY_MS);
    expect(() => idealProbabilities(shop, seen, DAY_MS)).toThrow(/converts with the same probability/);
  });
});
