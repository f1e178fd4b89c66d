// The model that answers has learned from the calibration period too, unless that cannot be.
import { expect, test } from 'vitest';
import { type Progress, silent } from '../core/progress.ts';
import { DAY_MS } from '../core/time.ts';
import { estimatorById } from '../models/catalogue.ts';
import type { Estimator, Question } from '../models/estimator.ts';
import { joinSamples } from '../models/join-samples.ts';
import { madeUpSample } from '../models/made-up-sample.ts';
import { rankTrials } from './choose.ts';
import { learnAgain } from './learn-again.ts';
import type { Samples } from './samples.ts';
import { runTrial, type TrialRun } from './trials.ts';

const BUYS: Question = { kind: 'binary', outcome: 'buys', horizonDays: 30, discountPerYear: 0 };
const RUN: TrialRun = {
  plan: { train: [], calibrate: [0], test: [], horizonMs: 30 * DAY_MS, folds: 3, words: { en: '', zh: '' } },
  ...{ seed: 4, threads: 1, now: () => 0, progress: silent },
};
const [train, calibrate, later] = [1, 2, 3].map((seed) =>
  madeUpSample({ customers: 200, seed, question: BUYS }),
);
const samples: Samples = { train, calibrate, test: later };

async function trialOf(estimator: Estimator, from = samples) {
  const trial = await runTrial(from, estimator, RUN);
  const [ranked] = rankTrials([trial], calibrate, { metrics: ['log_loss'], seed: 1 });
  return ranked;
}

test('a model is fitted on both periods; its corrections and scores stay those of the one that had not seen them', async () => {
  const logistic = estimatorById('logistic');
  const trial = await trialOf(logistic);
  const { trial: final, again } = await learnAgain(trial, samples, { run: RUN });
  expect(again).toBe(true);
  const both = await logistic.fit(joinSamples(train, calibrate), undefined, { ...RUN, signal: undefined });
  const [said, wanted] = [await final.model.predict(later.frame), await both.predict(later.frame)];
  said.forEach((value, row) => {
    expect(value).toBeCloseTo(wanted[row], 6);
  });
  expect(await trial.model.predict(later.frame)).not.toEqual(said);
  expect({ ...final, model: undefined }).toEqual({ ...trial, model: undefined });
});

test('baselines, held-out customers and runs that did not do it before leave the model as it is', async () => {
  const trial = await trialOf(estimatorById('logistic'));
  expect((await learnAgain(trial, { train, test: later }, { run: RUN })).trial).toBe(trial);
  expect((await learnAgain(trial, samples, { run: RUN, repeated: false })).trial).toBe(trial);
  const plain = await trialOf(estimatorById('rate'));
  expect((await learnAgain(plain, samples, { run: RUN })).again).toBe(false);
});

test('the time limit is kept and said, except where a run is repeated', async () => {
  const trial = { ...(await trialOf(estimatorById('logistic'))), fitSeconds: 10 };
  const notes: string[] = [];
  const progress: Progress = { step() {}, note: (text) => notes.push(text) };
  const run = { ...RUN, progress, deadlineMs: 5000 };
  expect((await learnAgain(trial, samples, { run })).again).toBe(false);
  expect(notes.join()).toMatch(/time limit/);
  expect((await learnAgain(trial, samples, { run, repeated: true })).again).toBe(true);
});
