// Venn–Abers pairs: equal to refitting for every question, valid in the long run, small on disk.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { poolAdjacent } from './isotonic.ts';
import { fitVennAbers, mergePairs, type VennAbers, vennAbersInterval, vennAbersPair } from './venn-abers.ts';

/** Isotonic regression refitted with the new point in it: what a Venn–Abers predictor is by definition. */
function refitted(rows: { actual: Float64Array; predicted: Float64Array }, score: number, label: number) {
  const scores = [...rows.predicted, score];
  const labels = [...rows.actual, label];
  const groups = [...new Set(scores)].sort((a, b) => a - b);
  const members = groups.map((own) => labels.filter((_, i) => scores[i] === own));
  const means = members.map((own) => own.reduce((sum, y) => sum + y, 0) / own.length);
  return poolAdjacent(
    means,
    members.map((own) => own.length),
  )[groups.indexOf(score)];
}

/** Scores that are a distortion of true probabilities. */
function shop(rows: number, seed: number) {
  const stream = random(seed);
  const truth = Float64Array.from({ length: rows }, () => stream.beta(0.8, 3));
  return {
    truth,
    actual: truth.map((p) => (stream.uniform() < p ? 1 : 0)),
    predicted: truth.map((p) => p ** 2 / (p ** 2 + (1 - p) ** 2)),
  };
}

describe('the pair', () => {
  it('is that of two isotonic regressions refitted for the question, ties and all', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 1 })), {
          minLength: 1,
          maxLength: 40,
        }),
        (points) => {
          const rows = {
            predicted: Float64Array.from(points, ([score]) => score),
            actual: Float64Array.from(points, ([, y]) => y),
          };
          const fitted = fitVennAbers(rows);
          // At every score that is there, between them and outside.
          for (let score = -0.5; score <= 12.5; score += 0.5) {
            const { p0, p1 } = vennAbersPair(fitted, score);
            expect(p0).toBeCloseTo(refitted(rows, score, 0), 12);
            expect(p1).toBeCloseTo(refitted(rows, score, 1), 12);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('rises at both ends with the score and never closes', () => {
    const fitted = fitVennAbers(shop(3000, 1));
    let before = { p0: 0, p1: 0 };
    for (let score = 0; score <= 1; score += 1 / 512) {
      const pair = vennAbersPair(fitted, score);
      expect(pair.p0).toBeGreaterThanOrEqual(before.p0);
      expect(pair.p1).toBeGreaterThanOrEqual(before.p1);
      expect(pair.p1).toBeGreaterThan(pair.p0);
      before = pair;
    }
  });

  it('of nobody known is between 0 and 1, and of one customer half of that', () => {
    const one = fitVennAbers({ actual: Float64Array.of(1), predicted: Float64Array.of(0.5) });
    expect(vennAbersPair(one, 0.5)).toEqual({ p0: 0.5, p1: 1 });
    expect(vennAbersPair(one, 0.4)).toEqual({ p0: 0, p1: 1 });
  });
});

