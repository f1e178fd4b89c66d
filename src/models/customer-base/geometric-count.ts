// How many purchases are still to come from a customer who may leave after each one.

/** A customer alive now: rate ~ Gamma(shape, rate), chance to leave after each purchase ~ Beta(a, b). */
export interface LivingCustomer {
  readonly shape: number;
  readonly rate: number;
  readonly a: number;
  readonly b: number;
  readonly weeks: number;
}

/**
 * E[purchases in the coming weeks] = Σₙ≥₁ P(stays through n − 1 purchases) · P(N ≥ n), N negative binomial.
 *
 * Every term is positive, so it stays exact where the closed form with ₂F₁ cancels (a near 1, short spans); the rest
 * left out is below 1e-14 of the sum. Cost grows with the expected count.
 */
export function expectedCountUntilLeaving({ shape, rate, a, b, weeks }: LivingCustomer): number {
  if (weeks <= 0) return 0;
  const share = weeks / (rate + weeks);
  const logNone = -shape * Math.log1p(weeks / rate);
  // P(N = 0) may be too small for a float: then logarithms carry P(N = n) until it is not.
  let logExactly = logNone;
  let exactly = Math.exp(logNone);
  let atLeast = -Math.expm1(logNone);
  let stays = 1;
  let sum = 0;
  for (let n = 1; n < 10_000_000; n++) {
    sum += stays * atLeast;
    stays *= (b + n - 1) / (a + b + n - 1);
    const growth = ((shape + n - 1) / n) * share;
    if (exactly > 1e-290) {
      exactly *= growth;
    } else {
      logExactly += Math.log(growth);
      exactly = Math.exp(logExactly);
    }
    atLeast -= exactly;
    // From here P(N = n) falls at least as fast as a geometric series of ratio `bound`.
    const bound = Math.max(((shape + n) / (n + 1)) * share, share);
    if (bound < 1 && (stays * exactly * bound) / (1 - bound) ** 2 <= 1e-15 * sum) break;
    if (atLeast <= 0) break;
  }
  return sum;
}
