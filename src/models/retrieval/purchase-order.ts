// What is found put in the order of what is bought: likeness and the chance of a purchase, weighed as searches taught it.
import { AppError } from '../../core/errors.ts';
import { minimize } from '../../core/minimize.ts';
import { clampProbability } from '../link.ts';

/**
 * score = likeness · ln(fit / best fit) + purchase · ln(p / (1 − p)), higher first: with weights 1 and 1 the odds that a
 * customer who means this buys it, were fit and purchase independent.
 */
export interface OrderWeights {
  readonly likeness: number;
  readonly purchase: number;
}

/**
 * Where nobody's searches have been logged: a purchase ten times as likely outweighs a fit of a third (10^.5 ≈ 3.2).
 */
export const UNTAUGHT: OrderWeights = { likeness: 1, purchase: 0.5 };

/** One item as a search found it. */
export interface Found {
  /** Above 0, of any scale: the same within one search. */
  readonly fit: number;
  /** P(purchase | shown). */
  readonly purchase: number;
}

const LEAST_FIT = 1e-6;

/** Scores of one search's items, [found]. */
export function orderScores(found: readonly Found[], { likeness, purchase }: OrderWeights): Float64Array {
  const best = found.reduce((most, { fit }) => Math.max(most, fit), 0);
  return Float64Array.from(
    found,
    (own) => likeness * fitTerm(own.fit, best) + purchase * oddsTerm(own.purchase),
  );
}

const fitTerm = (fit: number, best: number): number =>
  Math.log(Math.max(LEAST_FIT, best > 0 ? fit / best : 1));

function oddsTerm(probability: number): number {
  const p = clampProbability(probability);
  return Math.log(p / (1 - p));
}

/** A search as it was answered, and which of its items was bought. */
export interface AnsweredSearch {
  readonly found: readonly Found[];
  /** Places within `found`. */
  readonly bought: readonly number[];
}

/** Weights are drawn to the untaught ones as if this many purchases had spoken for them. */
const PRIOR_PURCHASES = 10;
const FEWEST_PURCHASES = 20;

/**
 * The weights under which what was bought is likeliest among what was shown: a conditional logit over each search, drawn to
 * `UNTAUGHT`. Searches without a purchase, or with one item, say nothing.
 *
 * @throws AppError NOT_ENOUGH_DATA under 20 purchases
 * @see McFadden 1974, Conditional logit analysis of qualitative choice behavior
 */
export function learnOrder(searches: readonly AnsweredSearch[]): OrderWeights {
  const telling = searches.filter(({ found, bought }) => found.length > 1 && bought.length > 0);
  const purchases = telling.reduce((sum, { bought }) => sum + bought.length, 0);
  if (purchases < FEWEST_PURCHASES)
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `expected at least ${FEWEST_PURCHASES} purchases from searches that showed two items or more, got ${purchases}`,
    );
  const cases = telling.map(({ found, bought }) => {
    const best = found.reduce((most, { fit }) => Math.max(most, fit), 0);
    return {
      fits: Float64Array.from(found, (own) => fitTerm(own.fit, best)),
      odds: Float64Array.from(found, (own) => oddsTerm(own.purchase)),
      bought,
    };
  });
  const { point } = minimize(
    ([likeness, purchase], slope) => {
      const off = [likeness - UNTAUGHT.likeness, purchase - UNTAUGHT.purchase];
      let loss = (PRIOR_PURCHASES / 2) * (off[0] ** 2 + off[1] ** 2);
      slope[0] = PRIOR_PURCHASES * off[0];
      slope[1] = PRIOR_PURCHASES * off[1];
      for (const { fits, odds, bought } of cases) {
        const scores = fits.map((fit, i) => likeness * fit + purchase * odds[i]);
        const top = scores.reduce((most, own) => Math.max(most, own), Number.NEGATIVE_INFINITY);
        let total = 0;
        for (const score of scores) total += Math.exp(score - top);
        let [meanFit, meanOdds] = [0, 0];
        scores.forEach((score, i) => {
          const share = Math.exp(score - top) / total;
          meanFit += share * fits[i];
          meanOdds += share * odds[i];
        });
        for (const place of bought) {
          loss += top + Math.log(total) - scores[place];
          slope[0] += meanFit - fits[place];
          slope[1] += meanOdds - odds[place];
        }
      }
      return loss;
    },
    [UNTAUGHT.likeness, UNTAUGHT.purchase],
  );
  // Neither a better fit nor a better chance may speak against an item.
  return { likeness: Math.max(0, point[0]), purchase: Math.max(0, point[1]) };
}
