import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import type { Question } from '../estimator.ts';
import { selectGreedily } from './greedy.ts';
import { mixOpinions } from './mixing.ts';
import type { Opinions } from './weights.ts';

const BUYS: Question = { kind: 'binary', outcome: 'buys', horizonDays: 30, discountPerYear: 0 };
const SPEND: Question = { kind: 'amount', outcome: 'revenue', horizonDays: 30, discountPerYear: 0 };
const PLACES: Question = {
  kind: 'classes',
  outcome: 'other',
  horizonDays: 30,
  discountPerYear: 0,
  classes: 3,
};

const even = (rows: number) => new Float64Array(rows).fill(1);

/** Members that see the truth through noise of their own, and members that only guess. */
function noisyViews(rows: number, noises: readonly number[], seed: number): Opinions {
  const draw = random(seed);
  const truth = Float64Array.from({ length: rows }, () => draw.normal(0, 2));
  const target = truth.map((margin) => Number(draw.uniform() < 1 / (1 + Math.exp(-margin))));
  const members = noises.map((noise) => truth.map((margin) => margin + draw.normal(0, noise)));
  return { members, target, weight: even(rows) };
}

const logLoss = (p: Float64Array, target: Float64Array) =>
  p.reduce((sum, own, i) => sum - Math.log(target[i] === 1 ? own : 1 - own), 0) / p.length;

describe('greedy selection', () => {
  it('picks those who know, shares weight among equals and drops the guesser', async () => {
    const opinions = noisyViews(4000, [0.8, 0.8, 4], 1);
    const { weights, intercept } = await selectGreedily(opinions, {
      question: BUYS,
      loss: 'log_loss',
      seed: 1,
    });
    expect(intercept).toBe(0);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
    expect(weights[0]).toBeGreaterThan(0.25);
    expect(weights[1]).toBeGreaterThan(0.25);
    expect(weights[2]).toBeLessThan(0.2);
  });

  it('predicts new rows better than its best member', async () => {
    const noises = [0.9, 1, 1.1, 2.5];
    const { weights, intercept } = await selectGreedily(noisyViews(3000, noises, 2), {
      question: BUYS,
      loss: 'log_loss',
      seed: 2,
    });
    const fresh = noisyViews(3000, noises, 3);
    const together = mixOpinions({ weights, intercept }, fresh.members, BUYS);
    const alone = fresh.members.map((_, k) =>
      logLoss(
        mixOpinions({ intercept: 0, weights: noises.map((_n, j) => Number(j === k)) }, fresh.members, BUYS),
        fresh.target,
      ),
    );
    expect(logLoss(together, fresh.target)).toBeLessThan(Math.min(...alone) - 0.005);
  });

  it('follows the loss it is given: the median for absolute error, the mean for squares', async () => {
    const draw = random(4);
    const target = Float64Array.from({ length: 3000 }, () => Math.exp(draw.normal(0, 1.5)));
    const members = [new Float64Array(3000).fill(1), new Float64Array(3000).fill(Math.exp(1.125))];
    const pickBy = (loss: 'absolute' | 'squared') =>
      selectGreedily({ members, target, weight: even(3000) }, { question: SPEND, loss, seed: 1 });
    expect((await pickBy('absolute')).weights[0]).toBeGreaterThan(0.9);
    expect((await pickBy('squared')).weights[1]).toBeGreaterThan(0.6);
  });

  it('chooses among opinions about several classes', async () => {
    const draw = random(5);
    const rows = 1500;
    const knows = Float64Array.from({ length: rows * 3 }, () => draw.normal(0, 1.5));
    const guesses = Float64Array.from({ length: rows * 3 }, () => draw.normal(0, 1.5));
    const target = Float64Array.from({ length: rows }, (_, row) =>
      draw.choice(knows.subarray(3 * row, 3 * row + 3).map(Math.exp)),
    );
    const { weights } = await selectGreedily(
      { members: [guesses, knows], target, weight: even(rows) },
      { question: PLACES, loss: 'log_loss', seed: 1 },
    );
    expect(weights[1]).toBeGreaterThan(0.8);
  });

  it('selects the same for the same seed, and on part of very many rows', async () => {
    const opinions = noisyViews(25_000, [1, 1, 3], 6);
    const options = { question: BUYS, loss: 'log_loss', seed: 9 } as const;
    const [first, second] = [
      await selectGreedily(opinions, options),
      await selectGreedily(opinions, options),
    ];
    expect(second).toEqual(first);
    expect(first.weights[2]).toBeLessThan(0.25);
  });
});
