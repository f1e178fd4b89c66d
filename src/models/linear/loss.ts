// The losses a linear model can have, each with the two derivatives Newton's method asks for.
import type { Link } from '../estimator.ts';

/** A convex loss of one example in its margin η, with d/dη and d²/dη². */
export interface Loss {
  readonly name: string;
  readonly link: Link;
  value(y: number, margin: number): number;
  slope(y: number, margin: number): number;
  curvature(y: number, margin: number): number;
}

/** −log likelihood of a 0/1 outcome. */
export const logistic: Loss = {
  name: 'logistic',
  link: 'logit',
  // ln(1 + e^η) − yη without overflow.
  value: (y, m) => Math.max(m, 0) + Math.log1p(Math.exp(-Math.abs(m))) - y * m,
  slope: (y, m) => 1 / (1 + Math.exp(-m)) - y,
  curvature: (_y, m) => {
    const p = 1 / (1 + Math.exp(-m));
    return p * (1 - p);
  },
};

export const squared: Loss = {
  name: 'squared',
  link: 'identity',
  value: (y, m) => 0.5 * (y - m) ** 2,
  slope: (y, m) => m - y,
  curvature: () => 1,
};

/**
 * Tweedie −log quasi-likelihood with μ = e^η: −y μ^(1−p)/(1−p) + μ^(2−p)/(2−p), convex in η for 1 < p < 2, y ≥ 0.
 * Between Poisson (p = 1) and Gamma (p = 2) lies money: many exact zeros and a heavy tail.
 *
 * @see Jørgensen 1987, Exponential dispersion models
 */
export const tweedieLoss = (power: number): Loss => {
  const a = 1 - power;
  const b = 2 - power;
  return {
    name: `tweedie ${power}`,
    link: 'log',
    value: (y, m) => -y * (Math.exp(a * m) / a) + Math.exp(b * m) / b,
    slope: (y, m) => -y * Math.exp(a * m) + Math.exp(b * m),
    curvature: (y, m) => -a * y * Math.exp(a * m) + b * Math.exp(b * m),
  };
};

/** Gamma −log likelihood up to its shape, μ = e^η, y > 0: y/μ + ln μ. */
export const gammaLoss: Loss = {
  name: 'gamma',
  link: 'log',
  value: (y, m) => y * Math.exp(-m) + m,
  slope: (y, m) => 1 - y * Math.exp(-m),
  curvature: (y, m) => y * Math.exp(-m),
};
