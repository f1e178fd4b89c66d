import { expect, test } from 'vitest';
import { silent } from '../core/progress.ts';
import { estimatorById } from '../models/catalogue.ts';
import type { Estimator, Question } from '../models/estimator.ts';
import { madeUpSample } from '../models/made-up-sample.ts';
import { sortSample } from '../models/sample.ts';
import { presetFor } from './preset.ts';
import { searchBest } from './search-best.ts';

const ASKED: Question = { kind: 'binary', outcome: 'other', horizonDays: 60, discountPerYear: 0 };
const train = sortSample(madeUpSample({ customers: 120, seed: 1, question: ASKED }));
const preset = { ...presetFor('binary', 'best'), searched: 2, searchTrials: 12, searchShare: 1 };

/** Two trees that take a tenth of a second a fit, on a clock of their own. */
function timed(limitMs: number) {
  let clockMs = 0;
  const slow = (estimator: Estimator, id: string): Estimator => ({
    ...estimator,
    id,
    fit(...given) {
      clockMs += 100;
      return estimator.fit(...given);
    },
    withSettings: (told) => slow(estimator.withSettings?.(told) as Estimator, id),
  });
  const ranked = ['better', 'worse'].map((id) => ({
    estimator: slow(estimatorById('tree'), id),
    fitSeconds: 0.1,
  }));
  const run = { seed: 1, threads: 1, progress: silent, now: () => clockMs, deadlineMs: limitMs };
  return { search: () => searchBest(ranked, train, { preset, run, within: {} }), now: () => clockMs };
}

test('most of the time goes to the best, and none of it beyond the deadline', async () => {
  const { search, now } = timed(8_000);
  const { searched, refused } = await search();
  expect(searched.map(({ trial }) => trial.estimator.id)).toEqual(['better', 'worse']);
  const [better, worse] = searched.map(({ result }) => result.trials.length);
  // Four folds a trial: 2 s for the one, the other 6 s or what is left of 12 trials.
  expect([better, worse]).toEqual([12, 5]);
  expect(now()).toBeLessThanOrEqual(8_000);
  expect(refused.map(({ id, reason }) => `${id}: ${reason}`)).toEqual([
    'search of worse: the time limit ended it after 5 of 12 trials',
  ]);
});

test('no search is begun that has no time for more than the default', async () => {
  const { search, now } = timed(700);
  const { searched, refused } = await search();
  expect(searched).toEqual([]);
  expect(refused.map(({ id }) => id)).toEqual(['search of worse', 'search of better']);
  expect(now()).toBe(0);
});
