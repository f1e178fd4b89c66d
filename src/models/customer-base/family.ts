// What the three customer-base models share: a likelihood with slopes, a weak prior, and answers about one customer.
import type { Name } from '../../core/name.ts';
import type { Customer, PurchaseHistory } from './purchase-history.ts';

/** Parameter values by the letters of the papers; all positive, time in weeks. */
export type Parameters<Letter extends string> = Readonly<Record<Letter, number>>;

/** ln of the parameter is normal around ln(median): a belief as weak as `logStdDev` is large. */
export interface WeakPrior {
  readonly median: number;
  readonly logStdDev: number;
}

/** A model of when customers buy and when they leave for good. */
export interface Family<Letter extends string> {
  readonly id: string;
  readonly label: Name;
  readonly letters: readonly Letter[];
  readonly prior: Readonly<Record<Letter, WeakPrior>>;
  /**
   * Σ count · ln L over the history.
   *
   * @param slopes filled with ∂/∂ ln(parameter), in the order of `letters`
   */
  logLikelihood(history: PurchaseHistory, parameters: Parameters<Letter>, slopes: Float64Array): number;
  /** P(still a customer at T). */
  aliveProbability(parameters: Parameters<Letter>, customer: Customer): number;
  /** P(at least one purchase in (T, T + weeks] | alive at T). */
  buysWhenAlive(parameters: Parameters<Letter>, customer: Customer, weeks: number): number;
  /** E[purchases in (T, T + weeks] | alive at T]. */
  purchasesWhenAlive(parameters: Parameters<Letter>, customer: Customer, weeks: number): number;
}

/** P(at least one purchase in (T, T + weeks]). */
export const purchaseProbability = <Letter extends string>(
  family: Family<Letter>,
  parameters: Parameters<Letter>,
  customer: Customer,
  weeks: number,
): number =>
  family.aliveProbability(parameters, customer) * family.buysWhenAlive(parameters, customer, weeks);

/** E[purchases in (T, T + weeks]]. */
export const expectedPurchases = <Letter extends string>(
  family: Family<Letter>,
  parameters: Parameters<Letter>,
  customer: Customer,
  weeks: number,
): number =>
  family.aliveProbability(parameters, customer) * family.purchasesWhenAlive(parameters, customer, weeks);
