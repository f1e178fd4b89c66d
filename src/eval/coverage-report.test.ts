// Promises by group: intervals that hold, customers counted once, and a flag where a group was promised too much.
import { describe, expect, it } from 'vitest';
import type { CategoryColumn } from '../core/frame.ts';
import { name } from '../core/name.ts';
import { random } from '../core/random.ts';
import { clustersOf } from './bootstrap.ts';
import {
  categoryGrouping,
  checkCalibration,
  checkClassCalibration,
  checkCoverage,
  decileGrouping,
  newcomerGrouping,
  shareInterval,
} from './coverage-report.ts';

const one = (rows: number) => Array.from({ length: rows }, (_, i) => `c${i}`);
const share = (came: Float64Array, entities: readonly string[], level = 0.95) => {
  const { cluster, count } = clustersOf(entities);
  return shareInterval({ came, cluster, users: count }, level);
};

describe('the interval of a share', () => {
  // source: Wilson 1927, his formula evaluated in Python 3 at z = 1.959963984540054, 8 of 10
  it('of independent rows is that of Wilson', () => {
    const { value, low, high } = share(Float64Array.of(1, 1, 1, 1, 1, 1, 1, 1, 0, 0), one(10));
    expect(value).toBe(0.8);
    expect(low).toBeCloseTo(0.4901625, 5);
    expect(high).toBeCloseTo(0.9433178, 5);
  });

  it('counts a customer of many equal rows once', () => {
    const stream = random(1);
    const alone = Float64Array.from({ length: 200 }, () => (stream.uniform() < 0.3 ? 1 : 0));
    const often = Float64Array.from({ length: 1000 }, (_, i) => alone[Math.floor(i / 5)]);
    const names = Array.from(often, (_, i) => `c${Math.floor(i / 5)}`);
    expect(share(often, names)).toEqual({
      value: expect.closeTo(share(alone, one(200)).value, 9),
      low: expect.closeTo(share(alone, one(200)).low, 9),
      high: expect.closeTo(share(alone, one(200)).high, 9),
    });
  });

  it('holds the truth 95 times in 100, for customers with rows alike', () => {
    const stream = random(2);
    let held = 0;
    for (let shop = 0; shop < 400; shop++) {
      const names: string[] = [];
      const came: number[] = [];
      for (let customer = 0; customer < 80; customer++) {
        const own = stream.beta(1.5, 3.5);
        for (let k = 0; k < 4; k++) {
          names.push(`c${customer}`);
          came.push(stream.uniform() < own ? 1 : 0);
        }
      }
      const { low, high } = share(Float64Array.from(came), names);
      if (low <= 0.3 && high >= 0.3) held++;
    }
    // Standard error of 95 % of 400 is 1.1 points.
    expect(held / 400).toBeGreaterThan(0.92);
    expect(held / 400).toBeLessThan(0.985);
  });

  it('of nobody is bounded by how many were asked', () => {
    const { low, high } = share(new Float64Array(100), one(100));
    expect(low).toBe(0);
    expect(high).toBeCloseTo(0.037, 3);
  });
});

describe('groups', () => {
  const country = (codes: Int32Array): CategoryColumn => ({
    kind: 'category',
    name: 'country',
    label: name('Country', '国家'),
    unit: 'none',
    group: 'profile',
    codes,
    levels: Array.from({ length: 30 }, (_, i) => `L${String(i).padStart(2, '0')}`),
  });

  it('of a category are its frequent levels, the others and the unknown', () => {
    const codes = Int32Array.from({ length: 2000 }, (_, i) => (i % 10 === 0 ? -1 : Math.floor(i / 2) % 30));
    codes.fill(3, 0, 500);
    const { labels, of } = categoryGrouping(country(codes));
    expect(labels).toHaveLength(10);
    expect(labels[0].en).toBe('L03');
    expect(labels.slice(-2).map(({ en }) => en)).toEqual(['all others', 'unknown']);
    expect(of.filter((group) => group === 9)).toHaveLength(codes.filter((code) => code < 0).length);
    expect(of.every((group) => group >= 0)).toBe(true);
  });

  it('of newcomers leave out whom nobody has an age of', () => {
    const { of } = newcomerGrouping(Float64Array.of(3, 90, 30, Number.NaN), 30);
    expect(Array.from(of)).toEqual([0, 1, 1, -1]);
  });

  it('of tenths count from the highest', () => {
    const { of } = decileGrouping(Float64Array.from({ length: 100 }, (_, i) => i));
    expect(of[99]).toBe(0);
    expect(of[0]).toBe(9);
  });
});

