// Gauss–Legendre rules against integrals known in closed form.
import { describe, expect, it } from 'vitest';
import { gaussLegendre } from './quadrature.ts';

const integrate = (order: number, f: (x: number) => number) => {
  const { nodes, weights } = gaussLegendre(order);
  return nodes.reduce((sum, node, i) => sum + weights[i] * f(node), 0);
};

describe('gaussLegendre', () => {
  it.each([1, 2, 5, 8, 16, 33])('order %i is exact for polynomials of degree 2·order − 1', (order) => {
    const degree = 2 * order - 2;
    expect(integrate(order, (x) => x ** degree + x ** (degree + 1))).toBeCloseTo(2 / (degree + 1), 13);
  });

  it('order 2 has its nodes at ±1/√3', () => {
    expect(gaussLegendre(2).nodes[1]).toBeCloseTo(1 / Math.sqrt(3), 15);
  });

  it('order 16 integrates exp to rounding', () => {
    expect(integrate(16, Math.exp)).toBeCloseTo(Math.E - 1 / Math.E, 13);
  });
});
