import { expect, test } from 'vitest';
import { random } from '../core/random.ts';
import { estimatorById } from '../models/catalogue.ts';
import type { Model, Question, Sample } from '../models/estimator.ts';
import { madeUpSample } from '../models/made-up-sample.ts';
import { AMOUNT_METRICS_ORDER, PROBABILITY_METRICS } from '../tasks/recipes.ts';
import { rankTrials } from './choose.ts';
import type { Trial } from './trials.ts';

const BUYS: Question = { kind: 'binary', outcome: 'buys', horizonDays: 60, discountPerYear: 0 };
const REVENUE: Question = { kind: 'amount', outcome: 'revenue', horizonDays: 60, discountPerYear: 0 };

/** A trial that said this; its model is never asked. */
const said = (id: string, onCalibration: Float64Array): Trial => ({
  estimator: estimatorById(id),
  model: { estimator: id } as Model,
  onCalibration,
  fitSeconds: 0,
  totalSeconds: 0,
  predictMs: 0,
});

/** Too sure by half, and never right about more than the truth allows. */
function overconfident(rows: number): { sample: Sample; raw: Float64Array } {
  const draw = random(3);
  const margins = Float64Array.from({ length: rows }, () => draw.normal(0, 1.2));
  const sample = madeUpSample({ customers: rows, seed: 1, question: BUYS });
  const target = margins.map((margin) => Number(draw.uniform() < 1 / (1 + Math.exp(-margin))));
  return { sample: { ...sample, target }, raw: margins.map((margin) => 1 / (1 + Math.exp(-2 * margin))) };
}

const logLoss = (p: Float64Array, target: Float64Array) =>
  p.reduce((sum, own, i) => sum - Math.log(target[i] === 1 ? own : 1 - own), 0) / p.length;

test('a customer’s own outcome does not move how their answer is corrected', () => {
  const { sample, raw } = overconfident(600);
  const rank = (target: Float64Array) =>
    rankTrials([said('logistic', raw)], { ...sample, target }, { metrics: PROBABILITY_METRICS, seed: 1 })[0];
  const before = rank(sample.target);
  const moved: boolean[] = [];
  for (const row of [0, 100, 200, 300]) {
    const flipped = rank(sample.target.map((y, i) => (i === row ? 1 - y : y)));
    expect(flipped.corrected[row]).toBe(before.corrected[row]);
    moved.push(flipped.corrected.some((p, i) => p !== before.corrected[i]));
  }
  // It does move what others get, unless the same correction would have been learned anyway.
  expect(moved).toContain(true);
});

test('answers that are too sure are measured after correction, and the metric is that of the corrected ones', () => {
  const { sample, raw } = overconfident(600);
  const [ranked] = rankTrials([said('logistic', raw)], sample, { metrics: PROBABILITY_METRICS, seed: 1 });
  expect(ranked.values.log_loss).toBeCloseTo(logLoss(ranked.corrected, sample.target), 6);
  expect(ranked.values.log_loss).toBeLessThan(logLoss(raw, sample.target) - 0.02);
});

test('amounts at the wrong level are compared at the right one, and who was ranked is not ranked again', () => {
  const sample = madeUpSample({ customers: 500, seed: 2, question: REVENUE });
  const near = sample.target.map((y) => 0.5 * y + 500);
  const trials = [
    said(
      'linear',
      near.map((y) => 10 * y),
    ),
    said(
      'tweedie',
      near.map(() => 4000),
    ),
  ];
  const ranked = rankTrials(trials, sample, { metrics: AMOUNT_METRICS_ORDER, seed: 1 });
  expect(ranked.map(({ estimator }) => estimator.id)).toEqual(['linear', 'tweedie']);
  const again = rankTrials([...ranked].reverse(), sample, { metrics: AMOUNT_METRICS_ORDER, seed: 1 });
  expect(again[0]).toBe(ranked[0]);
});
