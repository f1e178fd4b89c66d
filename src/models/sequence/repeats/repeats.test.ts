// Coming back, learned: a true distribution, gradients by finite differences, a known rate recovered, and a base left alone.
import { describe, expect, it } from 'vitest';
import { silent } from '../../../core/progress.ts';
import { random } from '../../../core/random.ts';
import { type Sequences, takeSequences } from '../../../core/sequences.ts';
import type { FitRun } from '../../estimator.ts';
import { recommenderById } from '../catalogue.ts';
import { holdOutNewest, someCases } from '../held-out-cases.ts';
import { lastItemCases, madeUpSequences } from '../made-up-sequences.ts';
import { logSumExp } from '../softmax-row.ts';
import { choiceLoss, returnLoss } from './learn-returns.ts';
import { CHOICE_FEATURES, ownItemsOf, RETURN_FEATURES, returnLogits } from './own-items.ts';
import { mendScores, type Returns } from './returns.ts';
import { splitScores } from './split-scores.ts';

const RUN: FitRun = { seed: 1, threads: 1, progress: silent };
const AS_IT_IS: Returns = {
  temperature: 1,
  returnWeights: [0, 1, 0, 0, 0, 0],
  choiceWeights: [1, 0, 0, 0, 0],
};

const sequences = (lists: readonly (readonly number[])[], items = 5): Sequences => ({
  entities: lists.map((_, i) => `s${i}`),
  offsets: Uint32Array.from([0, ...lists.map((_, i) => lists.slice(0, i + 1).flat().length)]),
  items: Int32Array.from(lists.flat()),
  itemIds: Array.from({ length: items }, (_, i) => `item ${i}`),
});

const total = (scores: Float32Array): number => scores.reduce((sum, score) => sum + Math.exp(score), 0);

describe('own items', () => {
  it('are the distinct ones, latest first, with steps back and counts', () => {
    const own = ownItemsOf(Int32Array.of(3, 1, 3, 2));
    expect([...own.items]).toEqual([2, 3, 1]);
    expect([...own.back]).toEqual([1, 2, 3]);
    expect([...own.counts]).toEqual([1, 2, 1]);
    expect(own.events).toBe(4);
  });

  it('come back as often as they did: smoothed, against all items', () => {
    // Item 0: both of its occurrences that are not last have it again; 1 once of two chances; 2 never has a chance.
    const logits = returnLogits(
      sequences([
        [0, 1, 0, 1],
        [1, 0, 0, 2],
      ]),
    );
    // Chances: 0 ×4 (three followed by 0 again: 0→0, 0→0), 1 ×2 (one comes back).
    expect(logits[0]).toBeGreaterThan(-1);
    expect(logits[2]).toBe(0);
    expect(logits[4]).toBe(0);
    const rate = (2 + 1 + 1) / (6 + 2);
    const own = (1 + 20 * rate) / (2 + 20);
    expect(logits[1]).toBeCloseTo(Math.log(own / (1 - own)) - Math.log(rate / (1 - rate)), 5);
  });
});

describe('mended scores', () => {
  const row = Float32Array.of(1, 0.5, -1, 2, -0.5);

  it('are the base itself, normalised, at the weights learning starts from', () => {
    const scores = mendScores(row.slice(), sequences([[0, 3, 0]]), AS_IT_IS, new Float32Array(5));
    const sum = logSumExp(row, 1);
    scores.forEach((score, item) => {
      expect(score).toBeCloseTo(row[item] - sum, 5);
    });
  });

  it('are probabilities of all items, split as the weights say, whatever the temperature', () => {
    const weights = { ...AS_IT_IS, returnWeights: [Math.log(3), 0, 0, 0, 0, 0], temperature: 2 };
    const scores = mendScores(row.slice(), sequences([[0, 3, 0]]), weights, new Float32Array(5));
    expect(total(scores)).toBeCloseTo(1, 5);
    expect(Math.exp(scores[0]) + Math.exp(scores[3])).toBeCloseTo(0.75, 5);
    // Others keep their odds, at the temperature.
    expect(scores[1] - scores[2]).toBeCloseTo(1.5 / 2, 5);
  });

  it('leave never at never, and do without own items or without others', () => {
    const never = Float32Array.of(Number.NEGATIVE_INFINITY, 0, 0, Number.NEGATIVE_INFINITY, 1);
    for (const history of [[], [-1], [0], [0, 1], [0, 1, 2, 3, 4]]) {
      const scores = mendScores(never.slice(), sequences([history]), AS_IT_IS, new Float32Array(5));
      expect(scores.some(Number.isNaN)).toBe(false);
      expect([scores[0], scores[3]]).toEqual([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]);
      expect(total(scores)).toBeCloseTo(1, 5);
    }
  });

  it('come from a row that is given back as it was', () => {
    const taken = row.slice();
    const split = splitScores(taken, Int32Array.of(0, 3), 1);
    expect(taken).toEqual(row);
    expect(split.ownLogSum).toBeCloseTo(Math.log(Math.exp(1) + Math.exp(2)), 5);
    expect(split.othersLogSum).toBeCloseTo(Math.log(Math.exp(0.5) + Math.exp(-1) + Math.exp(-0.5)), 5);
  });
});

