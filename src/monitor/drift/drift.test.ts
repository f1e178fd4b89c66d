// PSI by hand, ADWIN against sums over the window itself, and the promise of the monitor on small streams.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STREAM_KINDS } from '../../../bench/drift/feature-stream.ts';
import { measureDrift } from '../../../bench/drift/measure-drift.ts';
import { random } from '../../core/random.ts';
import { normalCdf } from '../../core/special.ts';
import { DAY_MS, HOUR_MS } from '../../core/time.ts';
import { createAdwin } from './adwin.ts';
import { createDriftMonitor, type DriftAlarm } from './drift-monitor.ts';
import { chanceOf, homogeneity, populationStability } from './psi.ts';
import { binOf, loadReference, referenceOf, saveReference } from './reference.ts';

describe('PSI', () => {
  it('is Σ (p − q) ln(p / q)', () => {
    const index = populationStability([5e7, 5e7], [2.5e7, 7.5e7]);
    expect(index).toBeCloseTo(0.25 * Math.log(1.5) - 0.25 * Math.log(0.5), 6);
  });
  it('of a normal shifted by d is near d² where bins are many', () => {
    const chance = random(1);
    const draw = (shift: number) => Float64Array.from({ length: 200_000 }, () => chance.normal(shift));
    const reference = referenceOf(draw(0), 50);
    const counts = new Float64Array(reference.counts.length);
    for (const value of draw(0.5)) counts[binOf(reference.edges, value)]++;
    expect(populationStability(reference.counts, counts)).toBeGreaterThan(0.23);
    expect(populationStability(reference.counts, counts)).toBeLessThan(0.26);
  });
  it('its test is Pearson’s of a table of two rows', () => {
    // source: scipy.stats.chi2_contingency([[10, 20, 30], [6, 9, 17]], correction=False), by hand: rows 60 and 32
    const test = homogeneity([10, 20, 30], [6, 9, 17]);
    const expectedCells = [16, 29, 47].flatMap((both) => [(both * 60) / 92, (both * 32) / 92]);
    const cells = [10, 6, 20, 9, 30, 17];
    const byHand = cells.reduce((sum, cell, i) => sum + (cell - expectedCells[i]) ** 2 / expectedCells[i], 0);
    expect(test.statistic).toBeCloseTo(byHand, 12);
    expect(test.degrees).toBe(2);
    // two degrees of freedom: the tail is exp(−x / 2)
    expect(chanceOf(test)).toBeCloseTo(Math.exp(-byHand / 2), 12);
    // of rows that swing four times as far, with the χ² shape, and with one degree as if: the tail of a normal
    expect(chanceOf(test, { mean: 4, variance: 16 })).toBeCloseTo(Math.exp(-byHand / 8), 12);
    expect(chanceOf(test, { mean: 4, variance: 32 })).toBeCloseTo(2 * normalCdf(-Math.sqrt(byHand / 8)), 12);
    // less than independent rows would is never believed
    expect(chanceOf(test, { mean: 0.1, variance: 1e-9 })).toBe(chanceOf(test));
  });
});

describe('the reference', () => {
  it('gives every value its bin, equal ones the same, missing ones the last, and survives saving', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant(0), fc.constant(Number.NaN), fc.integer({ min: -5, max: 40 })), {
          minLength: 1,
          maxLength: 60,
        }),
        (values) => {
          const reference = referenceOf(values);
          const { edges, counts, ranks, rows } = reference;
          expect(counts.reduce((sum, count) => sum + count, 0)).toBe(rows);
          expect(counts[counts.length - 1]).toBe(values.filter(Number.isNaN).length);
          expect([...edges]).toEqual([...new Set(edges)].sort((a, b) => a - b));
          for (const value of values) {
            const bin = binOf(edges, value);
            if (Number.isNaN(value)) continue;
            expect(bin === 0 || value > edges[bin - 1]).toBe(true);
            expect(bin === edges.length || value <= edges[bin]).toBe(true);
          }
          const known = counts.subarray(0, -1).reduce((sum, count) => sum + count, 0);
          if (known > 0)
            expect(ranks.reduce((sum, rank, bin) => sum + rank * counts[bin], 0) / known).toBeCloseTo(0.5, 9);
          expect(loadReference(JSON.parse(JSON.stringify(saveReference(reference))))).toEqual(reference);
        },
      ),
    );
  });
});

