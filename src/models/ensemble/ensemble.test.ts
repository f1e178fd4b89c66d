import { describe, expect, it } from 'vitest';
import { silent } from '../../core/progress.ts';
import { random } from '../../core/random.ts';
import { ensemble, estimatorById, fitModel, loadModel } from '../catalogue.ts';
import type { FitRun, Question } from '../estimator.ts';
import { madeUpSample } from '../made-up-sample.ts';
import { mixAmounts, mixClasses, mixProbabilities } from './weights.ts';

const RUN: FitRun = { seed: 3, threads: 1, progress: silent };
const BUYS: Question = { kind: 'binary', outcome: 'buys', horizonDays: 45, discountPerYear: 0 };
const REVENUE: Question = { kind: 'amount', outcome: 'revenue', horizonDays: 45, discountPerYear: 0 };

describe('the mean', () => {
  it('of probabilities averages margins', async () => {
    const sample = madeUpSample({ customers: 400, seed: 1, question: BUYS });
    const [a, b] = [estimatorById('logistic'), estimatorById('tree')];
    const both = await fitModel(ensemble('mean', [a, b]), sample, undefined, RUN);
    const [first, second] = [
      await fitModel(a, sample, undefined, RUN),
      await fitModel(b, sample, undefined, RUN),
    ];
    const [m, m1, m2] = await Promise.all([both, first, second].map((model) => model.margin(sample.frame)));
    m.forEach((margin, row) => {
      expect(margin).toBeCloseTo((m1[row] + m2[row]) / 2, 12);
    });
  });

  it('of additive members explains itself exactly, also after loading', async () => {
    const sample = madeUpSample({ customers: 400, seed: 1, question: BUYS });
    const members = [estimatorById('logistic'), estimatorById('tree')];
    const model = loadModel((await fitModel(ensemble('mean', members), sample, undefined, RUN)).save());
    const { features, base, values } = await model.attribute!(sample.frame);
    const margin = await model.margin(sample.frame);
    margin.forEach((expected, row) => {
      let sum = base;
      for (let j = 0; j < features.length; j++) sum += values[row * features.length + j];
      expect(Math.abs(sum - expected)).toBeLessThan(1e-9);
    });
  });

  it('of amounts averages amounts', async () => {
    const sample = madeUpSample({ customers: 400, seed: 1, question: REVENUE });
    const [a, b] = [estimatorById('tweedie'), estimatorById('tree')];
    const both = await fitModel(ensemble('mean', [a, b]), sample, undefined, RUN);
    const [first, second] = [
      await fitModel(a, sample, undefined, RUN),
      await fitModel(b, sample, undefined, RUN),
    ];
    const [p, p1, p2] = await Promise.all([both, first, second].map((model) => model.predict(sample.frame)));
    p.forEach((amount, row) => {
      expect(amount).toBeCloseTo((p1[row] + p2[row]) / 2, 6);
    });
  });

  it('goes on without a member that refuses the question', async () => {
    const sample = madeUpSample({ customers: 300, seed: 1, question: REVENUE });
    const estimator = ensemble('mean', [estimatorById('logistic'), estimatorById('tweedie')]);
    const model = await fitModel(estimator, sample, undefined, RUN);
    const alone = await fitModel(estimatorById('tweedie'), sample, undefined, RUN);
    const [together, own] = [await model.predict(sample.frame), await alone.predict(sample.frame)];
    together.forEach((amount, row) => {
      expect(amount).toBeCloseTo(own[row], 8);
    });
    expect(ensemble('mean', [estimatorById('logistic')]).refuses(REVENUE, sample.frame)).toMatch(
      /none of its members/,
    );
  });
});

describe('a stack', () => {
  it('listens to the member that knows and not to the one that guesses', async () => {
    const draw = random(5);
    const truth = Float64Array.from({ length: 3000 }, () => draw.normal(0, 1.5));
    const guess = Float64Array.from({ length: 3000 }, () => draw.normal(0, 1.5));
    const target = truth.map((margin) => Number(draw.uniform() < 1 / (1 + Math.exp(-margin))));
    const weight = new Float64Array(3000).fill(1);
    const { weights, intercept } = await mixProbabilities({ members: [truth, guess], target, weight });
    expect(weights[0]).toBeGreaterThan(0.85);
    expect(weights[0]).toBeLessThan(1.15);
    expect(weights[1]).toBeLessThan(0.08);
    expect(Math.abs(intercept)).toBeLessThan(0.12);
  });

  it('never gives a contrary member a weight below zero', async () => {
    const draw = random(6);
    const truth = Float64Array.from({ length: 1000 }, () => draw.normal());
    const target = truth.map((margin) => Number(draw.uniform() < 1 / (1 + Math.exp(-margin))));
    const opinions = {
      members: [truth, truth.map((m) => -m)],
      target,
      weight: new Float64Array(1000).fill(1),
    };
    for (const weight of (await mixProbabilities(opinions)).weights) expect(weight).toBeGreaterThanOrEqual(0);
  });

  it('of amounts finds the scale and the right member, and meets the total', async () => {
    const draw = random(7);
    const truth = Float64Array.from({ length: 4000 }, () => Math.exp(draw.normal(8, 1)));
    const guess = Float64Array.from({ length: 4000 }, () => Math.exp(draw.normal(8, 1)));
    const target = truth.map((mean) => (draw.uniform() < 0.5 ? 0 : draw.gamma(2, 2 / (2 * mean))));
    const weight = new Float64Array(4000).fill(1);
    const { weights } = await mixAmounts({ members: [truth, guess], target, weight });
    expect(weights[0]).toBeGreaterThan(0.8);
    expect(weights[1]).toBeLessThan(0.15);
    let total = 0;
    let reached = 0;
    target.forEach((y, i) => {
      total += y;
      reached += weights[0] * truth[i] + weights[1] * guess[i];
    });
    expect(reached / total).toBeCloseTo(1, 9);
  });

  it('of several classes listens to the member that knows, as loudly as it deserves', async () => {
    const draw = random(8);
    const rows = 3000;
    const truth = Float64Array.from({ length: rows * 4 }, () => draw.normal(0, 1.5));
    const guess = Float64Array.from({ length: rows * 4 }, () => draw.normal(0, 1.5));
    const target = Float64Array.from({ length: rows }, (_, row) =>
      draw.choice(truth.subarray(4 * row, 4 * row + 4).map(Math.exp)),
    );
    const opinions = {
      members: [guess, truth.map((m) => 2 * m)],
      target,
      weight: new Float64Array(rows).fill(1),
    };
    const { weights } = await mixClasses(opinions);
    expect(weights[0]).toBeLessThan(0.08);
    // Twice as sure as it should be: half as loud.
    expect(weights[1]).toBeGreaterThan(0.44);
    expect(weights[1]).toBeLessThan(0.56);
  });
});
