// A model's own band made honest: it covers what it says, in every group, and is narrower where spreads differ.
import { describe, expect, it } from 'vitest';
import { random } from '../core/random.ts';
import { type BandedAmounts, chooseAmountInterval, intervalScores } from './choose-interval.ts';
import { type AmountInterval, applyAmountInterval, fitAmountInterval } from './conformal.ts';
import {
  applyConformalQuantile,
  type ConformalQuantile,
  fitConformalQuantile,
} from './conformal-quantile.ts';
import { measure } from './metrics/metric.ts';

type Shop = BandedAmounts & {
  readonly band: NonNullable<BandedAmounts['band']>;
  readonly spread: Float64Array;
};

/**
 * Amounts with heavy tails whose spread has nothing to do with their size. Every third customer may spend nothing. The
 * band is that of a model that knows the spread, too narrow and shifted as learned quantiles are.
 */
function shop(rows: number, seed: number, { nobody = 1 / 3, shift = 1 } = {}): Shop {
  const stream = random(seed);
  const predicted = new Float64Array(rows);
  const actual = new Float64Array(rows);
  const spread = new Float64Array(rows);
  const low = new Float64Array(rows);
  const high = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const size = 100 * Math.exp(stream.normal(0, 0.5));
    spread[i] = stream.uniform() < 0.5 ? 0.15 : 1;
    const mayStay = stream.uniform() < nobody;
    const stays = mayStay && stream.uniform() < 0.5;
    actual[i] = stays ? 0 : size * Math.exp(stream.normal(0, spread[i]));
    predicted[i] =
      size * Math.exp(stream.normal(0, 0.05)) * (mayStay ? 0.5 : 1) * Math.exp(spread[i] ** 2 / 2);
    const off = shift * Math.exp(stream.normal(0, 0.1));
    low[i] = mayStay ? 0 : size * off * Math.exp(-1.1 * spread[i]);
    high[i] = size * off * Math.exp(1.1 * spread[i]);
  }
  return {
    entities: Array.from(actual, (_, i) => `c${seed}-${i}`),
    actual,
    predicted,
    band: { low, high },
    spread,
  };
}

const ends = (interval: AmountInterval, rows: Shop) =>
  applyAmountInterval(interval, rows.predicted, rows.band);
const covered = (interval: AmountInterval, rows: Shop) =>
  measure('coverage', { actual: rows.actual, predicted: rows.predicted, ...ends(interval, rows) });
const mean = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

function partOf(rows: Shop, test: (row: number) => boolean): Shop {
  const kept = Array.from(rows.actual.keys()).filter(test);
  const take = (values: Float64Array) => Float64Array.from(kept, (i) => values[i]);
  return {
    entities: kept.map((i) => rows.entities[i]),
    actual: take(rows.actual),
    predicted: take(rows.predicted),
    spread: take(rows.spread),
    band: { low: take(rows.band.low), high: take(rows.band.high) },
  };
}

describe.each(['both', 'each'] as const)('moving %s', (sides) => {
  it.each([0.8, 0.9])('covers %f of new customers, on average over shops', (level) => {
    const shares = Array.from({ length: 20 }, (_, seed) =>
      covered(fitConformalQuantile(shop(1000, seed), { level, sides }), shop(2000, 1000 + seed)),
    );
    // A share of 40,000 has a standard error of .002, that of a calibration of 1,000 rows .01/√20.
    expect(mean(shares)).toBeGreaterThan(level - 0.01);
    expect(mean(shares)).toBeLessThan(level + 0.02);
  });

  it('covers it in each group of sizes and among those who may spend nothing', () => {
    const interval = fitConformalQuantile(shop(6000, 1), { level: 0.9, sides });
    const later = shop(30_000, 2);
    for (const part of [
      partOf(later, (i) => later.band.high[i] <= interval.edges[0]),
      partOf(later, (i) => later.band.high[i] > interval.edges[interval.edges.length - 1]),
      partOf(later, (i) => later.band.low[i] === 0),
      partOf(later, (i) => later.band.low[i] > 0),
    ]) {
      expect(covered(interval, part)).toBeGreaterThan(0.87);
      expect(covered(interval, part)).toBeLessThan(0.93);
    }
  });

  it('holds the prediction, never ends before it begins, and begins at nothing where nothing is likely', () => {
    const rows = shop(2000, 3);
    const interval = JSON.parse(
      JSON.stringify(fitConformalQuantile(rows, { level: 0.9, sides })),
    ) as ConformalQuantile;
    const later = shop(2000, 4);
    const { low, high } = applyConformalQuantile(interval, later.predicted, later.band);
    later.predicted.forEach((value, i) => {
      expect(low[i]).toBeLessThanOrEqual(value);
      expect(high[i]).toBeGreaterThanOrEqual(value);
      if (later.band.low[i] === 0) expect(low[i]).toBe(0);
      expect(low[i]).toBeGreaterThanOrEqual(0);
    });
  });
});

