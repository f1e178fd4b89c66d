import { describe, expect, it } from 'vitest';
import { makeFrame } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { silent } from '../../core/progress.ts';
import { random } from '../../core/random.ts';
import { estimatorById, fitModel, loadModel } from '../catalogue.ts';
import type { Estimator, FitRun, Model, Question, Sample, Settings } from '../estimator.ts';
import { madeUpSample } from '../made-up-sample.ts';
import { sortSample } from '../sample.ts';
import { type SearchTrial, searchSettings } from './search.ts';
import { searched } from './searched.ts';

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
