// Splits in time: no stage sees past the start of the next, and what does not fit is said in days.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../core/errors.ts';
import { DAY_MS, formatMoment, HOUR_MS, parseMoment, zoneOffsets } from '../core/time.ts';
import { foldOf, planSplits, rollingOrigins, type SplitPlan } from './splits.ts';

const onlineRetail = {
  firstMs: parseMoment('2010-12-01T08:26:00Z'),
  lastMs: parseMoment('2011-09-09T17:52:00Z'),
};
const dates = (moments: readonly number[] | 'cross-fit') =>
  moments === 'cross-fit' ? moments : moments.map(formatMoment);

/** First moment of the stage after, or the end of the data. */
function expectApart(plan: SplitPlan, lastMs: number) {
  const stages = [plan.train, plan.calibrate === 'cross-fit' ? [] : plan.calibrate, plan.test].filter(
    (stage) => stage.length > 0,
  );
  stages.forEach((stage, i) => {
    const nextStart = stages[i + 1]?.[0] ?? lastMs;
    for (const asOf of stage) expect(asOf + plan.horizonMs).toBeLessThanOrEqual(nextStart);
    expect([...stage]).toEqual([...stage].sort((a, b) => a - b));
  });
}

describe('Online Retail, 282 days', () => {
  it('over 90 days trains at 2011-03-13, tests at 2011-06-11 and calibrates on held-out customers', () => {
    const plan = planSplits({ ...onlineRetail, horizonMs: 90 * DAY_MS });
    expect(dates(plan.test)).toEqual(['2011-06-11']);
    expect(dates(plan.train)).toEqual(['2011-03-13']);
    expect(plan.calibrate).toBe('cross-fit');
    expect(plan.words.en).toMatch(/held-out customers.*5 folds.*not yet checked on a later period/);
    expect(plan.words.zh).toMatch(/留出的客户校准（5 折）/);
  });

  it('over 30 days has a calibration period and six training moments', () => {
    const plan = planSplits({ ...onlineRetail, horizonMs: 30 * DAY_MS });
    expect(dates(plan.test)).toEqual(['2011-08-10']);
    expect(dates(plan.calibrate)).toEqual(['2011-07-11']);
    expect(dates(plan.train)).toEqual([
      '2011-01-12',
      '2011-02-11',
      '2011-03-13',
      '2011-04-12',
      '2011-05-12',
      '2011-06-11',
    ]);
    expect(plan.words.en).toMatch(/calibrated at 2011-07-11; tested at 2011-08-10/);
  });

  it('gives six rolling 30-day tests, each calibrated on a period of its own', () => {
    const plans = rollingOrigins({ ...onlineRetail, horizonMs: 30 * DAY_MS });
    expect(plans.map((plan) => dates(plan.test)[0])).toEqual([
      '2011-03-13',
      '2011-04-12',
      '2011-05-12',
      '2011-06-11',
      '2011-07-11',
      '2011-08-10',
    ]);
    for (const plan of plans) {
      expect(plan.calibrate).not.toBe('cross-fit');
      expectApart(plan, onlineRetail.lastMs);
    }
    expect(rollingOrigins({ ...onlineRetail, horizonMs: 30 * DAY_MS, maxTests: 2 })).toEqual(plans.slice(-2));
  });

  it('over 200 days says how many days there are, how many it takes and what to do', () => {
    const attempt = () => planSplits({ ...onlineRetail, horizonMs: 200 * DAY_MS });
    expect(attempt).toThrow(AppError);
    expect(attempt).toThrow(
      /expected 490 days .*horizon of 200 days .*got 28[12]; use a horizon of 94 days or less/,
    );
    // The advice can be followed.
    expect(planSplits({ ...onlineRetail, horizonMs: 94 * DAY_MS }).train.length).toBeGreaterThan(0);
  });

  it('refuses a test whose outcome is not known yet', () =>
    expect(() =>
      planSplits({ ...onlineRetail, horizonMs: 90 * DAY_MS, testAsOf: parseMoment('2011-07-01') }),
    ).toThrow(/next 90 days are over, got 2011-07-01 .* use 2011-06-11 or earlier/));
});

it('no label window passes the start of the next stage, whatever is asked', () => {
  fc.assert(
    fc.property(
      fc.record({
        spanDays: fc.integer({ min: 1, max: 1500 }),
        horizonMs: fc.integer({ min: 1, max: 400 * 24 }).map((hours) => hours * HOUR_MS),
        maxTrainOrigins: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
        maxCalibrateOrigins: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
        strideMs: fc.option(
          fc.integer({ min: 1, max: 100 }).map((d) => d * DAY_MS),
          { nil: undefined },
        ),
        minHistoryMs: fc.option(
          fc.integer({ min: 0, max: 200 }).map((d) => d * DAY_MS),
          { nil: undefined },
        ),
        offset: fc.integer({ min: 0, max: DAY_MS }),
      }),
      ({ spanDays, offset, ...asked }) => {
        const firstMs = Date.UTC(2020, 0, 1) + offset;
        const lastMs = firstMs + spanDays * DAY_MS;
        const history = asked.minHistoryMs ?? Math.min(asked.horizonMs, 90 * DAY_MS);
        let plans: readonly SplitPlan[];
        try {
          plans = rollingOrigins({ firstMs, lastMs, maxTests: 8, ...asked });
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
          expect((error as AppError).code).toBe('NOT_ENOUGH_DATA');
          // A day's slack: the test falls on a midnight.
          expect(spanDays * DAY_MS).toBeLessThan(2 * asked.horizonMs + history + DAY_MS);
          return;
        }
        for (const plan of plans) {
          expectApart(plan, lastMs);
          expect(plan.train.length).toBeGreaterThan(0);
          expect(plan.train.length).toBeLessThanOrEqual(asked.maxTrainOrigins ?? 6);
          expect(plan.train[0]).toBeGreaterThanOrEqual(firstMs + history);
        }
        expect(lastMs - asked.horizonMs - plans[plans.length - 1].test[0]).toBeLessThan(DAY_MS);
      },
    ),
  );
});

it('moments are midnights of the shop', () => {
  const plan = planSplits({ ...onlineRetail, horizonMs: 90 * DAY_MS, zone: zoneOffsets('Asia/Shanghai') });
  expect(dates(plan.test)).toEqual(['2011-06-11T16:00:00Z']);
});

it('where a full horizon leaves one training moment, a third of it gives more', () => {
  const plan = planSplits({ firstMs: 0, lastMs: 400 * DAY_MS, horizonMs: 90 * DAY_MS });
  expect(plan.train.map((asOf) => asOf / DAY_MS)).toEqual([100, 130]);
});

it('folds are even, stable and differ by seed', () => {
  const ids = Array.from({ length: 5000 }, (_, i) => `user ${i}`);
  const counts = [0, 0, 0, 0, 0];
  for (const id of ids) counts[foldOf(id, 5)]++;
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(120);
  expect(ids.filter((id) => foldOf(id, 5) === foldOf(id, 5, 1)).length).toBeLessThan(1200);
  expect(foldOf('user 1', 5)).toBe(foldOf('user 1', 5));
});
