// Gauss–Legendre quadrature: few nodes, many digits, for smooth integrands.
import { invariant } from './errors.ts';

/** ∫₋₁¹ f ≈ Σ weights[i] f(nodes[i]), exact for polynomials of degree 2·order − 1. */
export interface QuadratureRule {
  /** In (−1, 1), ascending. */
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

/** Nodes are the roots of the Legendre polynomial, by Newton from a cosine guess. @see Abramowitz and Stegun 1964, 25.4.29 */
export function gaussLegendre(order: number): QuadratureRule {
  invariant(Number.isInteger(order) && order >= 1, `a quadrature order of 1 or more, got ${order}`);
  const nodes = new Float64Array(order);
  const weights = new Float64Array(order);
  for (let i = 0; i < order; i++) {
    let x = -Math.cos((Math.PI * (i + 0.75)) / (order + 0.5));
    let slope = 1;
    for (let round = 0; round < 100; round++) {
      let before = 1;
      let value = x;
      for (let k = 2; k <= order; k++) {
        const next = ((2 * k - 1) * x * value - (k - 1) * before) / k;
        before = value;
        value = next;
      }
      slope = (order * (x * value - before)) / (x * x - 1);
      const step = value / slope;
      x -= step;
      if (Math.abs(step) < 1e-15) break;
    }
    nodes[i] = x;
    weights[i] = 2 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}
