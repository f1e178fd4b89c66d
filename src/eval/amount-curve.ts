// A rising curve from predicted amounts to others, drawn through bins of customers predicted alike.
import { quantile } from './bootstrap.ts';

/** Rises through (knots[i], values[i]), straight between them, in proportion beyond the last; plain JSON. */
export interface AmountCurve {
  readonly knots: readonly number[];
  readonly values: readonly number[];
}

/** Outcomes of customers predicted alike, bins by rising prediction. */
export interface AmountBins {
  /** Mean prediction of each bin. */
  readonly knots: readonly number[];
  /** What came of its customers, rising. */
  readonly outcomes: readonly Float64Array[];
}

const ROWS_PER_KNOT = 40;
const MOST_KNOTS = 15;

/** Narrower bins towards the top, where the money is: edges are even in a root of the rank from above. */
export function binAmounts(actual: Float64Array, predicted: Float64Array): AmountBins {
  const rows = actual.length;
  const order = Array.from(predicted.keys()).sort((a, b) => predicted[a] - predicted[b] || a - b);
  const bins = Math.max(1, Math.min(MOST_KNOTS, Math.floor(rows / ROWS_PER_KNOT)));
  const edges = Array.from({ length: bins + 1 }, (_, i) => Math.round(rows * (1 - (1 - i / bins) ** 1.7)));
  const parts = edges
    .slice(0, -1)
    .map((from, i) => order.slice(from, edges[i + 1]))
    .filter((part) => part.length > 0);
  return {
    knots: parts.map((part) => part.reduce((all, row) => all + predicted[row], 0) / part.length),
    outcomes: parts.map((part) => Float64Array.from(part, (row) => actual[row]).sort()),
  };
}

/** The curve through one quantile of every bin, not below 0 and lifted where it would fall. */
export function curveThrough({ knots, outcomes }: AmountBins, level: number): AmountCurve {
  const values = outcomes.map((sorted) => Math.max(0, quantile(sorted, level)));
  for (let i = 1; i < values.length; i++) values[i] = Math.max(values[i], values[i - 1]);
  return { knots, values };
}

/** Where the curve stands above a prediction; 0 at 0 and below. */
export function curveAt({ knots, values }: AmountCurve, amount: number): number {
  const last = knots.length - 1;
  if (amount <= 0) return 0;
  if (amount >= knots[last]) return values[last] * (knots[last] > 0 ? amount / knots[last] : 1);
  if (amount <= knots[0]) return knots[0] > 0 ? (values[0] * amount) / knots[0] : values[0];
  let at = 1;
  while (knots[at] < amount) at++;
  const width = knots[at] - knots[at - 1];
  const way = width > 0 ? (amount - knots[at - 1]) / width : 0;
  return values[at - 1] + way * (values[at] - values[at - 1]);
}
