// What outcomes may teach: the shape of errors fully, their level as far as it should last.
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { logit, sigmoid } from '../link.ts';
import {
  amountLevel,
  type Belief,
  correctedMargin,
  fitCorrection,
  levelShare,
  periodsOf,
} from './correction.ts';

const ONE_PERIOD = (rows: number) => periodsOf(new Float64Array(rows).fill(1), 60);

function drawBeliefs(rows: number, seed: number): Belief[] {
  const draw = random(seed);
  return Array.from({ length: rows }, () => {
    const alive = draw.beta(2, 1);
    const rate = draw.gamma(1, 1);
    return {
      alive,
      buys: alive * -Math.expm1(-rate),
      purchases: alive * rate,
      silence: 30 * draw.uniform(),
    };
  });
}

const outcomes = (beliefs: readonly Belief[], seed: number, margin: (belief: Belief) => number) => {
  const draw = random(seed);
  return Float64Array.from(beliefs, (belief) => Number(draw.uniform() < sigmoid(margin(belief))));
};

const learn = (beliefs: readonly Belief[], bought: Float64Array, periods = ONE_PERIOD(beliefs.length)) =>
  fitCorrection(beliefs, bought, { weight: new Float64Array(beliefs.length).fill(1), periods });

const gap = (beliefs: readonly Belief[], of: (belief: Belief) => number, truth: (belief: Belief) => number) =>
  beliefs.reduce((sum, belief) => sum + Math.abs(sigmoid(of(belief)) - sigmoid(truth(belief))), 0) /
  beliefs.length;

describe('fitCorrection', () => {
  it('leaves a model that is right nearly as it is', async () => {
    const beliefs = drawBeliefs(4000, 1);
    const truth = (belief: Belief) => logit(belief.buys);
    const correction = await learn(beliefs, outcomes(beliefs, 2, truth));
    expect(gap(beliefs, (belief) => correctedMargin(belief, correction), truth)).toBeLessThan(0.02);
  });

  it('unburies regulars a model buries too early', async () => {
    const beliefs = drawBeliefs(4000, 3);
    const truth = (belief: Belief) => logit(belief.buys) - 0.8 * (Math.log(belief.alive) + 0.5);
    const correction = await learn(beliefs, outcomes(beliefs, 4, truth));
    const corrected = gap(beliefs, (belief) => correctedMargin(belief, correction), truth);
    expect(corrected).toBeLessThan(0.4 * gap(beliefs, (belief) => logit(belief.buys), truth));
  });

  it('keeps less of a level seen once than of one seen again and again', async () => {
    const beliefs = drawBeliefs(4000, 5);
    const bought = outcomes(beliefs, 6, (belief) => logit(belief.buys) + 0.6);
    const once = await learn(beliefs, bought);
    const often = await learn(
      beliefs,
      bought,
      periodsOf(
        Float64Array.from(beliefs, (_, i) => i % 6),
        60,
      ),
    );
    expect(once.level).toBeGreaterThan(0.15);
    expect(once.level).toBeLessThan(0.3);
    expect(often.level).toBeGreaterThan(once.level + 0.1);
    expect(often.level).toBeLessThan(0.6);
  });

  it('does not move on no examples, and little on one', async () => {
    expect(await learn([], new Float64Array(0))).toEqual({
      weights: [0, 0, 0, 0],
      means: [0, 0, 0, 0],
      level: 0,
    });
    const [belief] = drawBeliefs(1, 7);
    const correction = await learn([belief], Float64Array.of(1));
    expect(Math.abs(correctedMargin(belief, correction) - logit(belief.buys))).toBeLessThan(0.2);
  });
});

describe('levels', () => {
  it('of a year last more than those of a month', () => {
    expect(levelShare({ effective: 1, horizonDays: 30 }, 0)).toBeCloseTo(0.04 / 0.1025, 10);
    expect(levelShare({ effective: 1, horizonDays: 364 }, 0)).toBeCloseTo(0.04 / 0.055625, 10);
    expect(levelShare({ effective: 3, horizonDays: 30 }, 0)).toBeGreaterThan(0.6);
    expect(levelShare({ effective: 1, horizonDays: 30 }, 100)).toBeLessThan(0.001);
  });

  it('count recent periods double', () => {
    const { recency, effective } = periodsOf(Float64Array.of(10, 30, 20, 30), 30);
    expect([...recency]).toEqual([0.25, 1, 0.5, 1]);
    expect(effective).toBeCloseTo(1.75 ** 2 / 1.3125, 12);
  });

  it('of amounts move by the lasting share of the ratio, and stay where nothing can be learned', () => {
    const rows = 10_000;
    const predicted = new Float64Array(rows).fill(100);
    const weight = new Float64Array(rows).fill(1);
    const actual = predicted.map((_, i) => (i % 2 === 0 ? 160 : 0));
    const level = amountLevel(predicted, actual, { weight, periods: ONE_PERIOD(rows) });
    expect(Math.log(level) / Math.log(0.8)).toBeCloseTo(0.04 / (0.04 + 0.0625 + 1e-4), 3);
    const none = new Float64Array(rows);
    expect(amountLevel(predicted, none, { weight, periods: ONE_PERIOD(rows) })).toBe(1);
    expect(amountLevel(none, actual, { weight, periods: ONE_PERIOD(rows) })).toBe(1);
  });
});
