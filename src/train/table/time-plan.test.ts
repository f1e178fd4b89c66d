import { expect, test } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { silent } from '../../core/progress.ts';
import { estimatorById } from '../../models/catalogue.ts';
import type { Estimator, Question } from '../../models/estimator.ts';
import { madeUpSample } from '../../models/made-up-sample.ts';
import { presetFor } from '../preset.ts';
import { type FitTableOptions, fitTable } from './fit-table.ts';
import { planTime } from './time-plan.ts';

const ASKED: Question = { kind: 'binary', outcome: 'other', horizonDays: 60, discountPerYear: 0 };
const sample = madeUpSample({ customers: 240, seed: 1, question: ASKED });

/** Estimators whose fits take so long, whatever their rows, on a clock of their own. */
function onClock(factor: (fits: number) => number = () => 1) {
  let clockMs = 0;
  let fits = 0;
  const slow = (id: string, fitMs: number): Estimator => {
    const inner = estimatorById(id);
    return {
      ...inner,
      fit(...given) {
        clockMs += fitMs * factor(fits++);
        return inner.fit(...given);
      },
    };
  };
  return { slow, now: () => clockMs };
}

const plan = (
  candidates: readonly Estimator[],
  now: () => number,
  more: { deadlineMs: number; turns?: number },
) =>
  planTime(sample, {
    candidates,
    baselines: [],
    folds: 5,
    turns: 5,
    byTime: false,
    run: { seed: 1, threads: 1, progress: silent },
    now,
    ...more,
  });

test('the first model with time for its least work is kept, a slower one before it is left out with the reason', async () => {
  const { slow, now } = onClock();
  const tree = slow('tree', 1_000);
  const logistic = slow('logistic', 10);
  const { candidates, late } = await plan([tree, logistic], now, { deadlineMs: 5_000 });
  expect(candidates).toEqual([logistic]);
  // Five folds inside five turns and the last model are some thirty fits.
  expect(late).toMatchObject([{ id: 'tree' }]);
  expect(late[0].reason).toMatch(/would take about \d+ s, the time limit leaves 3 s/);
  const roomy = await plan([tree, logistic], now, { deadlineMs: now() + 60_000 });
  expect(roomy.candidates).toEqual([tree, logistic]);
  expect(roomy.late).toEqual([]);
  expect(5 * roomy.turnMs + roomy.lastMs).toBeGreaterThan(25_000);
});

test('with time for no model the refusal says what would fit', async () => {
  const { slow, now } = onClock();
  const failed = await plan([slow('tree', 400)], now, { deadlineMs: 8_000 }).catch((error) => error);
  expect(failed).toBeInstanceOf(AppError);
  expect(failed.code).toBe('USAGE');
  expect(failed.message).toMatch(
    /time limit is too short: 5 test folds.* take at least about \d+ s, and 8 s are left; --cv \d or --holdout .2 --cv 5 or --time-limit 20s would fit/,
  );
});

test('where fits are slower than foreseen some folds are asked, and the last model is there in time', async () => {
  // Two fits are for the plan; from then on each takes twice as long.
  const { slow, now } = onClock((fits) => (fits < 2 ? 1 : 2));
  const options: FitTableOptions = {
    candidates: [slow('logistic', 100)],
    baselines: [],
    preset: { ...presetFor('binary', 'fast'), blends: [] },
    folds: 4,
    byTime: false,
    times: [],
    seed: 3,
    threads: 1,
    now,
    draws: 20,
    progress: silent,
    deadlineMs: 4_000,
  };
  const { test: tested, learned } = await fitTable(sample, options);
  // A fold is five fits of .2 s, as is the last model.
  expect(tested.turns).toEqual({ done: 3, of: 4 });
  expect(now()).toBe(200 + 4 * 1_000);
  expect(tested.rows.length).toBeGreaterThan(150);
  expect(tested.rows.length).toBeLessThan(200);
  expect(learned.chosen.estimator.id).toBe('logistic');
  const { test: unhurried } = await fitTable(sample, { ...options, deadlineMs: undefined });
  expect(unhurried.turns).toEqual({ done: 4, of: 4 });
  expect(unhurried.rows).toHaveLength(240);
});
