import { describe, expect, test } from 'vitest';
import { silent } from '../core/progress.ts';
import { estimatorById } from '../models/catalogue.ts';
import type { Estimator, Question, Settings } from '../models/estimator.ts';
import { madeUpSample } from '../models/made-up-sample.ts';
import { AMOUNT_METRICS_ORDER, PROBABILITY_METRICS } from '../tasks/recipes.ts';
import { type Preset, presetFor } from './preset.ts';
import { holdTournament, repeatedCandidates, type TournamentOptions, type Tried } from './tournament.ts';
import { foldsOf, type TrialRun } from './trials.ts';

const REVENUE: Question = { kind: 'amount', outcome: 'revenue', horizonDays: 60, discountPerYear: 0 };
const BUYS: Question = { kind: 'binary', outcome: 'buys', horizonDays: 60, discountPerYear: 0 };
const spenders = {
  train: madeUpSample({ customers: 160, seed: 1, question: REVENUE }),
  calibrate: madeUpSample({ customers: 160, seed: 2, question: REVENUE }),
  test: madeUpSample({ customers: 50, seed: 3, question: REVENUE }),
};
const buyers = {
  train: madeUpSample({ customers: 400, seed: 1, question: BUYS }),
  test: madeUpSample({ customers: 50, seed: 3, question: BUYS }),
};
const RUN: TrialRun = {
  plan: { train: [], calibrate: [0], test: [], horizonMs: 1, folds: 3, words: { en: '', zh: '' } },
  seed: 4,
  threads: 1,
  now: () => 0,
  progress: silent,
};
const SEARCHING: Preset = {
  ...presetFor('amount', 'best'),
  searched: 1,
  searchTrials: 3,
  bagged: 1,
};
const options = (more: Partial<TournamentOptions> = {}): TournamentOptions => ({
  candidates: ['rate', 'tweedie', 'linear'].map(estimatorById),
  preset: SEARCHING,
  blends: ['mean', 'stack', 'greedy'],
  metrics: AMOUNT_METRICS_ORDER,
  run: RUN,
  ...more,
});
const bytesOf = (tried: { ranked: readonly { estimator: { id: string }; model: { save(): unknown } }[] }) =>
  JSON.stringify(tried.ranked.map(({ estimator, model }) => [estimator.id, model.save()]));

/** Better settings than the default of the two, by far; in a fit that watches nobody they may be worse all the same. */
const lopsided = (told?: number, luck = 1): Estimator => {
  const inner = estimatorById('tweedie');
  return {
    ...inner,
    space: { power: { kind: 'choice', options: [1.2, 1.5, 1.8] } },
    settings: () => ({ power: 1.5 }),
    withSettings: ({ power }) => lopsided(Number(power), luck),
    async fit(train, valid, run) {
      const model = await inner.fit(train, valid, run);
      const factor = told === 1.8 ? (valid ? 1 : luck) : 5;
      return {
        ...model,
        predict: async (frame) => (await model.predict(frame)).map((amount) => amount * factor),
      };
    },
  };
};

let once: ReturnType<typeof holdTournament> | undefined;
/** The one most promises are checked on, held once. */
const held = () => {
  once ??= holdTournament(spenders, options());
  return once;
};

