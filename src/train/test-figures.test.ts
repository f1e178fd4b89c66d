// What the report draws of the test, where few rows are tested.
import { expect, test } from 'vitest';
import { makeFrame } from '../core/frame.ts';
import { estimatorById } from '../models/catalogue.ts';
import type { Sample } from '../models/estimator.ts';
import { decilesPart } from './test-figures.ts';

const ROWS = 100;
/** The ten highest all came; of the next ten, eight. */
const target = Float64Array.from({ length: ROWS }, (_, i) => Number(i < 18));
const value = Float64Array.from({ length: ROWS }, (_, i) => 1 - i / ROWS);
const sampleOf = (kind: 'binary' | 'amount'): Sample => ({
  question: { kind, outcome: 'other', horizonDays: 0, discountPerYear: 0 },
  frame: makeFrame([], { rows: ROWS }),
  entities: Array.from(value, (_, i) => `e${i}`),
  asOf: new Float64Array(ROWS),
  target,
});
const rowsOf = (kind: 'binary' | 'amount') =>
  decilesPart(sampleOf(kind), [{ estimator: estimatorById('rate'), answers: { value, raw: value } }]).rows;

// source: Wilson 1927, his formula evaluated in Python 3 at z = 1.959963984540054, 8 of 10
test('the share of a tenth has the interval of Wilson, within 0 and 100 %', () => {
  const [first, second, ...others] = rowsOf('binary');
  expect([first.meanActual, second.meanActual]).toEqual([1, 0.8]);
  expect(second.low).toBeCloseTo(0.4901625, 5);
  expect(second.high).toBeCloseTo(0.9433178, 5);
  for (const { low = Number.NaN, high = Number.NaN, meanActual } of [first, ...others]) {
    expect(low).toBeGreaterThanOrEqual(0);
    expect(high).toBeLessThanOrEqual(1);
    expect(high - low).toBeGreaterThan(0.1);
    // At 0 and 1 the formula's last digit may fall short.
    expect(meanActual >= low - 1e-12 && meanActual <= high + 1e-12).toBe(true);
  }
});

test('the mean amount of a tenth has one around it', () => {
  const [, { low = Number.NaN, high = Number.NaN }] = rowsOf('amount');
  expect((low + high) / 2).toBeCloseTo(0.8, 10);
});
