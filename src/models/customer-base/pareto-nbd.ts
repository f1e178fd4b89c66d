// Pareto/NBD: customers buy at a Poisson rate and leave for good at a moment of their own, whether they buy or not.
import { name } from '../../core/name.ts';
import { logAddExp } from '../../core/special.ts';
import type { Family, Parameters } from './family.ts';
import { emptyMeans, integrateLifetime } from './lifetime-integral.ts';
import type { Customer, PurchaseHistory } from './purchase-history.ts';

/** Rates are Gamma(r, alpha) per week, rates of leaving Gamma(s, beta) per week. */
export type ParetoLetter = 'r' | 'alpha' | 's' | 'beta';

type ParetoParameters = Parameters<ParetoLetter>;

/**
 * @see Schmittlein, Morrison and Colombo 1987, Counting Your Customers, Management Science 33(1)
 * @see Fader and Hardie 2005, A Note on Deriving the Pareto/NBD Model
 */
export const PARETO_NBD: Family<ParetoLetter> = {
  id: 'pareto-nbd',
  label: name('Customer base (Pareto/NBD)', '客户基础模型 (Pareto/NBD)'),
  letters: ['r', 'alpha', 's', 'beta'],
  prior: {
    r: { median: 0.7, logStdDev: 1.5 },
    alpha: { median: 10, logStdDev: 2 },
    s: { median: 0.7, logStdDev: 1.5 },
    beta: { median: 12, logStdDev: 2 },
  },
  logLikelihood,
  aliveProbability,
  buysWhenAlive,
  purchasesWhenAlive({ r, alpha, s, beta }, customer, weeks) {
    // ((β+T) / (s−1)) · (1 − ((β+T) / (β+T+t))^(s−1)), with its limit at s = 1.
    const logSpan = Math.log1p(weeks / (beta + customer.T));
    const exponent = (s - 1) * logSpan;
    const weeksAlive =
      (beta + customer.T) * logSpan * (exponent === 0 ? 1 : -Math.expm1(-exponent) / exponent);
    const purchasesPerWeek = (r + customer.frequency) / (alpha + customer.T);
    return purchasesPerWeek * weeksAlive;
  },
};

function aliveProbability({ r, alpha, s, beta }: ParetoParameters, customer: Customer): number {
  const { frequency, recency, T } = customer;
  const k = r + frequency;
  const logStayed = -k * Math.log(alpha + T) + s * Math.log(beta / (beta + T));
  const left = integrateLifetime({ k, alpha, s, beta, from: recency, to: T }, emptyMeans());
  return 1 / (1 + Math.exp(left.log - logStayed));
}

/**
 * P(at least one purchase in the coming weeks | alive at T): given that, rate and rate of leaving are again gamma, with
 * (r + x, α + T) and (s, β + T), so "none" is the likelihood of a customer of no purchase and that age.
 */
function buysWhenAlive({ r, alpha, s, beta }: ParetoParameters, customer: Customer, weeks: number): number {
  const k = r + customer.frequency;
  const rate = alpha + customer.T;
  const leaving = beta + customer.T;
  // rate^k turns Γ-mixed (rate+τ)^−k into the chance of no purchase until τ.
  const gone = integrateLifetime({ k, alpha: rate, s, beta: leaving, from: 0, to: weeks }, emptyMeans());
  const logStays = -k * Math.log1p(weeks / rate) - s * Math.log1p(weeks / leaving);
  return -Math.expm1(Math.min(0, logAddExp(logStays, gone.log + k * Math.log(rate))));
}

/** Σ count · ln [ Γ(r+x) αʳ / Γ(r) · ( (α+T)^−(r+x) (β/(β+T))ˢ + ∫ₜₓᵀ s βˢ (β+τ)^−(s+1) (α+τ)^−(r+x) dτ ) ] */
function logLikelihood(
  history: PurchaseHistory,
  { r, alpha, s, beta }: ParetoParameters,
  slopes: Float64Array,
): number {
  const { frequency, recency, T, count } = history;
  const logAlpha = Math.log(alpha);
  const logBeta = Math.log(beta);
  const means = emptyMeans();
  let sum = 0;
  let toR = 0;
  let toAlpha = 0;
  let toS = 0;
  let toBeta = 0;
  // Running Γ(r+x)/Γ(r) with its slope: groups come in order of frequency.
  let x = 0;
  let logRise = 0;
  let riseByR = 0;
  for (let i = 0; i < frequency.length; i++) {
    for (; x < frequency[i]; x++) {
      logRise += Math.log(r + x);
      riseByR += 1 / (r + x);
    }
    const k = r + x;
    const logAlphaT = Math.log(alpha + T[i]);
    const logBetaT = Math.log(beta + T[i]);
    const logStayed = -k * logAlphaT + s * (logBeta - logBetaT);
    let shareLeft = 0;
    let logSum = logStayed;
    if (recency[i] < T[i]) {
      integrateLifetime({ k, alpha, s, beta, from: recency[i], to: T[i] }, means);
      logSum = logAddExp(logStayed, means.log);
      shareLeft = Math.exp(means.log - logSum);
    }
    const shareStayed = 1 - shareLeft;
    sum += count[i] * (logRise + r * logAlpha + logSum);
    toR += count[i] * (riseByR + logAlpha - shareStayed * logAlphaT - shareLeft * means.logAlphaPlus);
    toAlpha +=
      count[i] * (r / alpha - k * (shareStayed / (alpha + T[i]) + shareLeft * means.inverseAlphaPlus));
    toS += count[i] * (logBeta - shareStayed * logBetaT + shareLeft * (1 / s - means.logBetaPlus));
    toBeta +=
      count[i] * (s / beta - shareStayed * (s / (beta + T[i])) - shareLeft * (s + 1) * means.inverseBetaPlus);
  }
  slopes[0] = r * toR;
  slopes[1] = alpha * toAlpha;
  slopes[2] = s * toS;
  slopes[3] = beta * toBeta;
  return sum;
}
