// Whitening a badly scaled bowl.
import { describe, expect, it } from 'vitest';
import { minimize, type Objective } from './minimize.ts';
import { whiten } from './whiten.ts';

/** ½ (x − c)ᵀ A (x − c) with A of condition number about 1e5. */
const CENTRE = [3, -2, 0.5];
const A = [
  [1000, 12, -3],
  [12, 4, 0.1],
  [-3, 0.1, 0.05],
];
const bowl: Objective = (x, gradient) => {
  let value = 0;
  for (let i = 0; i < 3; i++) {
    gradient[i] = 0;
    for (let j = 0; j < 3; j++) gradient[i] += A[i][j] * (x[j] - CENTRE[j]);
    value += 0.5 * gradient[i] * (x[i] - CENTRE[i]);
  }
  return value;
};

describe('whiten', () => {
  it('makes a bowl round: one gradient step reaches its minimum', () => {
    const { objective, toPoint } = whiten(bowl, bowl, Float64Array.of(1, 1, 1));
    const slope = new Float64Array(3);
    objective(new Float64Array(3), slope);
    const reached = toPoint(slope.map((value) => -value));
    for (let i = 0; i < 3; i++) expect(reached[i]).toBeCloseTo(CENTRE[i], 5);
  });

  it('keeps value and slope consistent', () => {
    const { objective, toPoint } = whiten(bowl, bowl, Float64Array.of(1, 1, 1));
    const z = Float64Array.of(0.3, -0.2, 0.1);
    const slope = new Float64Array(3);
    expect(objective(z, slope)).toBeCloseTo(bowl(toPoint(z), new Float64Array(3)), 12);
    const step = 1e-5;
    for (let i = 0; i < 3; i++) {
      const at = (by: number) =>
        objective(
          z.map((value, j) => (j === i ? value + by : value)),
          new Float64Array(3),
        );
      expect(slope[i]).toBeCloseTo((at(step) - at(-step)) / (2 * step), 5);
    }
  });

  it('leaves the variables alone where the curvature is no bowl', () => {
    const saddle: Objective = (x, gradient) => {
      gradient[0] = 2 * x[0];
      gradient[1] = -2 * x[1];
      return x[0] ** 2 - x[1] ** 2;
    };
    const { toPoint } = whiten(saddle, saddle, Float64Array.of(5, 6));
    expect(toPoint([1, 2])).toEqual(Float64Array.of(6, 8));
  });

  it('lets a minimiser finish in a few steps what took it many', () => {
    const start = Float64Array.of(1, 1, 1);
    const { objective, toPoint } = whiten(bowl, bowl, start);
    const found = minimize(objective, new Float64Array(3));
    expect(found.evaluations).toBeLessThan(6);
    expect(toPoint(found.point)[2]).toBeCloseTo(0.5, 5);
  });
});
