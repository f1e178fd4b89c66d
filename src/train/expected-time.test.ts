import { expect, test } from 'vitest';
import { silent } from '../core/progress.ts';
import { estimatorById } from '../models/catalogue.ts';
import type { Estimator, FitRun, Question } from '../models/estimator.ts';
import { madeUpSample } from '../models/made-up-sample.ts';
import { expectMs, learningDeadline, tooLong, tooManyFits } from './expected-time.ts';

const RUN: FitRun = { seed: 1, threads: 1, progress: silent };
const BUYS: Question = { kind: 'binary', outcome: 'buys', horizonDays: 45, discountPerYear: 0 };

/** A millisecond for every ten rows, on a clock of its own. */
function slow(): { estimator: Estimator; now: () => number; fits: number[] } {
  let clockMs = 0;
  const fits: number[] = [];
  const inner = estimatorById('rate');
  const estimator: Estimator = {
    ...inner,
    fit(train, valid, run) {
      fits.push(train.frame.rows);
      clockMs += train.frame.rows / 10;
      return inner.fit(train, valid, run);
    },
  };
  return { estimator, now: () => clockMs, fits };
}

test('a fit of many rows is foreseen from one of few', async () => {
  const { estimator, now, fits } = slow();
  const train = madeUpSample({ customers: 9_000, seed: 1, question: BUYS });
  const expected = await expectMs(estimator, train, { run: RUN, now });
  // A warm-up, then the one that is timed.
  expect(fits).toHaveLength(2);
  const [warmUp, timed] = fits;
  expect(warmUp).toBeLessThan(800);
  expect(timed).toBeGreaterThan(1_500);
  expect(timed).toBeLessThan(2_500);
  expect(expected).toBeCloseTo((timed / 10) * (9_000 / timed) ** 0.8, 6);
});

test('a small sample is not worth asking about', async () => {
  const { estimator, now, fits } = slow();
  const train = madeUpSample({ customers: 500, seed: 1, question: BUYS });
  expect(await expectMs(estimator, train, { run: RUN, now })).toBe(0);
  expect(fits).toEqual([]);
});

test('work is too long when it would end after the deadline, and says by how much', () => {
  const now = () => 1_000;
  expect(tooLong(4_000, { now, deadlineMs: 5_000 })).toBeUndefined();
  expect(tooLong(4_001, { now, deadlineMs: 5_000 })).toBe(
    'it would take about 5 s, the time limit leaves 4 s',
  );
  expect(tooLong(1e12, { now })).toBeUndefined();
});

test('so many fits are foreseen together', async () => {
  const train = madeUpSample({ customers: 9_000, seed: 1, question: BUYS });
  const { estimator, now } = slow();
  const asked = (fits: number, deadlineMs: number) =>
    tooManyFits(estimator, train, { fits, run: RUN, now, deadlineMs });
  // About .7 s a fit, and a fourth of that to find out.
  expect(await asked(1, 2_000)).toBeUndefined();
  expect(await asked(6, now() + 3_000)).toMatch(/would take about \d s/);
  expect(await asked(1, now())).toBe('the time limit was reached before its turn');
});

test('a limit on the whole run leaves time for what follows learning', () => {
  expect(learningDeadline(1_000, undefined)).toEqual({});
  const { deadlineMs } = learningDeadline(1_000, 60_000);
  expect(deadlineMs).toBeGreaterThan(40_000);
  expect(deadlineMs).toBeLessThan(55_000);
});
