// BG/NBD and MBG/NBD: customers buy at a Poisson rate and may leave for good after a purchase, with a chance of their own.
import { name } from '../../core/name.ts';
import type { Family, Parameters } from './family.ts';
import { expectedCountUntilLeaving } from './geometric-count.ts';
import type { Customer, PurchaseHistory } from './purchase-history.ts';

/** Rates are Gamma(r, alpha) per week; the chance to leave at each coin is Beta(a, b). */
export type BgLetter = 'r' | 'alpha' | 'a' | 'b';

type BgParameters = Parameters<BgLetter>;

/** Medians near what shops show, and so wide that a hundred customers outvote them. */
const PRIOR = {
  r: { median: 0.7, logStdDev: 1.5 },
  alpha: { median: 10, logStdDev: 2 },
  a: { median: 0.8, logStdDev: 1.5 },
  b: { median: 3, logStdDev: 1.5 },
} as const;

/** @see Fader, Hardie and Lee 2005, "Counting Your Customers" the Easy Way, Marketing Science 24(2), eq. 6, 7 and 10 */
export const BG_NBD: Family<BgLetter> = geometricFamily('bg-nbd', 0);

/**
 * As BG/NBD, with a first coin at the first purchase: who bought once may be gone already.
 *
 * @see Batislam, Denizel and Filiztekin 2007, Int. J. Research in Marketing 24(3)
 */
export const MBG_NBD: Family<BgLetter> = geometricFamily('mbg-nbd', 1);

/** `firstCoins`: coins tossed at the first purchase; after x more a customer has survived x + firstCoins, or failed the last. */
function geometricFamily(id: string, firstCoins: 0 | 1): Family<BgLetter> {
  const aliveProbability = (parameters: BgParameters, customer: Customer): number => {
    const { r, alpha, a, b } = parameters;
    const coins = customer.frequency + firstCoins;
    if (coins === 0) return 1;
    const purchases = r + customer.frequency;
    const logOdds =
      Math.log(a / (b + coins - 1)) + purchases * Math.log((alpha + customer.T) / (alpha + customer.recency));
    return 1 / (1 + Math.exp(logOdds));
  };
  return {
    id,
    label:
      firstCoins === 0
        ? name('Customer base (BG/NBD)', '客户基础模型 (BG/NBD)')
        : name('Customer base (MBG/NBD)', '客户基础模型 (MBG/NBD)'),
    letters: ['r', 'alpha', 'a', 'b'],
    prior: PRIOR,
    logLikelihood: (history, parameters, slopes) =>
      logLikelihood(history, parameters, { firstCoins, slopes }),
    aliveProbability,
    buysWhenAlive({ r, alpha }, customer, weeks) {
      return -Math.expm1(-(r + customer.frequency) * Math.log1p(weeks / (alpha + customer.T)));
    },
    purchasesWhenAlive({ r, alpha, a, b }, customer, weeks) {
      return expectedCountUntilLeaving({
        shape: r + customer.frequency,
        rate: alpha + customer.T,
        a,
        b: b + customer.frequency + firstCoins,
        weeks,
      });
    },
  };
}

/**
 * Σ count · ln [ Γ(r+x) αʳ / Γ(r) · B(a, b+n) / B(a, b) · ( (α+T)^−(r+x) + [n > 0] a / (b+n−1) · (α+tₓ)^−(r+x) ) ],
 * n = x + firstCoins.
 */
function logLikelihood(
  history: PurchaseHistory,
  { r, alpha, a, b }: BgParameters,
  { firstCoins, slopes }: { firstCoins: number; slopes: Float64Array },
): number {
  const { frequency, recency, T, count } = history;
  const logAlpha = Math.log(alpha);
  let sum = 0;
  let toR = 0;
  let toAlpha = 0;
  let toA = 0;
  let toB = 0;
  // Running Γ(r+x)/Γ(r) and B(a, b+n)/B(a, b), with slopes: groups come in order of frequency.
  let x = 0;
  let coins = 0;
  let logRise = 0;
  let riseByR = 0;
  let logStay = 0;
  let stayByA = 0;
  let stayByB = 0;
  for (let i = 0; i < frequency.length; i++) {
    for (; x < frequency[i]; x++) {
      logRise += Math.log(r + x);
      riseByR += 1 / (r + x);
    }
    for (; coins < x + firstCoins; coins++) {
      logStay += Math.log((b + coins) / (a + b + coins));
      stayByA -= 1 / (a + b + coins);
      stayByB += 1 / (b + coins) - 1 / (a + b + coins);
    }
    const purchases = r + x;
    const logStayed = -purchases * Math.log(alpha + T[i]);
    const logLeft =
      coins > 0
        ? Math.log(a / (b + coins - 1)) - purchases * Math.log(alpha + recency[i])
        : Number.NEGATIVE_INFINITY;
    const top = Math.max(logStayed, logLeft);
    const stayed = Math.exp(logStayed - top);
    const left = Math.exp(logLeft - top);
    const shareLeft = left / (stayed + left);
    const shareStayed = 1 - shareLeft;
    sum += count[i] * (logRise + r * logAlpha + logStay + top + Math.log(stayed + left));
    toR +=
      count[i] *
      (riseByR + logAlpha - shareStayed * Math.log(alpha + T[i]) - shareLeft * Math.log(alpha + recency[i]));
    toAlpha +=
      count[i] * (r / alpha - purchases * (shareStayed / (alpha + T[i]) + shareLeft / (alpha + recency[i])));
    toA += count[i] * (stayByA + shareLeft / a);
    toB += count[i] * (stayByB - (coins > 0 ? shareLeft / (b + coins - 1) : 0));
  }
  slopes[0] = r * toR;
  slopes[1] = alpha * toAlpha;
  slopes[2] = a * toA;
  slopes[3] = b * toB;
  return sum;
}
