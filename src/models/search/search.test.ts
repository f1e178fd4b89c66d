import { describe, expect, it } from 'vitest';
import { makeFrame } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { silent } from '../../core/progress.ts';
import { random } from '../../core/random.ts';
import { bagged, estimatorById, fitModel, loadModel } from '../catalogue.ts';
import { crossFit } from '../cross-fit.ts';
import type { Estimator, FitRun, Model, Question, Sample, Settings } from '../estimator.ts';
import { madeUpSample } from '../made-up-sample.ts';
import { sortSample } from '../sample.ts';
import type { Rung } from './judge.ts';
import { chosenOf, type SearchTrial, searchSettings } from './search.ts';
import { searched, toldByFold, toldLater } from './searched.ts';

const RUN: FitRun = { seed: 5, threads: 1, progress: silent };
const QUESTION: Question = { kind: 'binary', outcome: 'other', horizonDays: 30, discountPerYear: 0 };

/** Outcomes whose logit is `slope` times the one column. */
function lineSample(rows: number, slope: number, seed = 1): Sample {
  const draw = random(seed);
  const values = Float64Array.from({ length: rows }, () => draw.normal());
  return {
    question: QUESTION,
    frame: makeFrame([
      { kind: 'number', name: 'x', label: name('x', 'x'), unit: 'none', group: 'x', values },
    ]),
    entities: Array.from(values, (_, row) => `customer-${String(row).padStart(6, '0')}`),
    asOf: new Float64Array(rows),
    target: values.map((x) => Number(draw.uniform() < 1 / (1 + Math.exp(-slope * x)))),
  };
}

interface Line {
  readonly slope: number;
}

/** Answers with the slope it is told, and learns nothing: what the search should find is known. */
function lineWith(line: Line, fits: { rows: number; slope: number }[] = []): Estimator {
  const model = (question: Question): Model => {
    const margin = async (frame: Sample['frame']) =>
      Float64Array.from(
        frame.columns[0].kind === 'number' ? frame.columns[0].values : [],
        (x) => line.slope * x,
      );
    return {
      estimator: 'line',
      question,
      link: 'logit',
      inputs: ['x'],
      margin,
      predict: async (frame) => (await margin(frame)).map((m) => 1 / (1 + Math.exp(-m))),
      save: () => ({ estimator: 'line', format: 1, state: { slope: line.slope } }),
    };
  };
  return {
    id: 'line',
    label: name('Line', '直线'),
    role: 'model',
    refuses: () => undefined,
    async fit(train) {
      fits.push({ rows: train.frame.rows, slope: line.slope });
      return model(train.question);
    },
    space: { slope: { kind: 'number', low: 0.05, high: 20, log: true } },
    settings: () => ({ slope: line.slope }),
    withSettings: (settings: Settings) => lineWith({ ...line, ...settings } as Line, fits),
    load: () => model(QUESTION),
  };
}

/** As a search without groups records it. */
const bare = ({ share, loss, difference, standardError }: Rung): Rung => ({
  share,
  loss,
  difference,
  standardError,
});

