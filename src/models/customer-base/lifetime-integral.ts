// The one integral of Pareto/NBD: buying at gamma-mixed rates until a Pareto-distributed end.
import { gaussLegendre, type QuadratureRule } from '../../core/quadrature.ts';

/** ∫ s βˢ (β+τ)^−(s+1) (α+τ)^−k dτ over (from, to]; all of α, β, k, s positive. */
export interface LifetimeIntegral {
  readonly k: number;
  readonly alpha: number;
  readonly s: number;
  readonly beta: number;
  readonly from: number;
  readonly to: number;
}

/** Under the integrand as a density over τ: the mean logarithms and inverses that its slopes are made of. */
export interface LifetimeMeans {
  /** ln of the integral; −∞ over nothing. */
  log: number;
  logAlphaPlus: number;
  inverseAlphaPlus: number;
  logBetaPlus: number;
  inverseBetaPlus: number;
}

export const emptyMeans = (): LifetimeMeans => ({
  log: 0,
  logAlphaPlus: 0,
  inverseAlphaPlus: 0,
  logBetaPlus: 0,
  inverseBetaPlus: 0,
});

const RULES = {
  8: gaussLegendre(8),
  12: gaussLegendre(12),
  16: gaussLegendre(16),
  24: gaussLegendre(24),
  32: gaussLegendre(32),
};

/** Beyond this many nats below its start the integrand adds nothing. */
const DEEP = 40;

/**
 * Evaluates the integral by Gauss–Legendre in u = ln(min(α, β) + τ): there its nearest singularity is π away from the
 * real line, so the order needed follows from the width in u and the depth in nats alone. Relative error under 1e-10
 * for spans up to a factor of e⁹ and k, s up to 1,000 (checked against 200 nodes).
 *
 * @param means overwritten with the result
 */
export function integrateLifetime(
  { k, alpha, s, beta, from, to }: LifetimeIntegral,
  means: LifetimeMeans,
): LifetimeMeans {
  const least = Math.min(alpha, beta);
  const alphaMore = alpha - least;
  const betaMore = beta - least;
  const start = Math.log(least + from);
  const logIntegrand = (u: number): number => {
    const grown = Math.exp(u);
    return u - (s + 1) * Math.log(betaMore + grown) - k * Math.log(alphaMore + grown);
  };
  const top = logIntegrand(start);
  let width = Math.log1p((to - from) / (least + from));
  let depth = top - logIntegrand(start + width);
  if (depth > DEEP) {
    let low = 0;
    let high = width;
    for (let halvings = 0; halvings < 60 && !(depth >= DEEP - 4 && depth <= DEEP + 2); halvings++) {
      width = (low + high) / 2;
      depth = top - logIntegrand(start + width);
      if (depth > DEEP) high = width;
      else low = width;
    }
  }
  const { nodes, weights } = ruleFor(width, depth);
  const half = width / 2;
  let sum = 0;
  let logAlphaPlus = 0;
  let inverseAlphaPlus = 0;
  let logBetaPlus = 0;
  let inverseBetaPlus = 0;
  for (let i = 0; i < nodes.length; i++) {
    const u = start + half * (1 + nodes[i]);
    const grown = Math.exp(u);
    const logAlpha = Math.log(alphaMore + grown);
    const logBeta = Math.log(betaMore + grown);
    const mass = weights[i] * Math.exp(u - (s + 1) * logBeta - k * logAlpha - top);
    sum += mass;
    logAlphaPlus += mass * logAlpha;
    inverseAlphaPlus += mass / (alphaMore + grown);
    logBetaPlus += mass * logBeta;
    inverseBetaPlus += mass / (betaMore + grown);
  }
  const isEmpty = !(width > 0);
  means.log = isEmpty ? Number.NEGATIVE_INFINITY : Math.log(s * half * sum) + s * Math.log(beta) + top;
  means.logAlphaPlus = logAlphaPlus / sum;
  means.inverseAlphaPlus = inverseAlphaPlus / sum;
  means.logBetaPlus = logBetaPlus / sum;
  means.inverseBetaPlus = inverseBetaPlus / sum;
  return means;
}

/** The shortest rule that kept the error under 1e-11 over 200,000 random integrals of this width and depth. */
function ruleFor(width: number, depth: number): QuadratureRule {
  if (width < 1 && depth < 4) return RULES[8];
  if (width < 2 && depth < 10) return RULES[12];
  if (width < 3 && depth < 20) return RULES[16];
  return width < 5 ? RULES[24] : RULES[32];
}