describe('flags', () => {
  const stream = random(5);
  const rows = 6000;
  const of = Int32Array.from({ length: rows }, () => stream.integer(6));
  const grouping = {
    id: 'group',
    by: name('group', '组'),
    of,
    labels: Array.from('abcdef', (c) => name(c, c)),
  };

  it('name the one group whose intervals hold less than was promised', () => {
    const width = 1.645;
    const actual = Float64Array.from(of, (group) => stream.normal() * (group === 2 ? 1.3 : 1));
    const examples = {
      entities: one(rows),
      actual,
      predicted: new Float64Array(rows),
      low: new Float64Array(rows).fill(-width),
      high: new Float64Array(rows).fill(width),
    };
    const [{ groups }] = checkCoverage(examples, [grouping], 0.9);
    expect(groups.filter(({ broken }) => broken).map(({ label }) => label.en)).toEqual(['c']);
    expect(groups.reduce((sum, group) => sum + group.rows, 0)).toBe(rows);
    expect(groups[2].promised).toBeCloseTo(0.9, 12);
    expect(groups[2].kept.value).toBeCloseTo(0.79, 1);
  });

  it('name the group whose probabilities are too high, and measure calibration inside groups', () => {
    const truth = Float64Array.from({ length: rows }, () => stream.beta(1, 4));
    const actual = truth.map((p) => (stream.uniform() < p ? 1 : 0));
    const predicted = truth.map((p, i) => (of[i] === 4 ? Math.min(1, p * 1.8) : p));
    const [{ groups }] = checkCalibration({ entities: one(rows), actual, predicted }, [grouping]);
    expect(groups.filter(({ broken }) => broken).map(({ label }) => label.en)).toEqual(['e']);
    const [good, bad] = [groups[0].ece, groups[4].ece];
    expect(bad?.value).toBeGreaterThan(3 * (bad?.byChance as number));
    expect(good?.value).toBeLessThan(2 * (good?.byChance as number));
  });

  it('rarely name any where all promises are kept: one grouping of ten in twenty', () => {
    let named = 0;
    for (let shop = 0; shop < 100; shop++) {
      const predicted = Float64Array.from({ length: 1000 }, () => stream.beta(1, 3));
      const actual = predicted.map((p) => (stream.uniform() < p ? 1 : 0));
      const examples = { entities: one(1000), actual, predicted };
      const [{ groups }] = checkCalibration(examples, [decileGrouping(predicted)]);
      if (groups.some(({ broken }) => broken)) named++;
    }
    expect(named).toBeLessThanOrEqual(12);
  });

  it('of classes look at each against the rest', () => {
    const predicted = new Float64Array(rows * 3);
    const actual = new Float64Array(rows);
    for (let i = 0; i < rows; i++) {
      const weights = [stream.gamma(1), stream.gamma(1), stream.gamma(2)];
      const total = weights[0] + weights[1] + weights[2];
      actual[i] = stream.choice(weights);
      // Class 0 is promised what class 1 loses.
      const moved = 0.4 * (weights[1] / total);
      predicted.set([weights[0] / total + moved, weights[1] / total - moved, weights[2] / total], 3 * i);
    }
    const labels = ['red', 'green', 'blue'].map((label) => name(label, label));
    const { groups } = checkClassCalibration({ entities: one(rows), classes: 3, actual, predicted }, labels);
    expect(groups.map(({ broken }) => broken)).toEqual([true, true, false]);
    expect(groups[0].promised).toBeGreaterThan(groups[0].kept.high);
    expect(groups[1].promised).toBeLessThan(groups[1].kept.low);
  });
});
