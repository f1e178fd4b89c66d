// Special functions of statistics, in float64: gamma and its kin, error function, normal, incomplete beta and gamma.
import { AppError, invariant } from './errors.ts';

const HALF_LOG_TWO_PI = 0.9189385332046727;

/** B(2k) / (2k (2k − 1)), k = 1 …: the Stirling series of ln Γ. */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156];

/** What ln Γ(x) has beyond (x − ½) ln x − x + ½ ln 2π; x ≥ 10, error under 1e-16. */
function stirlingRest(x: number): number {
  const inverseSquare = 1 / (x * x);
  let sum = 0;
  for (let k = STIRLING.length - 1; k >= 0; k--) sum = sum * inverseSquare + STIRLING[k];
  return sum / x;
}

/**
 * ln |Γ(x)|, +∞ at 0, −1, −2 …; absolute error about 1e-15 near its zeros at 1 and 2, relative 1e-15 elsewhere.
 *
 * @see Abramowitz and Stegun 1964, 6.1.15 (recurrence), 6.1.17 (reflection), 6.1.41 (series)
 */
export function lgamma(x: number): number {
  if (Number.isNaN(x) || x === Number.NEGATIVE_INFINITY) return Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  if (x <= 0) {
    if (Number.isInteger(x)) return Number.POSITIVE_INFINITY;
    return Math.log(Math.PI / Math.abs(sinPi(x))) - lgamma(1 - x);
  }
  let product = 1;
  let shifted = x;
  while (shifted < 10) {
    product *= shifted;
    shifted++;
  }
  const large = (shifted - 0.5) * Math.log(shifted) - shifted + HALF_LOG_TWO_PI + stirlingRest(shifted);
  return large - Math.log(product);
}

/** sin πx without losing the digits of a large x. */
function sinPi(x: number): number {
  const within = x - 2 * Math.round(x / 2);
  return Math.sin(Math.PI * within);
}

/** ψ(x) = d ln Γ(x) / dx; NaN at 0, −1, −2 …. @see Abramowitz and Stegun 1964, 6.3.5, 6.3.7, 6.3.18 */
export function digamma(x: number): number {
  if (x <= 0) {
    if (Number.isInteger(x)) return Number.NaN;
    return digamma(1 - x) - Math.PI / Math.tan(Math.PI * (x - Math.round(x)));
  }
  let value = 0;
  let shifted = x;
  while (shifted < 10) {
    value -= 1 / shifted;
    shifted++;
  }
  const s = 1 / (shifted * shifted);
  const series =
    s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s * (1 / 240 - s * (1 / 132 - s * (691 / 32760 - s / 12))))));
  return value + Math.log(shifted) - 0.5 / shifted - series;
}

/** ψ′(x) for x > 0. @see Abramowitz and Stegun 1964, 6.4.12 */
export function trigamma(x: number): number {
  invariant(x > 0, 'trigamma is asked at x > 0');
  let value = 0;
  let shifted = x;
  while (shifted < 10) {
    value += 1 / (shifted * shifted);
    shifted++;
  }
  const s = 1 / (shifted * shifted);
  const series =
    s * (1 / 6 - s * (1 / 30 - s * (1 / 42 - s * (1 / 30 - s * (5 / 66 - s * (691 / 2730 - (s * 7) / 6))))));
  return value + 1 / shifted + 0.5 * s + series / shifted;
}

/** ln Γ(x + rise) − ln Γ(x), x > 0, rise ≥ 0, without the cancellation two large logarithms would bring. */
export function logRising(x: number, rise: number): number {
  if (x < 10) return lgamma(x + rise) - lgamma(x);
  const top = x + rise;
  // (top − ½) ln top − (x − ½) ln x − rise, regrouped.
  return (x - 0.5) * Math.log1p(rise / x) + rise * (Math.log(top) - 1) + stirlingRest(top) - stirlingRest(x);
}

/** ln B(a, b) for a, b > 0; stays exact when one of them is huge. */
export function logBeta(a: number, b: number): number {
  const small = Math.min(a, b);
  const large = Math.max(a, b);
  return lgamma(small) - logRising(large, small);
}

/** ln(eᵃ + eᵇ). */
export function logAddExp(a: number, b: number): number {
  const top = Math.max(a, b);
  if (top === Number.NEGATIVE_INFINITY) return top;
  return top + Math.log1p(Math.exp(-Math.abs(a - b)));
}

const SERIES_LIMIT = 1_000_000;

/**
 * ln ₂F₁(a, b; c; z), Gauss's hypergeometric function, for a, b, c > 0 and 0 ≤ z < 1: every term is positive, so
 * nothing cancels. Uses Euler's transform where it shortens the series; cost grows like 1 / (1 − z).
 *
 * @throws AppError BAD_DATA when z is so near 1 that a million terms do not do
 * @see Abramowitz and Stegun 1964, 15.1.1 and 15.3.3
 */
export function logHyp2f1(a: number, b: number, c: number, z: number): number {
  invariant(a > 0 && b > 0 && c > 0 && z >= 0 && z < 1, 'logHyp2f1 is asked at a, b, c > 0 and 0 <= z < 1');
  if (c > a && c > b && c < a + b) return (c - a - b) * Math.log1p(-z) + logSeries2f1(c - a, c - b, c, z);
  return logSeries2f1(a, b, c, z);
}