describe('a tournament', () => {
  test('searches and bags the best that has settings, blends all, and ranks everyone once', async () => {
    const { ranked, refused, trials, searches } = await held();
    expect(trials).toEqual(['rate', 'tweedie', 'linear', 'tweedie:bagged', 'mean', 'stack', 'greedy']);
    expect(ranked.map(({ estimator }) => estimator.id).sort()).toEqual([...trials].sort());
    expect(Object.keys(searches)).toEqual(['tweedie']);
    expect(searches.tweedie).toHaveLength(3);
    expect(refused).toEqual([]);
  });

  test('repeats to the byte from what it recorded, with no search and no clock', async () => {
    const first = await held();
    const { trials, searches } = JSON.parse(JSON.stringify(first)) as Tried;
    const ids = trials.filter((id) => !['mean', 'stack', 'greedy'].includes(id));
    const again = await holdTournament(
      spenders,
      options({ candidates: repeatedCandidates(ids, searches), repeated: searches }),
    );
    expect(again.trials).toEqual(first.trials);
    expect(bytesOf(again) === bytesOf(first)).toBe(true);
  });

  test('without a later period nobody held out had a say in the settings they are told of, repeated or not', async () => {
    const { train, test: tested } = spenders;
    const samples = { train, test: tested };
    const few: Partial<TournamentOptions> = { blends: [], preset: { ...SEARCHING, searchTrials: 2 } };
    const first = await holdTournament(samples, options({ ...few, candidates: [lopsided()] }));
    const [asItIs, better] = first.searches.tweedie;
    expect(asItIs.rungs[0].without).toHaveLength(RUN.plan.folds);
    expect(better.rungs[0].without).toHaveLength(RUN.plan.folds);
    const { searches } = JSON.parse(JSON.stringify(first)) as Tried;
    const doubtful = searches.tweedie.map(({ rungs }, at) => ({
      settings: (at === 0 ? {} : { power: 1.8 }) as Settings,
      rungs: rungs.map((rung) => ({
        ...rung,
        difference: -at,
        standardError: 0.1,
        without: [-1, 1, 1].map((difference) => ({ difference: difference * at, standardError: 0.1 })),
      })),
    }));
    const told = repeatedCandidates(['tweedie', 'tweedie:bagged'], { tweedie: doubtful });
    const repeat = (candidates: readonly Estimator[]) =>
      holdTournament(samples, options({ ...few, candidates, repeated: {} }));
    const { ranked } = await repeat([...told]);
    const plain = (await repeat([estimatorById('tweedie')])).ranked[0];
    const folds = foldsOf(train, RUN);
    const single = ranked.find(({ estimator }) => estimator.id === 'tweedie');
    train.entities.forEach((_, row) => {
      // Only without the first fold were the other settings better.
      const same = single?.onCalibration[row] === plain.onCalibration[row];
      expect(same).toBe(folds.of[row] !== 0);
    });
    expect(ranked.map(({ estimator }) => estimator.id).sort()).toEqual(['tweedie', 'tweedie:bagged']);
  });

  test('fits anew with settings that are surely better, and says which they are', async () => {
    const { ranked } = await holdTournament(
      spenders,
      options({ candidates: [estimatorById('rate'), lopsided()] }),
    );
    const told = ranked.filter(({ settings }) => settings);
    expect(told.map(({ estimator, settings }) => [estimator.id, settings])).toEqual(
      expect.arrayContaining([
        ['tweedie', { power: 1.8 }],
        ['tweedie:bagged', { power: 1.8 }],
      ]),
    );
  });

  test('keeps the defaults where settings that did well in the search do worse on the examples models are compared on', async () => {
    const candidates = [estimatorById('rate'), lopsided(undefined, 400)];
    const { ranked, refused, searches } = await holdTournament(spenders, options({ candidates, blends: [] }));
    expect(ranked.filter(({ settings }) => settings)).toEqual([]);
    expect(refused.map(({ id, reason }) => `${id}: ${reason}`)).toEqual([
      'search of tweedie: the settings found were no better on the examples models are compared on',
    ]);
    expect(searches).toEqual({});
  });

  test('out of time keeps the first model, and says of the rest what did not happen', async () => {
    let clockMs = 0;
    const run = { ...RUN, now: () => (clockMs += 400), deadlineMs: 1_500 };
    const { ranked, refused } = await holdTournament(spenders, options({ run }));
    const models = ranked
      .filter(({ estimator }) => estimator.role === 'model')
      .map(({ estimator }) => estimator.id);
    expect(models).toContain('tweedie');
    expect(models).not.toContain('linear');
    const reasons = Object.fromEntries(refused.map(({ id, reason }) => [id, reason]));
    expect(reasons.linear).toMatch(/time limit/);
    expect(reasons['search of tweedie']).toMatch(/the time limit leaves 0 s/);
    expect(reasons['tweedie:bagged']).toMatch(/would take about \d+ s, the time limit leaves 0 s/);
  });

  test('without a later period a bag gives its own unseen predictions, and everybody has one', async () => {
    const { ranked } = await holdTournament(
      buyers,
      options({
        candidates: ['rate', 'tree', 'logistic:bagged'].map(estimatorById),
        blends: [],
        preset: presetFor('binary', 'good'),
        metrics: PROBABILITY_METRICS,
      }),
    );
    const bag = ranked.find(({ estimator }) => estimator.id === 'logistic:bagged');
    expect(bag?.onCalibration).toHaveLength(400);
    expect(bag?.onCalibration.every((p) => p > 0 && p < 1)).toBe(true);
    // A bag that had seen these customers would say of them what its model says.
    const seen = await bag?.model.predict(buyers.train.frame);
    expect(seen?.every((p, row) => p === bag?.onCalibration[row])).toBe(false);
  });
});