describe('what is learned of coming back', () => {
  const draw = random(3);
  const readings = Array.from({ length: 12 }, (_, i) => ({
    returned: i % 3 === 0,
    features: Float64Array.from({ length: RETURN_FEATURES }, () => draw.normal()),
    choice: {
      place: i % 2,
      features: Float64Array.from({ length: 3 * CHOICE_FEATURES }, () => draw.normal()),
    },
  }));

  it.each([
    ['whether', returnLoss, RETURN_FEATURES],
    ['which', choiceLoss, CHOICE_FEATURES],
  ] as const)('has exact gradients: %s', (_what, loss, size) => {
    const weights = Float64Array.from({ length: size }, () => draw.normal());
    const gradient = new Float64Array(size);
    loss(readings, weights, gradient);
    const step = 1e-5;
    for (let k = 0; k < size; k++) {
      const at = (shift: number): number =>
        loss(
          readings,
          weights.map((weight, i) => (i === k ? weight + shift : weight)),
          new Float64Array(size),
        );
      expect(gradient[k]).toBeCloseTo((at(step) - at(-step)) / (2 * step), 5);
    }
  });

  const shop = (seed: number, sessions: number) =>
    madeUpSequences({ sessions, items: 60, seed, signal: true, repeats: 0.4 });

  it('gives own items the probability they come with', async () => {
    const model = await recommenderById('markov:repeats').fit(shop(1, 1500), undefined, RUN);
    const test = lastItemCases(shop(2, 800));
    const scores = await model.score(test.before);
    let [expected, came] = [0, 0];
    test.targets.forEach((target, row) => {
      const { items, offsets } = test.before;
      const own = new Set(items.subarray(offsets[row], offsets[row + 1]));
      for (const item of own) expected += Math.exp(scores[row * 60 + item]);
      if (own.has(target)) came++;
    });
    // Within three standard errors of a share of 800.
    expect(Math.abs(expected - came) / 800).toBeLessThan(3 * Math.sqrt((0.5 * 0.5) / 800));
    expect(came / 800).toBeGreaterThan(0.3);
  });

  it('makes what came likelier than the base does', async () => {
    const test = lastItemCases(shop(4, 500));
    const surprise = async (id: string): Promise<number> => {
      const model = await recommenderById(id).fit(shop(3, 1000), undefined, RUN);
      const scores = await model.score(test.before);
      const logProbability = (target: number, row: number): number =>
        scores[row * 60 + target] - logSumExp(scores.subarray(row * 60, (row + 1) * 60), 1);
      return -test.targets.reduce((sum, target, row) => sum + logProbability(target, row), 0) / 500;
    };
    expect(await surprise('markov:repeats')).toBeLessThan((await surprise('markov')) - 0.3);
  });
});

describe('cases held out', () => {
  const train = madeUpSequences({ sessions: 50, items: 10, seed: 6, signal: true });

  it('are the newest sequences event by event, and the rest is left to learn from', () => {
    const { learn, cases } = holdOutNewest(train, 0.1, 1e6);
    expect(learn.entities).toEqual(train.entities.slice(0, 45));
    const events = train.offsets[50] - train.offsets[45];
    expect(cases.targets.length).toBe(events - 5);
    expect([...cases.before.items.subarray(0, cases.before.offsets[1])]).toEqual([
      train.items[train.offsets[45]],
    ]);
    expect(cases.targets[0]).toBe(train.items[train.offsets[45] + 1]);
    expect(holdOutNewest(train, 0.5, 7).cases.targets.length).toBe(7);
  });

  it('are thinned alike in whatever order they come', () => {
    const cases = lastItemCases(train);
    const backwards = Int32Array.from({ length: 50 }, (_, i) => 49 - i);
    const turned = {
      before: takeSequences(cases.before, backwards),
      targets: cases.targets.slice().reverse(),
    };
    expect(someCases(turned, 20)).toEqual(someCases(cases, 20));
    expect(someCases(cases, 20).targets.length).toBe(20);
  });
});
