// The lifetime integral against brute force over a fine grid.
import { describe, expect, it } from 'vitest';
import { gaussLegendre } from '../../core/quadrature.ts';
import { random } from '../../core/random.ts';
import { emptyMeans, integrateLifetime, type LifetimeIntegral } from './lifetime-integral.ts';

const RULE = gaussLegendre(20);

/** 400 pieces of 20 nodes each, geometric in τ + the smaller of α and β: slow and sure. */
function bruteForce({ k, alpha, s, beta, from, to }: LifetimeIntegral) {
  const least = Math.min(alpha, beta);
  const start = Math.log(least + from);
  const piece = (Math.log(least + to) - start) / 400;
  const logAt = (tau: number) =>
    Math.log(s) + s * Math.log(beta) - (s + 1) * Math.log(beta + tau) - k * Math.log(alpha + tau);
  const top = logAt(from);
  let sum = 0;
  let logs = 0;
  let inverses = 0;
  for (let i = 0; i < 400; i++) {
    for (let j = 0; j < 20; j++) {
      const u = start + piece * (i + (1 + RULE.nodes[j]) / 2);
      const tau = Math.exp(u) - least;
      const mass = RULE.weights[j] * (piece / 2) * Math.exp(logAt(tau) - top + u);
      sum += mass;
      logs += mass * Math.log(alpha + tau);
      inverses += mass / (beta + tau);
    }
  }
  return { log: Math.log(sum) + top, logAlphaPlus: logs / sum, inverseBetaPlus: inverses / sum };
}

describe('integrateLifetime', () => {
  it('keeps ten digits over 300 random integrals, gentle and steep', () => {
    const draw = random(31);
    const between = (low: number, high: number) => low * (high / low) ** draw.uniform();
    for (let i = 0; i < 300; i++) {
      const to = 150 * draw.uniform();
      const integral = {
        k: between(0.05, 500),
        alpha: between(0.1, 1000),
        s: between(0.05, 50),
        beta: between(0.1, 1000),
        from: draw.uniform() < 0.3 ? 0 : to * draw.uniform(),
        to,
      };
      const got = integrateLifetime(integral, emptyMeans());
      const expected = bruteForce(integral);
      expect(Math.abs(got.log - expected.log)).toBeLessThan(1e-10 * Math.max(1, Math.abs(expected.log)));
      expect(got.logAlphaPlus).toBeCloseTo(expected.logAlphaPlus, 8);
      expect(got.inverseBetaPlus / expected.inverseBetaPlus).toBeCloseTo(1, 8);
    }
  });

  it('is nothing over nothing', () => {
    const empty = { k: 2, alpha: 3, s: 1, beta: 4, from: 5, to: 5 };
    expect(integrateLifetime(empty, emptyMeans()).log).toBe(Number.NEGATIVE_INFINITY);
  });

  it('is Lomax where nobody buys (k → 0)', () => {
    const integral = { k: 1e-12, alpha: 3, s: 1.4, beta: 6, from: 0, to: 50 };
    expect(Math.exp(integrateLifetime(integral, emptyMeans()).log)).toBeCloseTo(1 - (6 / 56) ** 1.4, 9);
  });
});
