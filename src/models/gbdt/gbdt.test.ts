// Boosting as a whole: when it stops, what it may be told, how it goes on, and what it keeps to.
import { describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { makeFrame, type NumberColumn, takeRows, withColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { silent } from '../../core/progress.ts';
import { random } from '../../core/random.ts';
import { fitModel } from '../catalogue.ts';
import type { Question, Sample, Settings } from '../estimator.ts';
import { treeCount } from '../forest/forest.ts';
import { madeUpSample } from '../made-up-sample.ts';
import { takeSample, weightedMean } from '../sample.ts';
import { continueFrom, gbdt, savedGbdt } from './gbdt.ts';

const RUN = { seed: 3, threads: 1, progress: silent };
const BUYS: Question = { kind: 'binary', outcome: 'buys', horizonDays: 45, discountPerYear: 0 };
const AMOUNT: Question = { ...BUYS, kind: 'amount', outcome: 'other' };

const boost = (sample: Sample, settings: Settings = {}, valid?: Sample) =>
  fitModel(gbdt.withSettings!(settings), sample, valid, RUN);

const numbers = (id: string, values: Float64Array): NumberColumn => ({
  ...{ kind: 'number', name: id, label: name(id, id), unit: 'none', group: id },
  values,
});

/** y = 3 sin(2a) + b + noise; c is luck. */
function waves(rows: number, seed: number, noise = 0.3): Sample {
  const draw = random(seed);
  const [a, b, c] = [0, 0, 0].map(() => Float64Array.from({ length: rows }, () => draw.normal()));
  return {
    question: AMOUNT,
    frame: makeFrame([numbers('a', a), numbers('b', b), numbers('c', c)]),
    entities: Array.from({ length: rows }, (_, row) => `one ${row}`),
    asOf: new Float64Array(rows),
    target: a.map((value, row) => 3 * Math.sin(2 * value) + b[row] + noise * draw.normal()),
  };
}

const meanSquare = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / a.length;

const trees = (model: Awaited<ReturnType<typeof boost>>) => treeCount(savedGbdt(model.save()).forest);

const FAST: Settings = { trees: 40, patience: 0, learningRate: 0.1, columnShare: 1 };

describe('boosted trees', () => {
  it('learn a curve to near its noise', async () => {
    const test = waves(1000, 2);
    const model = await boost(waves(2000, 1), { trees: 80, learningRate: 0.15, leaves: 16 });
    expect(meanSquare(await model.predict(test.frame), test.target)).toBeLessThan(2.5 * 0.3 ** 2);
  });

  it('grow every tree they are told to when patience is 0, and fewer when the unseen lose more', async () => {
    const [train, valid] = [waves(400, 1, 3), waves(300, 2, 3)];
    expect(trees(await boost(train, FAST))).toBe(40);
    const watched = await boost(train, { trees: 200, learningRate: 0.3, patience: 20 }, valid);
    const folded = await boost(train, { trees: 200, learningRate: 0.3, patience: 20 });
    for (const model of [watched, folded]) {
      expect(trees(model)).toBeGreaterThan(0);
      expect(trees(model)).toBeLessThan(60);
    }
    const all = await boost(train, { trees: 200, learningRate: 0.3, patience: 0 });
    const { frame, target } = waves(1500, 7, 3);
    const lost = async (model: typeof all) => meanSquare(await model.predict(frame), target);
    expect(await lost(watched)).toBeLessThan(await lost(all));
    expect(await lost(folded)).toBeLessThan(await lost(all));
  });

  it('average several forests: one where nothing is drawn, steadier ones where rows are', async () => {
    const sample = waves(300, 1, 3);
    const test = waves(1000, 2, 0);
    const alone = await boost(sample, FAST);
    const same = await boost(sample, { ...FAST, forests: 3 });
    expect(trees(same)).toBe(3 * trees(alone));
    const told = await same.predict(test.frame);
    (await alone.predict(test.frame)).forEach((value, row) => {
      expect(told[row]).toBeCloseTo(value, 9);
    });
    const drawn = { ...FAST, rowShare: 0.5 };
    const [few, many] = [await boost(sample, drawn), await boost(sample, { ...drawn, forests: 8 })];
    expect(meanSquare(await many.predict(test.frame), test.target)).toBeLessThan(
      0.95 * meanSquare(await few.predict(test.frame), test.target),
    );
    const watched = await boost(sample, { ...drawn, forests: 2, patience: 10, trees: 200 }, waves(300, 3, 3));
    expect(trees(watched) % 2).toBe(0);
    expect(trees(watched)).toBeGreaterThan(0);
  });

  it('give the same bytes with any number of threads', async () => {
    const sample = waves(1500, 1);
    const one = await gbdt.withSettings!(FAST).fit(sample, undefined, RUN);
    const two = await gbdt.withSettings!(FAST).fit(sample, undefined, { ...RUN, threads: 2 });
    expect(two.save()).toEqual(one.save());
  });

  it('read a weight of two as the row standing twice', async () => {
    const sample = waves(300, 1);
    const twice = Float64Array.from(sample.target, (_, row) => 1 + (row % 2));
    const rows = Array.from(sample.target, (_, row) => (row % 2 === 1 ? [row, row] : [row])).flat();
    // Weights are scaled to a mean of one, so ridge and rows a leaf must not decide.
    const settings = { ...FAST, ridge: 0, minRows: 1, minCurvature: 10, leaves: 4, bins: 255 };
    const weighted = await boost({ ...sample, weight: twice }, { ...settings, minCurvature: 0, depth: 2 });
    const repeated = await boost(takeSample(sample, rows), { ...settings, minCurvature: 0, depth: 2 });
    const [a, b] = [await weighted.predict(sample.frame), await repeated.predict(sample.frame)];
    expect(meanSquare(a, b)).toBeLessThan(0.02 * meanSquare(a, sample.target));
  });

  it('are the same in pence and in pounds', async () => {
    const sample = madeUpSample({ customers: 600, seed: 1, question: { ...AMOUNT, outcome: 'revenue' } });
    const pounds = { ...sample, target: sample.target.map((pence) => pence / 100) };
    for (const loss of ['tweedie', 'squared', 'huber', 'absolute']) {
      const [inPence, inPounds] = [
        await boost(sample, { ...FAST, loss }),
        await boost(pounds, { ...FAST, loss }),
      ];
      const [a, b] = [await inPence.predict(sample.frame), await inPounds.predict(sample.frame)];
      a.forEach((pence, row) => {
        expect(Math.abs(pence - 100 * b[row])).toBeLessThanOrEqual(1e-3 * (1 + Math.abs(pence)));
      });
    }
  });

  it('meet the training total on the log scale, refunds included', async () => {
    const sample = madeUpSample({ customers: 800, seed: 4, question: { ...AMOUNT, outcome: 'revenue' } });
    const refunded = { ...sample, target: sample.target.map((y, row) => (row % 50 === 0 ? -300 : y)) };
    const model = await boost(refunded, FAST);
    expect(model.link).toBe('log');
    const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
    const reached = total(await model.predict(sample.frame));
    expect(Math.abs(reached / total(refunded.target) - 1)).toBeLessThan(1e-9);
  });

  it.each<Settings>([{ rowShare: 0.5 }, { rowShare: 0.5, rowEvery: 5 }, { gossTop: 0.2, gossOther: 0.2 }])(
    'learn from a part of the rows nearly as much: %o',
    async (sampling) => {
      const [train, test] = [waves(1000, 1), waves(1000, 2)];
      const lost = async (settings: Settings) =>
        meanSquare(await (await boost(train, { ...FAST, ...settings })).predict(test.frame), test.target);
      const [all, part] = [await lost({}), await lost(sampling)];
      expect(part).not.toBe(all);
      expect(part).toBeLessThan(1.4 * all);
    },
  );

  it.each(['squared', 'quantile', 'huber'])(
    'never fall along a column they may not fall along: %s',
    async (loss) => {
      const sample = waves(800, 1);
      const model = await boost(sample, { ...FAST, loss, quantile: 0.7, monotone: 'a=1, b=-1' });
      const grid = Float64Array.from({ length: 200 }, (_, i) => (i - 100) / 25);
      for (let row = 0; row < 20; row++) {
        const held = takeRows(sample.frame, new Int32Array(grid.length).fill(row));
        for (const [column, sign] of [
          ['a', 1],
          ['b', -1],
        ] as const) {
          const along = await model.predict(withColumn(held, numbers(column, grid)));
          for (let i = 1; i < along.length; i++)
            expect(sign * (along[i] - along[i - 1])).toBeGreaterThanOrEqual(-1e-9);
        }
      }
    },
  );

  it('put every leaf at the quantile of its rows', async () => {
    const sample = waves(600, 1);
    const model = await boost(sample, {
      ...FAST,
      trees: 1,
      learningRate: 1,
      loss: 'quantile',
      quantile: 0.7,
    });
    const predicted = await model.predict(sample.frame);
    const leaves = new Set(predicted);
    expect(leaves.size).toBeGreaterThan(2);
    for (const value of leaves) {
      const own = sample.target.filter((_, row) => predicted[row] === value);
      const atMost = own.filter((y) => y <= value + 1e-9).length;
      // The smallest value with .7 of the rows at or below it: one row fewer would be too few.
      expect(atMost / own.length).toBeGreaterThanOrEqual(0.7 - 1e-9);
      expect((atMost - 1) / own.length).toBeLessThan(0.7);
    }
  });

  it('let no two columns meet that may not', async () => {
    const sample = waves(800, 1);
    const c = (sample.frame.columns[2] as NumberColumn).values;
    const product = { ...sample, target: sample.target.map((y, row) => (y + 2) * c[row]) };
    const { forest } = savedGbdt((await boost(product, { ...FAST, interactions: 'a, b; c' })).save());
    const alone = forest.inputs.findIndex((input) => input.name === 'c');
    let cuts = 0;
    for (let t = 0; t < treeCount(forest); t++) {
      const own = new Set(forest.feature.subarray(forest.treeStart[t], forest.treeStart[t + 1]));
      cuts += Number(own.has(alone));
      // The root of a tree that cuts c is c: below it nothing else may stand.
      if (own.has(alone)) expect([...own].sort()).toEqual([-1, alone]);
    }
    expect(cuts).toBeGreaterThan(0);
  });

  it('count an outcome as often as its class weighs', async () => {
    const sample = madeUpSample({ customers: 600, seed: 1, question: BUYS });
    // At the least loss weighted errors cancel out: the weighted mean of predictions is that of outcomes.
    const balance = async (settings: Settings, weigh: number) => {
      const predicted = await (await boost(sample, { ...FAST, ...settings })).predict(sample.frame);
      const weight = sample.target.map((y) => (y === 1 ? weigh : 1));
      return weightedMean(predicted, weight) - weightedMean(sample.target, weight);
    };
    expect(Math.abs(await balance({}, 1))).toBeLessThan(0.01);
    expect(Math.abs(await balance({ classWeights: '1, 5' }, 5))).toBeLessThan(0.01);
    expect(Math.abs(await balance({ classWeights: '1, 5' }, 1))).toBeGreaterThan(0.05);
  });

  it('draw a band that holds nine in ten of what it learned from, its low end below its high', async () => {
    const sample = waves(1500, 1, 1);
    const model = await boost(sample, { ...FAST, band: true });
    const test = waves(1500, 2, 1);
    const { low, high, level } = await model.band!(test.frame);
    let inside = 0;
    test.target.forEach((y, row) => {
      expect(low[row]).toBeLessThanOrEqual(high[row]);
      inside += Number(y >= low[row] && y <= high[row]);
    });
    expect(level).toBe(0.9);
    // Not yet calibrated: what was learned from is held a little better than what was not.
    expect(inside / test.target.length).toBeGreaterThan(0.8);
    expect(inside / test.target.length).toBeLessThan(0.95);
    expect((await boost(sample, FAST)).band).toBeUndefined();
    const spend = madeUpSample({ customers: 300, seed: 1, question: { ...AMOUNT, outcome: 'revenue' } });
    expect((await boost(spend, FAST)).band).toBeDefined();
    expect((await boost(spend, { ...FAST, band: false })).band).toBeUndefined();
  });
});

describe('boosting on from an earlier model', () => {
  it.each([
    BUYS,
    { ...AMOUNT, outcome: 'revenue' as const },
    { ...BUYS, kind: 'classes' as const, classes: 3 },
  ])('keeps its trees, adds new ones and loses less on what is new: $kind', async (question) => {
    const [old, fresh] = [1, 2].map((seed) => madeUpSample({ customers: 500, seed, question }));
    const earlier = await boost(old, { ...FAST, trees: 10 });
    const later = await fitModel(
      continueFrom(earlier.save(), { trees: 30, patience: 0 }),
      fresh,
      undefined,
      RUN,
    );
    const [before, after] = [savedGbdt(earlier.save()).forest, savedGbdt(later.save()).forest];
    const classes = question.kind === 'classes' ? 3 : 1;
    expect(treeCount(after)).toBe(treeCount(before) + 30 * classes);
    expect(after.inputs).toEqual(before.inputs);
    const shared = before.feature.length;
    expect(after.value.slice(0, shared)).toEqual(before.value);
    expect(after.threshold.slice(0, shared)).toEqual(before.threshold);
    const lost = async (model: typeof earlier) => {
      const predicted = await model.predict(fresh.frame);
      return fresh.target.reduce((sum, y, row) => {
        if (question.kind === 'classes') return sum - Math.log(predicted[row * 3 + y]);
        return (
          sum +
          (question.kind === 'amount'
            ? (predicted[row] - y) ** 2
            : -Math.log(Math.abs(1 - y - predicted[row])))
        );
      }, 0);
    };
    expect(await lost(later)).toBeLessThan(await lost(earlier));
  });

  it('answers as before when no tree is added, sets of levels and all', async () => {
    const sample = madeUpSample({ customers: 500, seed: 1, question: BUYS });
    const earlier = await boost(sample, { ...FAST, leaves: 16, minRows: 5, categoryRidge: 0 });
    const cutsOfSets = savedGbdt(earlier.save()).forest.setStart.filter((start) => start >= 0);
    expect(cutsOfSets.length).toBeGreaterThan(3);
    const later = await fitModel(continueFrom(earlier.save(), { trees: 0 }), sample, undefined, RUN);
    expect(await later.predict(sample.frame)).toEqual(await earlier.predict(sample.frame));
    expect(later.save().arrays).toEqual(earlier.save().arrays);
  });

  it('refuses another question', async () => {
    const earlier = await boost(madeUpSample({ customers: 200, seed: 1, question: BUYS }), {
      ...FAST,
      trees: 2,
    });
    const other = fitModel(continueFrom(earlier.save()), waves(100, 1), undefined, RUN);
    await expect(other).rejects.toThrow(/"binary"/);
  });
});

describe('what boosted trees may be told', () => {
  it.each([
    [{ leaf: 3 }, /expected settings of "gbdt" \(.*leaves.*got "leaf"/],
    [{ leaves: 1 }, /"leaves": expected a whole number from 2/],
    [{ leaves: 2.5 }, /"leaves"/],
    [{ learningRate: 'fast' }, /"learningRate"/],
    [{ quantile: 1 }, /"quantile": expected a number between 0 and 1/],
    [{ loss: 'hinge' }, /"loss": expected one of logistic/],
    [{ monotone: 'price=2' }, /"monotone"/],
    [{ classWeights: '1, -3' }, /"classWeights"/],
    [{ band: 'yes' }, /"band"/],
    [{ gossTop: 0.8, gossOther: 0.5 }, /gossTop/],
  ])('does not take %o', (settings, message) => {
    const telling = () => gbdt.withSettings!(settings as Settings);
    expect(telling).toThrow(message);
    expect(telling).toThrow(AppError);
  });

  it.each([
    [{ loss: 'logistic' }, /kind "amount"/],
    [{ monotone: 'price=1' }, /"price"/],
    [{ interactions: 'a, price' }, /"price"/],
    [{ classWeights: '1, 2' }, /no class weights/],
    [{ loss: 'tweedie' }, /0 or more/],
  ])('does not fit what it is told: %o', async (settings, message) => {
    await expect(boost(waves(100, 1), settings as Settings)).rejects.toThrow(message);
  });

  it('is what it was told, thing after thing, and its space can be told back', async () => {
    const told = gbdt.withSettings!({ leaves: 5 }).withSettings!({ ridge: 7 });
    expect(told.settings!(1000)).toMatchObject({ leaves: 5, ridge: 7, rowShare: 1 });
    expect(Object.keys(told.settings!(1000)).sort()).toEqual(Object.keys(gbdt.space!).sort());
    expect(gbdt.withSettings!(told.settings!(1000)).settings!(1000)).toEqual(told.settings!(1000));
    expect(told.id).toBe('gbdt');
  });
});

describe('a saved boosted model', () => {
  const spoilt = {
    'a child outside its tree': { key: 'left', at: 0, value: 1e6 },
    'a cut of a column it does not read': { key: 'feature', at: 0, value: 99 },
    'a leaf that is not finite': { key: 'value', at: -1, value: Number.NaN },
    'trees that do not cover its nodes': { key: 'treeStart', at: 1, value: 1e6 },
    'bins that overlap': { key: 'edgeStart', at: 1, value: 1e6 },
  } as const;

  it.each(Object.entries(spoilt))('is not believed with %s', async (_what, spoil) => {
    const saved = (await boost(waves(200, 1), { ...FAST, trees: 3 })).save();
    const { key, at, value } = spoil;
    const array = saved.arrays![key].slice();
    array[at < 0 ? array.length + at : at] = value;
    expect(() => gbdt.load({ ...saved, arrays: { ...saved.arrays, [key]: array } })).toThrow(AppError);
  });

  it('needs all its arrays', async () => {
    const saved = (await boost(waves(200, 1), { ...FAST, trees: 3 })).save();
    for (const key of Object.keys(saved.arrays!)) {
      const { [key]: _gone, ...arrays } = saved.arrays!;
      expect(() => gbdt.load({ ...saved, arrays })).toThrow(/train it again/);
    }
  });
});
