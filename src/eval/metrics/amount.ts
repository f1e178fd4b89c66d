// Metrics of amounts: how far off, how biased, how well ordered, how often inside the interval.
import { meanOf } from './binary.ts';
import { midranks, type RankedRows, rankRows } from './order.ts';
import type { Measure, Predictions } from './predictions.ts';

/** Mean absolute error, in the unit of the amounts. */
export function mae({ actual, predicted }: Predictions): Measure {
  return meanOf(predicted.map((p, i) => Math.abs(p - actual[i])));
}

/** Root of the mean squared error, in the unit of the amounts. */
export function rmse({ actual, predicted }: Predictions): Measure {
  const square = meanOf(predicted.map((p, i) => (p - actual[i]) ** 2));
  return (weight) => Math.sqrt(square(weight));
}

/** Σ |predicted − actual| / Σ |actual|. */
export function wape({ actual, predicted }: Predictions): Measure {
  return ratioOf(
    predicted.map((p, i) => Math.abs(p - actual[i])),
    actual.map(Math.abs),
  );
}

/** A total under this share of Σ |actual| is what is left of amounts that cancel out: nothing can be a share of it. */
const LEAST_TOTAL = 0.1;

/**
 * (Σ predicted − Σ actual) / Σ actual: −.2 means a fifth too low in total. No value unless Σ actual is over a tenth of
 * Σ |actual|.
 */
export function bias({ actual, predicted }: Predictions): Measure {
  const excess = predicted.map((p, i) => p - actual[i]);
  return (weight) => {
    let top = 0;
    let total = 0;
    let size = 0;
    for (let i = 0; i < excess.length; i++) {
      top += weight[i] * excess[i];
      total += weight[i] * actual[i];
      size += weight[i] * Math.abs(actual[i]);
    }
    return total > LEAST_TOTAL * size ? top / total : Number.NaN;
  };
}

function ratioOf(above: Float64Array, below: Float64Array): Measure {
  return (weight) => {
    let top = 0;
    let bottom = 0;
    for (let i = 0; i < above.length; i++) {
      top += weight[i] * above[i];
      bottom += weight[i] * below[i];
    }
    return bottom > 0 ? top / bottom : Number.NaN;
  };
}

/** Pearson correlation of the midranks. */
export function spearman({ actual, predicted }: Predictions): Measure {
  const actualOrder = rankRows(actual);
  const predictedOrder = rankRows(predicted);
  const actualRank = new Float64Array(actual.length);
  const predictedRank = new Float64Array(actual.length);
  return (weight) =>
    correlation(
      midranks(actualOrder, weight, actualRank),
      midranks(predictedOrder, weight, predictedRank),
      weight,
    );
}

function correlation(x: Float64Array, y: Float64Array, weight: Float64Array): number {
  let total = 0;
  let meanX = 0;
  let meanY = 0;
  for (let i = 0; i < x.length; i++) {
    total += weight[i];
    meanX += weight[i] * x[i];
    meanY += weight[i] * y[i];
  }
  meanX /= total;
  meanY /= total;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let i = 0; i < x.length; i++) {
    const dx = x[i] - meanX;
    const dy = y[i] - meanY;
    xx += weight[i] * dx * dx;
    yy += weight[i] * dy * dy;
    xy += weight[i] * dx * dy;
  }
  return xy / Math.sqrt(xx * yy);
}

/**
 * Gini of the amounts in the predicted order over Gini in their own order: 1 = perfect order, 0 = random.
 * Tied predictions share the gain of their group evenly. Adding a number to all amounts changes nothing, so amounts of
 * both signs are welcome. No value when the amounts are all equal.
 */
export function normGini({ actual, predicted }: Predictions): Measure {
  const byPredicted = rankRows(predicted);
  const byActual = rankRows(actual);
  const middle = actual.reduce((sum, value) => sum + value, 0) / Math.max(1, actual.length);
  // Around their mean, so that a large shared part cannot drown the differences in rounding.
  const amount = actual.map((value) => value - middle);
  const largest = amount.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return (weight) => {
    const best = gainAbove(amount, byActual, weight);
    return best > 1e-12 * largest ? gainAbove(amount, byPredicted, weight) / best : Number.NaN;
  };
}

/** Twice the area between the cumulative gain of `amount` in the given order and the diagonal, a unit of weight squared. */
function gainAbove(amount: Float64Array, { order, ends }: RankedRows, weight: Float64Array): number {
  let people = 0;
  let gained = 0;
  let area = 0;
  let start = 0;
  for (const end of ends) {
    let own = 0;
    let gain = 0;
    for (let i = start; i < end; i++) {
      const row = order[i];
      own += weight[row];
      gain += weight[row] * amount[row];
    }
    area += own * (gained + gain / 2);
    people += own;
    gained += gain;
    start = end;
  }
  return people > 0 ? (2 * area - people * gained) / people ** 2 : Number.NaN;
}

/** Share of amounts inside [low, high], both ends included; no value without intervals. */
export function coverage({ actual, low, high }: Predictions): Measure {
  if (!low || !high) return () => Number.NaN;
  return meanOf(actual.map((value, i) => (value >= low[i] && value <= high[i] ? 1 : 0)));
}