describe('ADWIN', () => {
  it('keeps exactly the mean of its last values', () => {
    const chance = random(2);
    const adwin = createAdwin(0.002);
    const values: number[] = [];
    for (let i = 0; i < 3000; i++) {
      const value = i < 1500 ? chance.beta(2, 5) : chance.beta(5, 2);
      values.push(value);
      adwin.add(value);
      if (i % 10 === 0) adwin.check();
      if (i % 100 === 0) {
        const last = values.slice(values.length - adwin.width);
        expect(adwin.mean).toBeCloseTo(last.reduce((sum, own) => sum + own, 0) / last.length, 9);
      }
    }
    expect(adwin.width).toBeLessThan(1600);
    expect(adwin.mean).toBeGreaterThan(0.69);
  });
  it('forgets the past soon after a change, and hardly ever without one', () => {
    let falseCuts = 0;
    for (let seed = 0; seed < 20; seed++) {
      const chance = random(seed);
      const adwin = createAdwin(0.002);
      for (let i = 0; i < 3000; i++) {
        adwin.add(chance.uniform() < 0.3 ? 1 : 0);
        if (i % 32 === 0 && adwin.check()) falseCuts++;
      }
      let seen = 0;
      for (let i = 1; i <= 500 && seen === 0; i++) {
        adwin.add(chance.uniform() < 0.6 ? 1 : 0);
        if (adwin.check()) seen = i;
      }
      expect(seen).toBeGreaterThan(0);
    }
    expect(falseCuts).toBeLessThanOrEqual(2);
  });
});

describe('the monitor', () => {
  it.each(STREAM_KINDS)(
    'stays quiet for weeks of a %s stream, and sees a shift of half a σ within a day',
    (kind) => {
      const shifts = [0, 1, 2, 3].map((feature) => ({ feature, atDay: 17 + feature / 7, stdDevs: 0.5 }));
      const { falseAlarms, delayHours } = measureDrift({
        kind,
        features: 8,
        eventsPerDay: 2000,
        days: 19,
        referenceDays: 14,
        seed: 6,
        shifts,
      });
      expect(falseAlarms).toBe(0);
      // of what is mostly zero, or cut off at zero, less than half of the values move
      const plain = kind === 'mixed' ? delayHours.slice(0, 3) : delayHours;
      for (const delay of plain) expect(delay).toBeLessThanOrEqual(24);
    },
  );

  const still = (onAlarm: (alarm: DriftAlarm) => void) => {
    const chance = random(3);
    const reference = referenceOf(Float64Array.from({ length: 5000 }, () => chance.normal()));
    const monitor = createDriftMonitor({ features: [{ name: 'a', reference }], startMs: 0, onAlarm });
    let now = 0;
    const days = (count: number, draw: () => number) => {
      for (const end = now + count * DAY_MS; now < end; now += DAY_MS / 1000) monitor.add([draw()], now);
    };
    return { monitor, days, chance };
  };

  it('sees values that go missing, tells it once, and again only after quiet', () => {
    const alarms: DriftAlarm[] = [];
    const { monitor, days, chance } = still((alarm) => alarms.push(alarm));
    const missing = () => (chance.uniform() < 0.5 ? Number.NaN : chance.normal());
    days(2, () => chance.normal());
    expect(monitor.status()[0].sinceMs).toBeUndefined();
    days(3, missing);
    expect(alarms).toHaveLength(1);
    expect(alarms[0]).toMatchObject({ feature: 'a', detector: 'psi' });
    expect(alarms[0].atMs - 2 * DAY_MS).toBeLessThanOrEqual(DAY_MS);
    expect(monitor.status()[0]).toMatchObject({ sinceMs: alarms[0].atMs });
    days(3, () => chance.normal());
    expect(monitor.status()[0].sinceMs).toBeUndefined();
    days(2, missing);
    expect(alarms).toHaveLength(2);
  });

  it('takes a new reference for the new normal', () => {
    const alarms: DriftAlarm[] = [];
    const { monitor, days, chance } = still((alarm) => alarms.push(alarm));
    days(2, () => chance.normal(2));
    expect(alarms).toHaveLength(1);
    monitor.rebase('a', referenceOf(Float64Array.from({ length: 5000 }, () => chance.normal(2))));
    days(3, () => chance.normal(2));
    expect(alarms).toHaveLength(1);
    expect(monitor.status()[0].psi).toBeLessThan(0.05);
    monitor.advance(20 * DAY_MS + HOUR_MS);
    expect(() => monitor.rebase('b', referenceOf([1]))).toThrow(/watched feature/);
  });
});
