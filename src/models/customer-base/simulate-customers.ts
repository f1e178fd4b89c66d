// Customers drawn from the processes the models assume, with what they do after T: truth to test and measure against.
import type { Random } from '../../core/random.ts';
import type { Customer } from './purchase-history.ts';

/** How the drawn customers leave: at a moment of their own, or by a coin after each purchase (and the first, or not). */
export type Leaving =
  | { readonly kind: 'moment'; readonly s: number; readonly beta: number }
  | { readonly kind: 'coin'; readonly a: number; readonly b: number; readonly firstCoin: boolean };

export interface Process {
  readonly r: number;
  readonly alpha: number;
  readonly leaving: Leaving;
  /** Weeks from the first purchase to asOf. */
  readonly T: number;
  /** Weeks watched after that. */
  readonly weeks: number;
}

export interface SimulatedCustomer extends Customer {
  /** Purchases in (T, T + weeks]. */
  readonly future: number;
  readonly aliveAtT: boolean;
}

/** One customer of the process; times are continuous, in weeks. */
export function simulateCustomer(draw: Random, { r, alpha, leaving, T, weeks }: Process): SimulatedCustomer {
  const rate = draw.gamma(r, alpha);
  let end = Number.POSITIVE_INFINITY;
  let coin = 0;
  if (leaving.kind === 'moment') end = draw.exponential(draw.gamma(leaving.s, leaving.beta));
  else {
    coin = draw.beta(leaving.a, leaving.b);
    if (leaving.firstCoin && draw.uniform() < coin) end = 0;
  }
  let frequency = 0;
  let recency = 0;
  let future = 0;
  for (let at = draw.exponential(rate); at <= end && at <= T + weeks; at += draw.exponential(rate)) {
    if (at <= T) {
      frequency++;
      recency = at;
    } else {
      future++;
    }
    if (leaving.kind === 'coin' && draw.uniform() < coin) end = at;
  }
  return { frequency, recency, T, future, aliveAtT: end > T };
}
