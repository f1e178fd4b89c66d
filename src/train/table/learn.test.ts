import { expect, test } from 'vitest';
import { silent } from '../../core/progress.ts';
import { estimatorById } from '../../models/catalogue.ts';
import type { Estimator, Question } from '../../models/estimator.ts';
import { madeUpSample } from '../../models/made-up-sample.ts';
import { presetFor } from '../preset.ts';
import { type LearnOptions, learnTable } from './learn.ts';

const ASKED: Question = { kind: 'binary', outcome: 'other', horizonDays: 60, discountPerYear: 0 };
const ROWS = 240;
const FOLDS = 3;
const sample = madeUpSample({ customers: ROWS, seed: 1, question: ASKED });

interface Fit {
  readonly id: string;
  readonly rows: number;
  readonly watched: boolean;
}

/** The estimator, counting its fits under whatever settings. */
function counted(estimator: Estimator, fits: Fit[]): Estimator {
  const { withSettings } = estimator;
  return {
    ...estimator,
    fit(train, valid, run) {
      fits.push({ id: estimator.id, rows: train.frame.rows, watched: valid !== undefined });
      return estimator.fit(train, valid, run);
    },
    ...(withSettings && { withSettings: (told) => counted(withSettings(told), fits) }),
  };
}

const options = (candidates: readonly Estimator[], more: Partial<LearnOptions> = {}): LearnOptions => ({
  candidates,
  preset: presetFor('binary', 'good'),
  folds: FOLDS,
  byTime: false,
  seed: 3,
  threads: 1,
  now: () => 0,
  draws: 20,
  progress: silent,
  ...more,
});

/** On rows of other folds, and on all of them. */
const countsOf = (fits: readonly Fit[], own: string) => {
  const rows = fits.filter(({ id }) => id === own).map((fit) => fit.rows);
  return {
    folds: rows.filter((count) => count < ROWS).length,
    all: rows.filter((count) => count === ROWS).length,
  };
};

test('good fits each candidate once a fold, and on all rows only those the chosen one is made of, once', async () => {
  const fits: Fit[] = [];
  const candidates = ['logistic', 'tree'].map((id) => counted(estimatorById(id), fits));
  const { trials, chosen, table } = await learnTable(sample, options(candidates));
  expect(trials.map(({ estimator }) => estimator.id).sort()).toEqual([
    'greedy',
    'logistic',
    'mean',
    'stack',
    'tree',
  ]);
  const heard = new Set(
    ['logistic', 'tree'].filter((id) => JSON.stringify(table.model.save()).includes(`"${id}"`)),
  );
  expect(heard.size).toBeGreaterThan(0);
  for (const id of ['logistic', 'tree'])
    expect([id, countsOf(fits, id)]).toEqual([id, { folds: FOLDS, all: heard.has(id) ? 1 : 0 }]);
  expect(chosen.estimator.role).toBe('model');
});

test('a bag is judged by what its own fits say of their folds, with no second pass', async () => {
  const fits: Fit[] = [];
  const preset = { ...presetFor('binary', 'best'), blends: [], searched: 0, bagged: 1 };
  const { trials } = await learnTable(sample, options([counted(estimatorById('tree'), fits)], { preset }));
  const bag = trials.find(({ estimator }) => estimator.id === 'tree:bagged');
  expect(bag?.predicted.every((p) => p > 0 && p < 1)).toBe(true);
  // Once a fold to be tried, once a fold in the bag; on all rows only if the bag lost.
  expect(fits.filter(({ watched }) => watched)).toHaveLength(FOLDS);
  expect(countsOf(fits, 'tree').folds).toBe(2 * FOLDS);
  expect(countsOf(fits, 'tree').all).toBe(
    trials.find(({ estimator }) => estimator.role === 'model') === bag ? 0 : 1,
  );
});

test('what a deadline leaves no time for is named with the reason', async () => {
  let clockMs = 0;
  const fits: Fit[] = [];
  const now = () => (clockMs += 100);
  const preset = { ...presetFor('binary', 'best'), blends: [] };
  const { refused, chosen } = await learnTable(
    sample,
    options([counted(estimatorById('tree'), fits), counted(estimatorById('logistic'), fits)], {
      ...{ preset, now, deadlineMs: 1_000 },
    }),
  );
  expect(chosen.estimator.id).toBe('tree');
  expect(fits.every(({ id }) => id === 'tree')).toBe(true);
  const reasons = Object.fromEntries(refused.map(({ id, reason }) => [id, reason]));
  expect(reasons.logistic).toMatch(/time limit was reached/);
  expect(reasons['tree:bagged']).toMatch(/would take about \d+ s, the time limit leaves \d+ s/);
});

test('a search, a bag and the fit on all rows end before the deadline', async () => {
  let clockMs = 0;
  const slow = (estimator: Estimator): Estimator => ({
    ...estimator,
    fit(...given) {
      clockMs += 100;
      return estimator.fit(...given);
    },
    withSettings: (told) => slow(estimator.withSettings?.(told) as Estimator),
  });
  const preset = presetFor('binary', 'best');
  for (const deadlineMs of [600, 2_000, 6_000]) {
    clockMs = 0;
    const candidates = [estimatorById('logistic'), slow(estimatorById('tree'))];
    const { trials, refused } = await learnTable(
      sample,
      options(candidates, { preset, now: () => clockMs, deadlineMs }),
    );
    expect(clockMs).toBeLessThanOrEqual(deadlineMs);
    const ids = [...trials.map(({ estimator }) => estimator.id), ...refused.map(({ id }) => id)];
    expect(ids).toContain('tree:bagged');
  }
});
