// How often, how lately and for how long customers have bought: all that customer-base models need to know.
import { AppError } from '../../core/errors.ts';

/** One customer, time in weeks. */
export interface Customer {
  /** Purchase days after the first, a whole number: x. */
  readonly frequency: number;
  /** From the first purchase day to the last: tₓ; 0 when there was only one. */
  readonly recency: number;
  /** From the first purchase day to asOf: T. */
  readonly T: number;
}

/** Customers with equal history stand once, with their weight; sorted by frequency, then T, then recency. */
export interface PurchaseHistory {
  /** [groups] */
  readonly frequency: Float64Array;
  /** [groups], weeks */
  readonly recency: Float64Array;
  /** [groups], weeks */
  readonly T: Float64Array;
  /** [groups], Σ weights of the customers in the group */
  readonly count: Float64Array;
  /** Σ count */
  readonly customers: number;
}

/**
 * Gathers customers with equal history: fits cost what there are different histories, not customers.
 * Recency beyond T, as rounding may bring, is cut to T; recency of a customer who bought once counts as 0.
 *
 * @param customers columns in weeks; a row whose frequency is NaN (never purchased) is left out
 * @param weight    [rows]; all ones when absent
 * @throws AppError SHAPE for unequal lengths, BAD_DATA for a frequency that is no count or a time that is negative or missing
 */
export function gatherHistory(
  customers: {
    readonly frequency: ArrayLike<number>;
    readonly recency: ArrayLike<number>;
    readonly T: ArrayLike<number>;
  },
  weight?: ArrayLike<number>,
): PurchaseHistory {
  const rows = customers.frequency.length;
  if (customers.recency.length !== rows || customers.T.length !== rows || (weight?.length ?? rows) !== rows)
    throw new AppError('SHAPE', `expected ${rows} rows in every column of a purchase history`);
  const kept: number[] = [];
  for (let i = 0; i < rows; i++) {
    if (!Number.isNaN(customers.frequency[i]) && (weight?.[i] ?? 1) > 0) kept.push(i);
  }
  const frequency = new Float64Array(kept.length);
  const recency = new Float64Array(kept.length);
  const T = new Float64Array(kept.length);
  for (let k = 0; k < kept.length; k++) {
    const customer = soundCustomer(
      customers.frequency[kept[k]],
      customers.recency[kept[k]],
      customers.T[kept[k]],
    );
    frequency[k] = customer.frequency;
    recency[k] = customer.recency;
    T[k] = customer.T;
  }
  const order = Uint32Array.from(kept, (_, k) => k);
  const weightOf = (k: number) => weight?.[kept[k]] ?? 1;
  order.sort(
    (a, b) =>
      frequency[a] - frequency[b] || T[a] - T[b] || recency[a] - recency[b] || weightOf(a) - weightOf(b),
  );

  let groups = 0;
  let sum = 0;
  const first = new Uint32Array(kept.length);
  const count = new Float64Array(kept.length);
  for (let k = 0; k < order.length; k++) {
    const own = order[k];
    const before = k > 0 ? order[k - 1] : own;
    const isNew =
      k === 0 ||
      frequency[own] !== frequency[before] ||
      T[own] !== T[before] ||
      recency[own] !== recency[before];
    if (isNew) first[groups++] = own;
    count[groups - 1] += weightOf(own);
    sum += weightOf(own);
  }
  const pick = (values: Float64Array) => Float64Array.from(first.subarray(0, groups), (own) => values[own]);
  return {
    frequency: pick(frequency),
    recency: pick(recency),
    T: pick(T),
    count: count.slice(0, groups),
    customers: sum,
  };
}

/** A customer as the models may see one. @throws AppError BAD_DATA */
export function soundCustomer(frequency: number, recency: number, T: number): Customer {
  if (!(Number.isInteger(frequency) && frequency >= 0))
    throw new AppError('BAD_DATA', `expected a whole number of repeat purchases, got ${frequency}`);
  if (!(T >= 0 && Number.isFinite(T)))
    throw new AppError('BAD_DATA', `expected a customer's age T of 0 or more, got ${T}`);
  const since = frequency === 0 ? 0 : recency;
  if (!(since >= 0)) throw new AppError('BAD_DATA', `expected a recency of 0 or more, got ${recency}`);
  return { frequency, recency: Math.min(since, T), T };
}

/** Every `step`-th group with all its weight: a small likeness of a large history, for a first guess. */
export function thinHistory(history: PurchaseHistory, step: number): PurchaseHistory {
  const pick = (values: Float64Array) => values.filter((_, i) => i % step === 0);
  const count = pick(history.count);
  return {
    frequency: pick(history.frequency),
    recency: pick(history.recency),
    T: pick(history.T),
    count,
    customers: count.reduce((sum, value) => sum + value, 0),
  };
}
