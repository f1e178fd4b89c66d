// Calibration undoes known distortions, keeps order, survives little data and chooses the simple where it is enough.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { measure } from '../metrics/metric.ts';
import { applyCalibrator, CALIBRATION_METHODS, type Calibrator, fitCalibrator } from './calibrator.ts';
import { chooseCalibrator } from './choose-calibrator.ts';
import { fitIsotonic, poolAdjacent } from './isotonic.ts';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const logit = (p: number) => Math.log(p / (1 - p));

/** Outcomes of true probabilities, shown through a distortion. */
function distorted(rows: number, seed: number, distort: (p: number) => number) {
  const stream = random(seed);
  const truth = Float64Array.from({ length: rows }, () => stream.beta(1.2, 2.5));
  return {
    truth,
    entities: Array.from(truth, (_, i) => `c${i}`),
    actual: truth.map((p) => (stream.uniform() < p ? 1 : 0)),
    predicted: truth.map(distort),
  };
}

const overconfident = (p: number) => sigmoid(2 * logit(p) + 0.7);

describe('each method', () => {
  it('Platt finds the distortion of the logit again', () => {
    const fitted = fitCalibrator('platt', distorted(40_000, 1, overconfident));
    expect(fitted.method === 'platt' && fitted.slope).toBeCloseTo(0.5, 1);
    expect(fitted.method === 'platt' && fitted.intercept).toBeCloseTo(-0.35, 1);
  });

  it('beta holds the identity inside it, and Platt as a = b', () => {
    const p = Float64Array.of(0.01, 0.3, 0.77);
    const same = applyCalibrator({ method: 'beta', a: 1, b: 1, intercept: 0 }, p);
    for (let i = 0; i < p.length; i++) expect(same[i]).toBeCloseTo(p[i], 12);
    const beta = applyCalibrator({ method: 'beta', a: 0.6, b: 0.6, intercept: -0.2 }, p);
    const platt = applyCalibrator({ method: 'platt', slope: 0.6, intercept: -0.2 }, p);
    for (let i = 0; i < p.length; i++) expect(beta[i]).toBeCloseTo(platt[i], 12);
  });

  it('beta finds an uneven distortion that Platt cannot', () => {
    // Pulls only the upper end together.
    const shop = distorted(40_000, 2, (p) => 1 - (1 - p) ** 0.4);
    const ece = (calibrator: Calibrator) =>
      measure('ece', { ...shop, predicted: applyCalibrator(calibrator, shop.predicted) });
    expect(ece(fitCalibrator('beta', shop))).toBeLessThan(0.01);
    expect(ece(fitCalibrator('platt', shop))).toBeGreaterThan(ece(fitCalibrator('beta', shop)));
  });

  it('isotonic is least squares among rising values, against a search over all groupings', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 4 })), {
          minLength: 1,
          maxLength: 9,
        }),
        (points) => {
          const values = points.map(([v]) => v);
          const weights = points.map(([, w]) => w);
          const cost = (fit: ArrayLike<number>) =>
            values.reduce((sum, v, i) => sum + weights[i] * (v - fit[i]) ** 2, 0);
          let best = Number.POSITIVE_INFINITY;
          // Every way to cut the row into blocks of their means.
          for (let cuts = 0; cuts < 2 ** (values.length - 1); cuts++) {
            const fit: number[] = [];
            for (let from = 0; from < values.length; ) {
              let to = from + 1;
              while (to < values.length && !((cuts >> (to - 1)) & 1)) to++;
              const total = weights.slice(from, to).reduce((a, b) => a + b, 0);
              const mean = values.slice(from, to).reduce((a, v, i) => a + v * weights[from + i], 0) / total;
              for (; from < to; from++) fit.push(mean);
            }
            if (fit.every((v, i) => i === 0 || fit[i - 1] <= v + 1e-12)) best = Math.min(best, cost(fit));
          }
          expect(cost(poolAdjacent(values, weights))).toBeCloseTo(best, 9);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('isotonic is never sure', () => {
    const { values } = fitIsotonic(Float64Array.of(0.1, 0.2, 0.8, 0.9), Float64Array.of(0, 0, 1, 1));
    expect(Math.min(...values)).toBeGreaterThan(0);
    expect(Math.max(...values)).toBeLessThan(1);
  });

  it.each(CALIBRATION_METHODS)('%s keeps order, stays in [0, 1] and survives JSON', (method) => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 1 })), {
          minLength: 1,
          maxLength: 40,
        }),
        (pairs) => {
          const fitted = fitCalibrator(method, {
            predicted: Float64Array.from(pairs, ([p]) => p),
            actual: Float64Array.from(pairs, ([, y]) => y),
          });
          const grid = Float64Array.from({ length: 101 }, (_, i) => i / 100);
          const out = applyCalibrator(JSON.parse(JSON.stringify(fitted)) as Calibrator, grid);
          expect(out).toEqual(applyCalibrator(fitted, grid));
          out.forEach((q, i) => {
            expect(q).toBeGreaterThanOrEqual(i > 0 ? out[i - 1] - 1e-12 : 0);
            expect(q).toBeLessThanOrEqual(1);
          });
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('the choice', () => {
  it('leaves honest probabilities alone, also where a curve seems a little better by chance', () => {
    const chosen = Array.from({ length: 40 }, (_, seed) =>
      chooseCalibrator(
        distorted(400, 300 + seed, (p) => p),
        { seed: 1 },
      ),
    );
    const seemingly = chosen.filter(({ trials }) =>
      trials.some(({ logLoss }) => logLoss < trials[0].logLoss),
    );
    expect(seemingly.length).toBeGreaterThanOrEqual(5);
    expect(chosen.filter(({ calibrator }) => calibrator.method === 'identity').length).toBeGreaterThanOrEqual(
      34,
    );
  });

  it('mends overconfident ones with the simplest that does', () => {
    const shop = distorted(3000, 5, overconfident);
    const { calibrator, trials, words } = chooseCalibrator(shop, { seed: 1 });
    expect(calibrator.method).toBe('platt');
    expect(trials.map(({ method }) => method)).toEqual(CALIBRATION_METHODS);
    expect(words.en).toMatch(/logistic curve/);
    const later = distorted(20_000, 6, overconfident);
    const before = measure('ece', later);
    const after = measure('ece', { ...later, predicted: applyCalibrator(calibrator, later.predicted) });
    expect(before).toBeGreaterThan(0.08);
    expect(after).toBeLessThan(before / 3);
  });

  it('takes steps where the distortion has them', () => {
    const shop = distorted(
      20_000,
      7,
      (p) => 0.1 * p + (p > 0.2 ? 0.3 : 0) + (p > 0.5 ? 0.4 : 0) - (p > 0.7 ? 0.05 : 0),
    );
    expect(chooseCalibrator(shop, { seed: 1 }).calibrator.method).toMatch(/isotonic|venn-abers/);
  });

  it.each([
    ['honest', (p: number) => p],
    ['overconfident', overconfident],
    ['bent at the top', (p: number) => 1 - (1 - p) ** 0.4],
    ['flat at the bottom', (p: number) => Math.max(0.05, p)],
    ['wavy', (p: number) => p + 0.04 * Math.sin(12 * p) * (1 - p) * p * 4],
  ] as const)(
    'keeps the calibration error of rare outcomes to about .01 when scores are %s',
    (_, distort) => {
      const rare = (rows: number, seed: number) => {
        const stream = random(seed);
        // 15 % positives, as shop sessions have; most are surely no.
        const truth = Float64Array.from({ length: rows }, () => stream.beta(0.35, 1.98));
        return {
          entities: Array.from(truth, (_, i) => `c${i}`),
          actual: truth.map((p) => (stream.uniform() < p ? 1 : 0)),
          predicted: truth.map(distort),
        };
      };
      const { calibrator } = chooseCalibrator(rare(8000, 21), { seed: 1 });
      const later = rare(30_000, 22);
      const after = measure('ece', { ...later, predicted: applyCalibrator(calibrator, later.predicted) });
      // Where half of the scores are one and the same, a smooth curve pays a little for the others.
      expect(after).toBeLessThan(0.0115);
      expect(after).toBeLessThan(measure('ece', later) + 0.003);
    },
  );

  it('with few outcomes leaves everything as it is and says why', () => {
    const { calibrator, words } = chooseCalibrator(distorted(12, 8, overconfident), { seed: 1 });
    expect(calibrator).toEqual({ method: 'identity' });
    expect(words.en).toMatch(/seen \d times, 10 are needed/);
  });

  it('on a hundred rows does not make the next period worse than noise', () => {
    const later = distorted(5000, 99, (p) => p);
    const harm = Array.from({ length: 20 }, (_, seed) => {
      const { calibrator } = chooseCalibrator(
        distorted(100, 200 + seed, (p) => p),
        { seed },
      );
      return measure('log_loss', { ...later, predicted: applyCalibrator(calibrator, later.predicted) });
    });
    const mean = harm.reduce((a, b) => a + b, 0) / harm.length;
    expect(mean - measure('log_loss', later)).toBeLessThan(0.01);
  });
});
