// The level of amounts is learned from several earlier moments, each predicted by what was known before it.
import { expect, test } from 'vitest';
import { silent } from '../core/progress.ts';
import { DAY_MS } from '../core/time.ts';
import { estimatorById } from '../models/catalogue.ts';
import type { Estimator, Question, Sample } from '../models/estimator.ts';
import { madeUpSample } from '../models/made-up-sample.ts';
import { chosenOf, rankTrials } from './choose.ts';
import { correctOverPast, pastMoments } from './past-moments.ts';
import { runTrial, type Trial, type TrialRun } from './trials.ts';

const REVENUE: Question = { kind: 'amount', outcome: 'revenue', horizonDays: 30, discountPerYear: 0 };
const MONTH_MS = 30 * DAY_MS;
const RUN: TrialRun = {
  plan: { train: [], calibrate: [0], test: [], horizonMs: MONTH_MS, folds: 3, words: { en: '', zh: '' } },
  seed: 4,
  threads: 1,
  now: () => 0,
  progress: silent,
};

/** The same customers month after month, `times` their usual amounts. */
function months(times: readonly number[], firstMonth = 0): Sample {
  const one = madeUpSample({ customers: 300, seed: 1, question: REVENUE });
  const rows = one.frame.rows;
  const at = (values: Float64Array, factor: (month: number) => number) =>
    Float64Array.from(
      { length: rows * times.length },
      (_, i) => values[i % rows] * factor(Math.floor(i / rows)),
    );
  return {
    ...one,
    frame: {
      ...one.frame,
      rows: rows * times.length,
      columns: one.frame.columns.flatMap((column) =>
        column.kind === 'number' ? [{ ...column, values: at(column.values, () => 1) }] : [],
      ),
    },
    entities: times.flatMap(() => one.entities),
    asOf: Float64Array.from(
      { length: rows * times.length },
      (_, i) => (firstMonth + Math.floor(i / rows)) * MONTH_MS,
    ),
    target: at(one.target, (month) => times[month]),
  };
}

/** Says of everybody the mean it was fitted on, and keeps count of when that was. */
function meanOf(seen: number[][]): Estimator {
  const rate = estimatorById('rate');
  return {
    ...rate,
    fit: (train, valid, run) => {
      seen.push([...new Set(train.asOf)].map((asOf) => asOf / MONTH_MS));
      return rate.fit(train, valid, run);
    },
  };
}

const trialOf = (estimator: Estimator, samples: { train: Sample; calibrate: Sample; test: Sample }) =>
  runTrial(samples, estimator, RUN);

test('each of the newest three moments is predicted from those before it alone', async () => {
  const train = months([1, 1, 1, 2, 1]);
  const seen: number[][] = [];
  const trial = await trialOf(meanOf(seen), { train, calibrate: months([1], 5), test: months([1], 6) });
  seen.length = 0;
  const past = await pastMoments(trial, train, RUN);
  expect(seen).toEqual([
    [0, 1],
    [0, 1, 2],
    [0, 1, 2, 3],
  ]);
  const ratios = past.map(({ actual, predicted }) => sum(actual) / sum(predicted));
  expect(past.map(({ asOf }) => asOf / MONTH_MS)).toEqual([2, 3, 4]);
  expect(ratios[0]).toBeCloseTo(1, 6);
  expect(ratios[1]).toBeCloseTo(2, 6);
  expect(ratios[2]).toBeCloseTo(4 / 5, 6);
});

test('moments whose windows overlap teach nothing: no fit knows what it is asked', async () => {
  const train = { ...months([1, 1]), asOf: months([1, 1]).asOf.map((asOf) => asOf / 2) };
  const trial = await trialOf(estimatorById('rate'), {
    train,
    calibrate: months([1], 5),
    test: months([1], 6),
  });
  expect(await pastMoments(trial, train, RUN)).toEqual([]);
});

test('one high month moves the level less when the months before it were as expected', async () => {
  const samples = { train: months([1, 1, 1, 1]), calibrate: months([1.5], 4), test: months([1], 5) };
  const [trial] = rankTrials([await trialOf(estimatorById('rate'), samples)], samples.calibrate, {
    metrics: ['mae'],
    seed: RUN.seed,
  });
  const steadied = await correctOverPast(trial, samples, RUN);
  expect(trial.corrections.level?.factor).toBeGreaterThan(1.25);
  expect(steadied.corrections.level?.factor).toBeLessThan(1.15);
  expect(steadied.corrections.level?.origins).toBe(4);
});

test('a month that is high like those before it keeps its level', async () => {
  const samples = { train: months([1, 1.5, 2.2, 3.2]), calibrate: months([4.8], 4), test: months([7], 5) };
  const [trial] = rankTrials([await trialOf(estimatorById('rate'), samples)], samples.calibrate, {
    metrics: ['mae'],
    seed: RUN.seed,
  });
  const steadied = await correctOverPast(trial, samples, RUN);
  expect(steadied.corrections.level?.factor).toBeGreaterThan(1.4);
});

test('of a blend every member is learned anew and mixed as before', async () => {
  const samples = { train: months([1, 1, 3]), calibrate: months([1], 4), test: months([1], 5) };
  const member = await trialOf(estimatorById('rate'), samples);
  const blend: Trial = {
    ...member,
    estimator: estimatorById('mean'),
    blend: { members: [member, member], mixture: { weights: [0.5, 0], intercept: 0 } },
  };
  const [, last] = await pastMoments(blend, samples.train, RUN);
  expect(sum(last.actual) / sum(last.predicted)).toBeCloseTo(6, 6);
});

test('a probability is calibrated on several months: one high month moves it less', async () => {
  const rare = 0.3;
  const buys = (share: readonly number[], first = 0): Sample => {
    const sample = months(
      share.map(() => 1),
      first,
    );
    const rows = sample.frame.rows / share.length;
    const target = Float64Array.from(sample.target, (_, i) =>
      Number(((i % rows) * 0.618) % 1 < share[Math.floor(i / rows)]),
    );
    return { ...sample, question: { ...REVENUE, kind: 'binary', outcome: 'buys' }, target };
  };
  const samples = { train: buys([rare, rare, rare]), calibrate: buys([2 * rare], 3), test: buys([rare], 4) };
  const [trial] = rankTrials([await trialOf(estimatorById('rate'), samples)], samples.calibrate, {
    metrics: ['log_loss'],
    seed: RUN.seed,
  });
  const steadied = await correctOverPast(trial, samples, RUN);
  expect(trial.corrected[0]).toBeCloseTo(2 * rare, 1);
  expect(steadied.corrected[0]).toBeCloseTo((rare + rare + 2 * rare) / 3, 1);
});

test('a run without a calibration period stays as it is', async () => {
  const train = months([1, 1, 1]);
  const [trial] = rankTrials(
    [await trialOf(estimatorById('rate'), { train, calibrate: train, test: train })],
    train,
    { metrics: ['mae'], seed: 1 },
  );
  expect(await correctOverPast(chosenOf([trial]), { train, test: train }, RUN)).toBe(trial);
});

const sum = (values: Float64Array): number => values.reduce((all, value) => all + value, 0);
