// L-BFGS against functions whose minima are known.
import { describe, expect, it } from 'vitest';
import { minimize, minimizeWithPauses, type Objective, withNumericGradient } from './minimize.ts';
import { random } from './random.ts';

/** Extended Rosenbrock: minimum 0 at all ones. */
const rosenbrock: Objective = (x, gradient) => {
  let value = 0;
  gradient.fill(0);
  for (let i = 0; i + 1 < x.length; i++) {
    const rise = x[i + 1] - x[i] ** 2;
    value += 100 * rise ** 2 + (1 - x[i]) ** 2;
    gradient[i] += -400 * x[i] * rise - 2 * (1 - x[i]);
    gradient[i + 1] += 200 * rise;
  }
  return value;
};

describe('minimize', () => {
  it('walks the Rosenbrock valley to (1, 1)', () => {
    const found = minimize(rosenbrock, [-1.2, 1]);
    expect(found.converged).toBe(true);
    expect(found.iterations).toBeLessThan(60);
    for (const x of found.point) expect(x).toBeCloseTo(1, 7);
  });

  it('finds the minimum of 100 chained Rosenbrock terms', () => {
    const found = minimize(rosenbrock, new Float64Array(100).fill(-1), { maxIterations: 2000 });
    expect(found.converged).toBe(true);
    // Zero at all ones, or the one other local minimum, at 3.986 (Shang and Qiu 2006).
    expect(Math.min(found.value, Math.abs(found.value - 3.98662))).toBeLessThan(1e-4);
    expect(Math.max(...found.gradient.map(Math.abs))).toBeLessThan(1e-5);
  });

  it('solves a quadratic with condition number 1e6', () => {
    const scales = Float64Array.from({ length: 20 }, (_, i) => 10 ** ((6 * i) / 19));
    const found = minimize(
      (x, gradient) => {
        let value = 0;
        for (let i = 0; i < x.length; i++) {
          gradient[i] = scales[i] * (x[i] - i);
          value += 0.5 * gradient[i] * (x[i] - i);
        }
        return value;
      },
      new Float64Array(20),
      { gradientTolerance: 1e-10, valueTolerance: 0, maxIterations: 5000 },
    );
    for (let i = 0; i < 20; i++) expect(found.point[i]).toBeCloseTo(i, 6);
  });

  it('stops at a logistic regression whose gradient vanishes', () => {
    const draw = random(5);
    const x = Float64Array.from({ length: 600 }, () => draw.normal());
    const y = x.map((value) => (draw.uniform() < 1 / (1 + Math.exp(-(0.5 + 2 * value))) ? 1 : 0));
    const found = minimize(
      (weights, gradient) => {
        gradient.fill(0);
        let value = 0;
        for (let i = 0; i < x.length; i++) {
          const margin = weights[0] + weights[1] * x[i];
          const error = 1 / (1 + Math.exp(-margin)) - y[i];
          value += Math.log1p(Math.exp(-Math.abs(margin))) + Math.max(margin, 0) - y[i] * margin;
          gradient[0] += error;
          gradient[1] += error * x[i];
        }
        return value;
      },
      [0, 0],
    );
    expect(found.converged).toBe(true);
    expect(found.point[0]).toBeGreaterThan(0.2);
    expect(found.point[1]).toBeGreaterThan(1.5);
    expect(Math.abs(found.gradient[1])).toBeLessThan(1e-4);
  });

  it('steps back from a region where the value is not finite', () => {
    const found = minimize(
      (x, gradient) => {
        gradient[0] = 1 - 1 / x[0];
        return x[0] > 0 ? x[0] - Math.log(x[0]) : Number.NaN;
      },
      [50],
    );
    expect(found.point[0]).toBeCloseTo(1, 6);
  });

  it('reports no convergence when the iterations run out', () => {
    expect(minimize(rosenbrock, [-1.2, 1], { maxIterations: 3 })).toMatchObject({
      converged: false,
      iterations: 3,
    });
  });

  it('gives the same bits twice', () => {
    expect(minimize(rosenbrock, [-1.2, 1]).point).toEqual(minimize(rosenbrock, [-1.2, 1]).point);
  });

  it('differentiates by central differences to nine digits', () => {
    const point = Float64Array.of(0.7, -1.3, 2);
    const exact = new Float64Array(3);
    const numeric = new Float64Array(3);
    rosenbrock(point, exact);
    withNumericGradient((x) => rosenbrock(x, new Float64Array(3)))(point, numeric);
    for (let i = 0; i < 3; i++) expect(numeric[i] / exact[i]).toBeCloseTo(1, 8);
  });

  it('is cancelled between iterations', async () => {
    const cancel = new AbortController();
    const seen: number[] = [];
    const work = minimizeWithPauses(
      rosenbrock,
      [-1.2, 1],
      async ({ iteration }) => {
        seen.push(iteration);
        if (iteration === 4) cancel.abort();
      },
      { signal: cancel.signal },
    );
    await expect(work).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(seen).toEqual([1, 2, 3, 4]);
  });
});