describe('sides', () => {
  it('apart, miss half below and half above even where the band lies too low; together they do not', () => {
    const rows = shop(6000, 5, { nobody: 0, shift: 0.8 });
    const later = shop(20_000, 6, { nobody: 0, shift: 0.8 });
    const missedAbove = (sides: 'both' | 'each') => {
      const { high } = ends(fitConformalQuantile(rows, { level: 0.9, sides }), later);
      return mean(later.actual.map((value, i) => (value > high[i] ? 1 : 0)));
    };
    expect(missedAbove('each')).toBeGreaterThan(0.035);
    expect(missedAbove('each')).toBeLessThan(0.065);
    expect(missedAbove('both')).toBeGreaterThan(0.07);
  });

  it('of amounts of both signs have no floor', () => {
    const rows = shop(3000, 7, { nobody: 0 });
    const down = (values: Float64Array) => values.map((value) => value - 100);
    const moved = {
      ...rows,
      actual: down(rows.actual),
      predicted: down(rows.predicted),
      band: { low: down(rows.band.low), high: down(rows.band.high) },
    };
    const interval = fitConformalQuantile(moved, { level: 0.9, sides: 'each' });
    expect(interval.floor).toBeUndefined();
    expect(covered(interval, moved)).toBeGreaterThan(0.89);
    expect(Math.min(...ends(interval, moved).low)).toBeLessThan(-50);
  });
});

describe('the choice', () => {
  const rows = shop(3000, 8);
  const later = shop(20_000, 9);
  const plain = fitAmountInterval(rows, { seed: 1 }) as AmountInterval;

  it('takes the band where spreads differ: narrower, better scored, and even among the sure and the unsure', () => {
    const { interval, trials } = chooseAmountInterval(rows, { seed: 1 });
    expect(interval?.method).toBe('conformal-quantile');
    expect(trials.map(({ candidate }) => candidate)).toEqual(['prediction', 'band, both', 'band, each']);
    const chosen = interval as AmountInterval;
    const width = (own: AmountInterval) => {
      const { low, high } = ends(own, later);
      return mean(high.map((end, i) => end - low[i]));
    };
    const score = (own: AmountInterval) => mean(intervalScores(later.actual, ends(own, later), 0.9));
    expect(width(chosen)).toBeLessThan(0.95 * width(plain));
    expect(score(chosen)).toBeLessThan(0.95 * score(plain));
    const worst = (own: AmountInterval) =>
      Math.max(
        ...[0.15, 1].map((spread) =>
          Math.abs(
            covered(
              own,
              partOf(later, (i) => later.spread[i] === spread),
            ) - 0.9,
          ),
        ),
      );
    expect(worst(chosen)).toBeLessThan(0.03);
    expect(worst(plain)).toBeGreaterThan(0.04);
  });

  it('stays with the prediction where the band knows nothing more', () => {
    const stream = random(10);
    const noise = {
      ...rows,
      band: {
        low: rows.band.low.map(() => 0),
        high: rows.band.high.map(() => 50 * stream.uniform()),
      },
    };
    expect(chooseAmountInterval(noise, { seed: 1 }).interval?.method).toBe('conformal-band');
  });

  it('needs a band and rows to choose by', () => {
    expect(chooseAmountInterval({ ...rows, band: undefined }, { seed: 1 })).toEqual({
      interval: plain,
      trials: [],
    });
    expect(chooseAmountInterval(shop(9, 1), { seed: 1 }).interval).toBeUndefined();
    expect(() =>
      chooseAmountInterval({ ...rows, band: { ...rows.band, low: new Float64Array(3) } }, { seed: 1 }),
    ).toThrow(/lower quantiles have 3 rows/);
  });

  it('scores an interval by its width and twenty times what lies outside', () => {
    const own = { low: Float64Array.of(1, 1, 1), high: Float64Array.of(4, 4, 4) };
    expect(Array.from(intervalScores(Float64Array.of(2, 0.5, 6), own, 0.9))).toEqual([
      3,
      expect.closeTo(13, 9),
      expect.closeTo(43, 9),
    ]);
  });
});