describe('the search for settings', () => {
  it('tries the default first, then finds settings near the truth', async () => {
    const train = lineSample(2500, 4);
    const { settings, trials, ended } = await searchSettings(
      lineWith({ slope: 0.3 }),
      train,
      { trials: 30 },
      RUN,
    );
    expect(ended).toBe('trials');
    expect(trials).toHaveLength(30);
    expect(trials[0].settings).toEqual({});
    expect(trials[0].rungs.at(-1)).toMatchObject({ difference: 0, standardError: 0 });
    expect(Math.abs(Math.log(Number(settings.slope) / 4))).toBeLessThan(0.4);
  });

  it('leaves the default alone where nothing is better beyond noise', async () => {
    for (const seed of [1, 2, 3, 4]) {
      const { settings, trials } = await searchSettings(
        lineWith({ slope: 1 }),
        lineSample(250, 1, seed),
        { trials: 15 },
        { ...RUN, seed },
      );
      const gains = trials.map(({ rungs }) => rungs.at(-1)?.difference ?? 0);
      // Something is always better by luck.
      expect(Math.min(...gains)).toBeLessThanOrEqual(0);
      expect(settings).toEqual({});
    }
  });

  it('gives the same trials for the same seed, others for another', async () => {
    const train = lineSample(400, 2);
    const search = (seed: number) =>
      searchSettings(lineWith({ slope: 1 }), train, { trials: 10 }, { ...RUN, seed });
    expect(await search(1)).toEqual(await search(1));
    expect((await search(2)).trials).not.toEqual((await search(1)).trials);
  });

  it('goes on from a list of trials as if it had never stopped, and repeats a whole list without fitting', async () => {
    const train = lineSample(12_000, 2);
    const fits: { rows: number; slope: number }[] = [];
    const search = (trials: number, past?: readonly SearchTrial[]) =>
      searchSettings(lineWith({ slope: 1 }, fits), train, { trials, ...(past && { past }) }, RUN);
    const whole = await search(14);
    const half = JSON.parse(JSON.stringify((await search(7)).trials)) as SearchTrial[];
    expect(await search(14, half)).toEqual(whole);
    fits.length = 0;
    expect(await search(14, whole.trials)).toEqual(whole);
    expect(fits).toEqual([]);
  });

  it('chooses without each group as if its losses were not there', async () => {
    const train = lineSample(300, 3);
    const of = train.entities.map((_, row) => row % 3);
    // What only the first group says is false: steep there, level everywhere else.
    const target = train.target.map((y, row) => (of[row] === 0 ? y : row % 2));
    const groups = { of, count: 3 };
    const { trials } = await searchSettings(
      lineWith({ slope: 0.3 }),
      { ...train, target },
      { trials: 12, groups },
      RUN,
    );
    const x = train.frame.columns[0].kind === 'number' ? train.frame.columns[0].values : [];
    // As no loss counts for more than a probability of 1e-7.
    const loss = (slope: number, row: number) =>
      Math.min(-Math.log(1e-7), Math.log1p(Math.exp((target[row] ? -1 : 1) * slope * x[row])));
    for (const { settings, rungs } of trials.slice(1)) {
      const slope = Number(settings.slope);
      of.slice(0, 3).forEach((own) => {
        const rows = of.flatMap((group, row) => (group === own ? [] : [row]));
        const mean = rows.reduce((sum, row) => sum + loss(slope, row) - loss(0.3, row), 0) / rows.length;
        expect(rungs[0].without?.[own].difference).toBeCloseTo(mean, 4);
      });
    }
    expect(Number(chosenOf(trials, 1).slope)).toBeGreaterThan(0.3);
    expect(chosenOf(trials, 0).slope ?? 0.3).toBeLessThanOrEqual(0.3);
    expect(
      chosenOf(
        trials.map(({ settings, rungs }) => ({ settings, rungs: rungs.map(bare) })),
        1,
      ),
    ).toEqual({});
  });

  it('begins nothing that would end after the deadline', async () => {
    const train = lineSample(600, 2);
    let clockMs = 0;
    const estimator = lineWith({ slope: 1 });
    const slow = (inner: Estimator): Estimator => ({
      ...inner,
      fit: async (...given) => {
        clockMs += 250;
        return inner.fit(...given);
      },
      withSettings: (settings) => slow(inner.withSettings?.(settings) as Estimator),
    });
    // Four folds of 250 ms: a second a trial.
    const limited = { trials: 50, deadlineMs: 5_500, now: () => clockMs };
    const { trials, ended } = await searchSettings(slow(estimator), train, limited, RUN);
    expect(ended).toBe('time');
    expect(trials).toHaveLength(5);
    expect(clockMs).toBeLessThanOrEqual(5_500);
    const late = { trials: 50, deadlineMs: clockMs - 1, now: () => clockMs };
    expect(await searchSettings(slow(estimator), train, late, RUN)).toEqual({
      settings: {},
      trials: [],
      ended: 'time',
    });
  });

  it('tries on few rows first and takes only the best of them to all rows', async () => {
    const fits: { rows: number; slope: number }[] = [];
    const { trials } = await searchSettings(
      lineWith({ slope: 1 }, fits),
      lineSample(12_000, 3),
      { trials: 24 },
      RUN,
    );
    const shares = trials.map(({ rungs }) => rungs.map(({ share }) => share));
    expect(shares[0]).toEqual([1 / 3, 1]);
    const further = shares.slice(1).filter((reached) => reached.length > 1).length;
    expect(further).toBeGreaterThan(1);
    expect(further).toBeLessThan(16);
    expect(new Set(fits.map(({ rows }) => rows > 6000)).size).toBe(2);
  });

  it('goes on after settings that cannot be fitted, and never chooses them', async () => {
    const inner = lineWith({ slope: 1 });
    const fragile = (own: Estimator, settings: Settings): Estimator => ({
      ...own,
      fit: async (...given) => {
        if (Number(settings.slope ?? 1) > 1) {
          const { AppError } = await import('../../core/errors.ts');
          throw new AppError('DIVERGED', 'too steep');
        }
        return own.fit(...given);
      },
      withSettings: (changes) => fragile(inner.withSettings?.(changes) as Estimator, changes),
    });
    const { settings, trials } = await searchSettings(
      fragile(inner, {}),
      lineSample(900, 3),
      { trials: 12 },
      RUN,
    );
    const failed = trials.filter(({ rungs }) => rungs.length === 0);
    expect(failed.length).toBeGreaterThan(0);
    for (const trial of failed) expect(Number(trial.settings.slope)).toBeGreaterThan(1);
    expect(settings).toEqual({});
  });

  it('stops when told to', async () => {
    const stop = new AbortController();
    const train = lineSample(400, 2);
    setImmediate(() => stop.abort());
    await expect(
      searchSettings(lineWith({ slope: 1 }), train, { trials: 40 }, { ...RUN, signal: stop.signal }),
    ).rejects.toThrow(/interrupted/);
  });

  it('has nothing to do for an estimator without a space', async () => {
    const { trials, ended } = await searchSettings(
      estimatorById('rate'),
      lineSample(50, 1),
      { trials: 9 },
      RUN,
    );
    expect({ trials, ended }).toEqual({ trials: [], ended: 'space' });
  });
});