function logSeries2f1(a: number, b: number, c: number, z: number): number {
  let logScale = 0;
  let term = 1;
  let sum = 1;
  for (let n = 0; n < SERIES_LIMIT; n++) {
    const ratio = (((a + n) * (b + n)) / ((c + n) * (1 + n))) * z;
    term *= ratio;
    sum += term;
    if (sum > 1e200) {
      logScale += Math.log(sum);
      term /= sum;
      sum = 1;
    }
    // Ratios tend to z, from either side: the rest is at most a geometric series of the larger.
    const bound = Math.max(ratio, z);
    if (bound < 1 && term * bound <= 1e-17 * sum * (1 - bound)) return logScale + Math.log(sum);
  }
  throw new AppError('BAD_DATA', `expected a hypergeometric argument below 1 by more than 1e-5, got ${z}`);
}

/** Continued fraction by the modified Lentz method; `numerator(n)` and `denominator(n)` from n = 1. */
function continuedFraction(
  first: number,
  numerator: (n: number) => number,
  denominator: (n: number) => number,
): number {
  const tiny = 1e-300;
  let value = first === 0 ? tiny : first;
  let c = value;
  let d = 0;
  for (let n = 1; n < 100_000; n++) {
    const top = numerator(n);
    const bottom = denominator(n);
    d = bottom + top * d;
    if (d === 0) d = tiny;
    c = bottom + top / c;
    if (c === 0) c = tiny;
    d = 1 / d;
    value *= c * d;
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  return value;
}

/**
 * Regularised incomplete beta I_x(a, b) = P(Beta(a, b) ≤ x), a, b > 0.
 *
 * @see Abramowitz and Stegun 1964, 26.5.8
 */
export function betaCdf(x: number, a: number, b: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - betaCdf(1 - x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b)) / a;
  const numerator = (n: number) => {
    const m = n >> 1;
    return n % 2 === 1
      ? (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
      : (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
  };
  return front / continuedFraction(1, numerator, () => 1);
}

/** Regularised lower incomplete gamma P(shape, x) = P(Gamma(shape, 1) ≤ x). */
export function gammaCdf(x: number, shape: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x <= 0) return 0;
  return x < shape + 1 ? lowerGammaSeries(x, shape) : 1 - upperGammaFraction(x, shape);
}

/** Regularised upper incomplete gamma Q(shape, x) = 1 − P(shape, x), exact in the far tail. */
export function gammaTail(x: number, shape: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x <= 0) return 1;
  return x < shape + 1 ? 1 - lowerGammaSeries(x, shape) : upperGammaFraction(x, shape);
}

/** @see Abramowitz and Stegun 1964, 6.5.29 */
function lowerGammaSeries(x: number, shape: number): number {
  let term = 1 / shape;
  let sum = term;
  for (let n = 1; term > 1e-17 * sum; n++) {
    term *= x / (shape + n);
    sum += term;
  }
  return sum * Math.exp(shape * Math.log(x) - x - lgamma(shape));
}

/** @see Abramowitz and Stegun 1964, 6.5.31 */
function upperGammaFraction(x: number, shape: number): number {
  if (x === Number.POSITIVE_INFINITY) return 0;
  const fraction = continuedFraction(
    x + 1 - shape,
    (n) => -n * (n - shape),
    (n) => x + 2 * n + 1 - shape,
  );
  return Math.exp(shape * Math.log(x) - x - lgamma(shape)) / fraction;
}

/** erf(x) = 2/√π ∫₀ˣ exp(−t²) dt. */
export function erf(x: number): number {
  return x < 0 ? -gammaCdf(x * x, 0.5) : gammaCdf(x * x, 0.5);
}

/** 1 − erf(x), with full relative precision in the tail. */
export function erfc(x: number): number {
  return x < 0 ? 1 + gammaCdf(x * x, 0.5) : gammaTail(x * x, 0.5);
}

/** P(Z ≤ z) of a standard normal. */
export function normalCdf(z: number): number {
  return 0.5 * erfc(-z / Math.SQRT2);
}

/**
 * The z with P(Z ≤ z) = probability; ±∞ at 1 and 0, NaN outside [0, 1].
 * Newton on `normalCdf`, so as exact as that is.
 */
export function normalQuantile(probability: number): number {
  if (!(probability >= 0 && probability <= 1)) return Number.NaN;
  if (probability === 0) return Number.NEGATIVE_INFINITY;
  if (probability === 1) return Number.POSITIVE_INFINITY;
  if (probability > 0.5) return -lowerQuantile(1 - probability);
  return lowerQuantile(probability);
}

/** Newton on ln Φ, which is concave: from the left it climbs without overshooting. 0 < probability ≤ ½. */
function lowerQuantile(probability: number): number {
  const target = Math.log(probability);
  let z = -Math.sqrt(-2 * target);
  for (let i = 0; i < 100; i++) {
    const below = normalCdf(z);
    const density = Math.exp(-0.5 * z * z - HALF_LOG_TWO_PI);
    const step = ((target - Math.log(below)) * below) / density;
    z += step;
    if (Math.abs(step) <= 1e-15 * Math.max(1, Math.abs(z))) break;
  }
  return z;
}
