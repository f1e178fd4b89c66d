import { describe, expect, test } from 'vitest';
import { DAY_MS, UTC } from '../core/time.ts';
import type { EventSource } from '../data/source.ts';
import { taskNamed } from '../tasks/catalogue.ts';
import { planHorizon } from './horizon.ts';

const FIRST = Date.UTC(2024, 0, 1);
const sourceOf = (days: number): EventSource => ({
  events: 'nothing',
  currency: 'EUR',
  zone: UTC,
  firstMs: FIRST,
  lastMs: FIRST + days * DAY_MS,
  rows: 1000,
  fingerprint: 'f',
});
const purchase = taskNamed('purchase');
const ltv = taskNamed('ltv');

describe('a task that must be checked over its own horizon', () => {
  test('gets exactly it, or the one asked for', () => {
    expect(planHorizon(purchase, sourceOf(300))).toMatchObject({ horizonDays: 30, checkedDays: 30 });
    const plan = planHorizon(purchase, sourceOf(300), { horizonDays: 45 });
    expect(plan).toMatchObject({ horizonDays: 45, checkedDays: 45 });
    expect(plan.plan.horizonMs).toBe(45 * DAY_MS);
  });

  test('is refused where it does not fit, and never shortened', () => {
    expect(() => planHorizon(purchase, sourceOf(80))).toThrow(/expected 90 days/);
    expect(planHorizon(purchase, sourceOf(91)).plan.calibrate).toBe('cross-fit');
    expect(() => planHorizon(purchase, sourceOf(300), { horizonDays: 200 })).toThrow(/horizon of 200 days/);
  });
});

describe('a task that extrapolates', () => {
  test.each([
    // history, checked over: history needs two horizons and the smaller of one horizon and 90 days before them
    [1500, 365],
    [821, 365],
    [650, 270],
    [480, 180],
    [340, 120],
    [282, 90],
    [200, 60],
    [60, 14],
    [25, 7],
  ])('with %i days of history is checked over %i', (history, checked) => {
    const { horizonDays, checkedDays, plan } = planHorizon(ltv, sourceOf(history));
    expect(horizonDays).toBe(365);
    expect(checkedDays).toBe(checked);
    expect(plan.horizonMs).toBe(checked * DAY_MS);
    expect(Math.max(...plan.test) + plan.horizonMs).toBeLessThanOrEqual(FIRST + history * DAY_MS);
  });

  test('a shorter horizon asked for is the longest that is tried', () => {
    expect(planHorizon(ltv, sourceOf(1500), { horizonDays: 50 })).toMatchObject({
      horizonDays: 50,
      checkedDays: 50,
    });
    expect(planHorizon(ltv, sourceOf(100), { horizonDays: 50 })).toMatchObject({
      horizonDays: 50,
      checkedDays: 30,
    });
  });

  test('a history too short for any speaks of the horizon asked for', () => {
    expect(() => planHorizon(ltv, sourceOf(10))).toThrow(/horizon of 365 days/);
  });

  test('a horizon that is none is refused, not shortened', () => {
    expect(() => planHorizon(ltv, sourceOf(300), { horizonDays: -1 })).toThrow();
  });
});

test('an empty lake is refused before anything is planned', () => {
  const empty = { ...sourceOf(0), rows: 0, firstMs: Number.NaN, lastMs: Number.NaN };
  for (const task of [purchase, ltv]) expect(() => planHorizon(task, empty)).toThrow(/the lake is empty/);
});
