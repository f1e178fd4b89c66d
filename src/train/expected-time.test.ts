import { expect, test } from 'vitest';
import { silent } from '../core/progress.ts';
import { estimatorById } from '../models/catalogue.ts';
import type { Estimator, FitRun, Question } from '../models/estimator.ts';
import { madeUpSample } from '../models/made-up-sample.ts';
import { expectMs } from './expected-time.ts';

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
