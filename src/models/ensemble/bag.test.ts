import { describe, expect, it } from 'vitest';
import { type ProgressStep, silent } from '../../core/progress.ts';
import { bagged, estimatorById, fitModel, loadModel } from '../catalogue.ts';
import { foldsOf } from '../cross-fit.ts';
import type { FitRun, Question, SavedModel } from '../estimator.ts';
import { madeUpSample } from '../made-up-sample.ts';
import { foldRows, takeSample } from '../sample.ts';

const RUN: FitRun = { seed: 3, threads: 1, progress: silent };
const BUYS: Question = { kind: 'binary', outcome: 'buys', horizonDays: 45, discountPerYear: 0 };
const REVENUE: Question = { kind: 'amount', outcome: 'revenue', horizonDays: 45, discountPerYear: 0 };
const buyers = madeUpSample({ customers: 400, seed: 1, question: BUYS });
const spenders = madeUpSample({ customers: 400, seed: 1, question: REVENUE });
const tree = estimatorById('tree');

const bytesOf = ({ arrays = {}, ...rest }: SavedModel) =>
  JSON.stringify([rest, Object.entries(arrays).map(([key, array]) => [key, [...array]])]);

describe('a bag', () => {
  it('answers with the mean margin of fits that each leave out some customers', async () => {
    const model = await fitModel(bagged(tree, { bags: 3, kind: 'folds' }), buyers, undefined, RUN);
    const folds = foldsOf(buyers.entities, 3, RUN.seed);
    const margins: Float64Array[] = [];
    for (const fold of [0, 1, 2]) {
      const { inside, outside } = foldRows(folds.of, fold);
      const own = await tree.fit(takeSample(buyers, outside), takeSample(buyers, inside), RUN);
      margins.push(await own.margin(buyers.frame));
    }
    (await model.margin(buyers.frame)).forEach((margin, row) => {
      expect(margin).toBeCloseTo((margins[0][row] + margins[1][row] + margins[2][row]) / 3, 9);
    });
  });

  it('gives unseen predictions of everybody: those of the one fit that left them out', async () => {
    const folds = foldsOf(buyers.entities, 3, RUN.seed);
    const crossed = await bagged(tree, { bags: 3, kind: 'folds' }).fitOverFolds(buyers, folds, RUN);
    expect(crossed.models).toHaveLength(3);
    for (const fold of [0, 1, 2]) {
      const { inside } = foldRows(folds.of, fold);
      const own = await crossed.models[fold].predict(buyers.frame);
      for (const row of inside) expect(crossed.unseen[row]).toBe(own[row]);
    }
  });

  it('saves and loads, keeps bytes whatever the order of rows, and explains itself exactly', async () => {
    const estimator = estimatorById('tree:bagged');
    const model = await fitModel(estimator, buyers, undefined, RUN);
    const rows = Array.from(buyers.entities.keys()).reverse();
    const again = await fitModel(estimator, takeSample(buyers, rows), undefined, RUN);
    expect(bytesOf(again.save())).toBe(bytesOf(model.save()));
    const loaded = loadModel(model.save());
    expect(loaded.estimator).toBe('tree:bagged');
    const margin = await model.margin(buyers.frame);
    expect(await loaded.margin(buyers.frame)).toEqual(margin);
    const { features, base, values } = await loaded.attribute!(buyers.frame);
    for (let row = 0; row < 50; row++) {
      const own = values.subarray(row * features.length, (row + 1) * features.length);
      expect(own.reduce((sum, value) => sum + value, base)).toBeCloseTo(margin[row], 9);
    }
  });

  it('of a model with a log link keeps the link and the total', async () => {
    const tweedie = estimatorById('tweedie');
    const model = await fitModel(bagged(tweedie, { bags: 3, kind: 'folds' }), spenders, undefined, RUN);
    expect(model.link).toBe('log');
    expect(model.attribute).toBeDefined();
    const said = await model.predict(spenders.frame);
    const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
    // Each member meets the total of its own two thirds; together they come within a few percent of all.
    expect(Math.abs(total(said) / total(spenders.target) - 1)).toBeLessThan(0.05);
  });

  it('over seeds asks the same thing again: of an estimator that draws nothing, nothing changes', async () => {
    const rate = estimatorById('rate');
    const [alone, model] = await Promise.all([
      fitModel(rate, spenders, undefined, RUN),
      fitModel(bagged(rate, { bags: 4, kind: 'seeds' }), spenders, undefined, RUN),
    ]);
    const [one, several] = [await alone.predict(spenders.frame), await model.predict(spenders.frame)];
    for (let row = 0; row < 20; row++) expect(several[row]).toBeCloseTo(one[row], 6);
  });

  it('stops when told to and tells its steps', async () => {
    const stop = new AbortController();
    setImmediate(() => stop.abort());
    const run = { ...RUN, signal: stop.signal };
    await expect(fitModel(bagged(tree), buyers, undefined, run)).rejects.toThrow(/interrupted/);
    const steps: ProgressStep[] = [];
    await fitModel(bagged(tree, { bags: 2, kind: 'folds' }), buyers, undefined, {
      ...RUN,
      progress: { step: (step) => steps.push(step), note() {} },
    });
    expect(steps.map(({ done }) => done)).toEqual([1, 2]);
    expect(steps[0].task).toBe('tree:bagged');
  });

  it('takes settings for what is inside', () => {
    const told = bagged(tree).withSettings?.({ maxDepth: 3 });
    expect(told?.id).toBe('tree:bagged');
    expect(told?.settings?.(100).maxDepth).toBe(3);
    expect(() => bagged(tree).withSettings?.({ depht: 3 })).toThrow(/maxDepth/);
  });
});