describe('an estimator told what a search found', () => {
  const worth = (difference: number): Pick<Rung, 'difference' | 'standardError'> => ({
    difference,
    standardError: 0.01,
  });
  const rung = (difference: number, without: readonly number[]): Rung => ({
    ...{ share: 1, loss: 1, ...worth(difference) },
    without: without.map(worth),
  });
  const trials: readonly SearchTrial[] = [
    { settings: {}, rungs: [rung(0, [0, 0, 0])] },
    { settings: { slope: 2 }, rungs: [rung(-0.5, [-0.2, 0.1, -0.9])] },
    { settings: { slope: 3 }, rungs: [rung(-0.4, [-0.3, -0.005, -0.4])] },
  ];
  const sample = lineSample(90, 1);
  const folds = { of: sample.entities.map((_, row) => row % 3), count: 3 };
  const slopesOver = async (tell: (estimator: Estimator) => Estimator) => {
    const fits: { rows: number; slope: number }[] = [];
    const told = tell(lineWith({ slope: 1 }, fits));
    await crossFit(told, sample, { folds, run: RUN });
    await told.fit(sample, undefined, RUN);
    return fits.map(({ slope }) => slope);
  };

  it('speaks of each fold with settings chosen without it, and of everyone else with the best of all', async () => {
    expect(await slopesOver((line) => toldByFold(line, trials))).toEqual([3, 1, 2, 2]);
  });

  it('in a bag too: what a member says of its fold is not chosen by that fold', async () => {
    const fits: { rows: number; slope: number }[] = [];
    const bag = bagged(toldByFold(lineWith({ slope: 1 }, fits), trials));
    await bag.fitOverFolds(sample, folds, RUN);
    expect(fits.map(({ slope }) => slope)).toEqual([3, 1, 2]);
  });

  it('in time: says with them only what came after the period they were found in', async () => {
    expect(await slopesOver((line) => toldLater(line, trials, 1))).toEqual([1, 1, 2, 2]);
  });
});

describe('a searched estimator', () => {
  it('searches within its own examples and saves a model of the inner one', async () => {
    const question: Question = { kind: 'amount', outcome: 'revenue', horizonDays: 45, discountPerYear: 0 };
    const sample = madeUpSample({ customers: 300, seed: 2, question });
    const tuned = searched(estimatorById('tweedie'), { trials: 4 });
    const model = await fitModel(tuned, sample, undefined, RUN);
    expect(model.estimator).toBe('tweedie');
    const again = loadModel(model.save());
    expect(await again.predict(sample.frame)).toEqual(await model.predict(sample.frame));
  });

  it('is told what the search found', async () => {
    const fits: { rows: number; slope: number }[] = [];
    const train = sortSample(lineSample(2500, 4));
    await searched(lineWith({ slope: 0.3 }, fits), { trials: 15 }).fit(train, undefined, RUN);
    const last = fits.at(-1);
    expect(last?.rows).toBe(2500);
    expect(last?.slope).toBeGreaterThan(2);
  });
});
