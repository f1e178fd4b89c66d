import { beforeAll, describe, expect, test } from 'vitest';
import { silent } from '../core/progress.ts';
import { estimatorById } from '../models/catalogue.ts';
import type { Question } from '../models/estimator.ts';
import { logit, sigmoid } from '../models/link.ts';
import { madeUpSample } from '../models/made-up-sample.ts';
import { PROBABILITY_METRICS } from '../tasks/recipes.ts';
import { blendTrials } from './blends.ts';
import { type RankedTrial, rankTrials } from './choose.ts';
import { runTrials, type Trial, type TrialRun } from './trials.ts';

const question: Question = { kind: 'binary', outcome: 'buys', horizonDays: 60, discountPerYear: 0 };
const train = madeUpSample({ customers: 500, seed: 1, question });
const calibrate = madeUpSample({ customers: 600, seed: 2, question });
const test_ = madeUpSample({ customers: 2000, seed: 3, question });
const samples = { train, calibrate, test: test_ };
const run: TrialRun = {
  plan: { train: [], calibrate: [0], test: [], horizonMs: 1, folds: 5, words: { en: '', zh: '' } },
  seed: 1,
  threads: 1,
  now: () => 0,
  progress: silent,
};

let ranked: readonly RankedTrial[];
let mean: Trial;
let stack: Trial;
const logLoss = (predicted: Float64Array, target: Float64Array) =>
  -predicted.reduce((all, p, i) => all + Math.log(target[i] === 1 ? p : 1 - p), 0) / target.length;

beforeAll(async () => {
  const { trials, refused } = await runTrials(
    samples,
    ['rate', 'recency', 'logistic', 'tree', 'bg-nbd', 'elastic-net'].map(estimatorById),
    run,
  );
  expect(refused).toEqual([]);
  ranked = rankTrials(trials, calibrate, { metrics: PROBABILITY_METRICS, seed: 1 });
  const blends = await blendTrials(ranked, samples, { run, wanted: ['mean', 'stack'] });
  [mean, stack] = blends;
  expect(blends.map(({ estimator }) => estimator.id)).toEqual(['mean', 'stack']);
});

describe('the mean', () => {
  test('averages the margins of the best three models and leaves baselines out', async () => {
    const members = ranked.filter(({ estimator }) => estimator.role === 'model').slice(0, 3);
    const said = await Promise.all(members.map(({ model }) => model.predict(test_.frame)));
    const blended = await mean.model.predict(test_.frame);
    for (let i = 0; i < 50; i++) {
      const margins = said.map((values) => logit(values[i]));
      expect(blended[i]).toBeCloseTo(sigmoid((margins[0] + margins[1] + margins[2]) / 3), 9);
    }
  });

  test('says of the calibration examples what its model says of them', async () => {
    const again = await mean.model.predict(calibrate.frame);
    for (let i = 0; i < again.length; i++) expect(mean.onCalibration[i]).toBeCloseTo(again[i], 9);
  });
});

describe('the stack', () => {
  test('is no worse than its best member on customers neither has seen, within noise', async () => {
    const best = await ranked[0].model.predict(test_.frame);
    const stacked = await stack.model.predict(test_.frame);
    expect(logLoss(stacked, test_.target)).toBeLessThan(logLoss(best, test_.target) + 0.01);
  });

  test('is compared by cross-fitted answers: near those of its model, not the same', async () => {
    const inside = await stack.model.predict(calibrate.frame);
    const apart = inside.map((value, i) => Math.abs(value - stack.onCalibration[i]));
    expect(Math.max(...apart)).toBeGreaterThan(1e-6);
    expect(apart.reduce((a, b) => a + b) / apart.length).toBeLessThan(0.05);
  });

  test('a customer’s own outcome does not move what the stack says of them', async () => {
    const target = calibrate.target.slice();
    target[0] = 1 - target[0];
    const other = { ...samples, calibrate: { ...calibrate, target } };
    const [flipped] = await blendTrials(ranked, other, { run, wanted: ['stack'] });
    expect(flipped.onCalibration[0]).toBe(stack.onCalibration[0]);
    expect(flipped.onCalibration).not.toEqual(stack.onCalibration);
  });
});

test('one model alone makes no blend, and only what is wanted is made', async () => {
  const alone = ranked.filter(({ estimator }) => estimator.role === 'baseline' || estimator.id === 'tree');
  expect(await blendTrials(alone, samples, { run, wanted: ['mean', 'stack'] })).toEqual([]);
  expect(await blendTrials(ranked, samples, { run, wanted: [] })).toEqual([]);
});

test('the same trials and seed give the same blends', async () => {
  const again = await blendTrials(ranked, samples, { run, wanted: ['mean', 'stack'] });
  expect(again[1].onCalibration).toEqual(stack.onCalibration);
  expect(JSON.stringify(again[1].model.save())).toBe(JSON.stringify(stack.model.save()));
});