describe('validity', () => {
  it('in each range of scores the long-run frequency lies between the mean ends, for small calibration sets too', () => {
    const bins = 6;
    const ends = Array.from({ length: bins }, () => ({ low: 0, high: 0, came: 0, truth: 0, count: 0 }));
    // Fresh calibration data each time: the promise is about both being drawn.
    for (let seed = 0; seed < 150; seed++) {
      const fitted = fitVennAbers(shop(200, seed));
      const later = shop(200, 10_000 + seed);
      later.predicted.forEach((score, i) => {
        const bin = ends[Math.min(bins - 1, Math.floor(later.truth[i] * bins * 1.5))];
        const { p0, p1 } = vennAbersPair(fitted, score);
        bin.low += p0;
        bin.high += p1;
        bin.came += later.actual[i];
        bin.truth += later.truth[i];
        bin.count++;
      });
    }
    for (const { low, high, came, truth, count } of ends) {
      expect(count).toBeGreaterThan(400);
      // Two standard errors of a share of so many.
      const slack = 2 * Math.sqrt(((came / count) * (1 - came / count)) / count);
      expect(came / count).toBeGreaterThan(low / count - slack);
      expect(came / count).toBeLessThan(high / count + slack);
      expect(truth / count).toBeGreaterThan(low / count);
      expect(truth / count).toBeLessThan(high / count);
    }
  });

  it('of the two probabilities the one that belongs to what came is calibrated', () => {
    // Theorem 1 of Vovk and Petej: group by the chosen probability, and the share that came is that probability.
    const groups = Array.from({ length: 5 }, () => ({ said: 0, came: 0, count: 0 }));
    for (let seed = 0; seed < 200; seed++) {
      const fitted = fitVennAbers(shop(100, seed));
      const later = shop(100, 20_000 + seed);
      later.predicted.forEach((score, i) => {
        const { p0, p1 } = vennAbersPair(fitted, score);
        const said = later.actual[i] === 1 ? p1 : p0;
        const group = groups[Math.min(4, Math.floor(said * 5))];
        group.said += said;
        group.came += later.actual[i];
        group.count++;
      });
    }
    for (const { said, came, count } of groups) {
      const share = came / count;
      // Rows of one calibration set share its luck: four standard errors of independent ones.
      expect(Math.abs(share - said / count)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / count));
    }
  });
});

describe('one probability', () => {
  it('of a pair is p₁ / (1 − p₀ + p₁), and of equal pairs the same', () => {
    expect(mergePairs([{ p0: 0.2, p1: 0.5 }])).toBeCloseTo(0.5 / 1.3, 12);
    const pair = { p0: 0.31, p1: 0.34 };
    expect(mergePairs([pair, pair, pair])).toBeCloseTo(mergePairs([pair]), 12);
  });

  it('loses the same in log loss against either end: no other choice has a smaller largest regret', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 0.9, noNaN: true }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (p0, w) => {
          const p1 = p0 + (1 - p0) * w;
          const p = mergePairs([{ p0, p1 }]);
          // Regret when 1 comes against p1, and when 0 comes against p0.
          expect(Math.log(p1 / p)).toBeCloseTo(Math.log((1 - p0) / (1 - p)), 9);
        },
      ),
    );
  });
});

describe('on disk', () => {
  it('stays small for many distinct scores, and joins only outwards and little', () => {
    const many = shop(200_000, 3);
    const fitted = fitVennAbers(many);
    expect(JSON.stringify(fitted).length).toBeLessThan(120_000);
    const rows = { actual: many.actual.slice(0, 400), predicted: many.predicted.slice(0, 400) };
    const again = JSON.parse(JSON.stringify(fitVennAbers(rows))) as VennAbers;
    expect(again).toEqual(fitVennAbers(rows));
    // Joined steps: a frequency of the neighbourhood still lies inside.
    for (const edge of [0.02, 0.1, 0.3, 0.6]) {
      const near = many.predicted.findIndex((score) => Math.abs(score - edge) < 1e-3);
      const { p0, p1 } = vennAbersPair(fitted, many.predicted[near]);
      expect(p1 - p0).toBeLessThan(0.02);
      expect(many.truth[near]).toBeGreaterThan(p0 - 0.02);
      expect(many.truth[near]).toBeLessThan(p1 + 0.02);
    }
  });

  it('the interval holds the value it stands beside', () => {
    const fitted = fitVennAbers(shop(500, 4));
    const score = Float64Array.of(0.1, 0.5, 0.9);
    const value = Float64Array.of(0.9, 0.4, 0.001);
    const { low, high } = vennAbersInterval(fitted, score, value);
    value.forEach((shown, i) => {
      expect(low[i]).toBeLessThanOrEqual(shown);
      expect(high[i]).toBeGreaterThanOrEqual(shown);
    });
    expect(high[0]).toBe(0.9);
    expect(low[2]).toBe(0.001);
  });
});
