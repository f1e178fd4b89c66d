// Curves and tables a report draws: ROC, precision and recall, reliability, deciles with lift and gain.
import { equalCountBins, type RankedRows, rankRows } from './metrics/order.ts';
import { checkAmounts, checkProbabilities, type Predictions } from './metrics/predictions.ts';

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
  /** Predictions at or above it are called positive. */
  readonly threshold: number;
}

/**
 * True-positive rate (y) over false-positive rate (x), from (0, 0) to (1, 1); tied predictions are one step.
 *
 * @param points at most about this many, evenly thinned, the ends kept; empty with one class
 * @throws AppError BAD_DATA as `checkProbabilities`
 */
export function rocCurve(rows: Predictions, points = 200): readonly CurvePoint[] {
  checkProbabilities(rows);
  const steps = stepsDown(rows);
  const { hits, seen } = steps[steps.length - 1];
  if (hits === 0 || hits === seen) return [];
  const curve = steps.map((step) => ({
    x: (step.seen - step.hits) / (seen - hits),
    y: step.hits / hits,
    threshold: step.threshold,
  }));
  return thin([{ x: 0, y: 0, threshold: 1 }, ...curve], points);
}

/** Precision (y) over recall (x), by rising recall; tied predictions are one step; empty without positives. */
export function precisionRecallCurve(rows: Predictions, points = 200): readonly CurvePoint[] {
  checkProbabilities(rows);
  const steps = stepsDown(rows);
  const { hits } = steps[steps.length - 1];
  if (hits === 0) return [];
  return thin(
    steps.map((step) => ({ x: step.hits / hits, y: step.hits / step.seen, threshold: step.threshold })),
    points,
  );
}

interface Step {
  readonly threshold: number;
  readonly hits: number;
  readonly seen: number;
}

function stepsDown({ actual, predicted }: Predictions): Step[] {
  const { order, ends } = rankRows(predicted);
  const steps: Step[] = [];
  let hits = 0;
  let start = 0;
  for (const end of ends) {
    for (let i = start; i < end; i++) hits += actual[order[i]];
    steps.push({ threshold: predicted[order[start]], hits, seen: end });
    start = end;
  }
  return steps;
}

function thin<T>(items: readonly T[], limit: number): readonly T[] {
  if (items.length <= limit) return items;
  return Array.from({ length: limit }, (_, i) => items[Math.round((i * (items.length - 1)) / (limit - 1))]);
}

/** One bin of the reliability curve: what was said beside what came. */
export interface ReliabilityBin {
  readonly count: number;
  readonly meanPredicted: number;
  readonly meanActual: number;
  /** Wilson 95 % interval of the share; it takes rows as independent. */
  readonly low: number;
  readonly high: number;
}

/** Bins of equal count by rising probability, the ones behind the reported ECE; empty bins are left out. */
export function reliabilityCurve(rows: Predictions, bins = 10): readonly ReliabilityBin[] {
  checkProbabilities(rows);
  return groupBy(rows, equalCountBins(rows.predicted, bins), bins).map(({ count, predicted, actual }) => ({
    count,
    meanPredicted: predicted / count,
    meanActual: actual / count,
    ...wilsonInterval(actual / count, count),
  }));
}

/**
 * 95 % interval of a share of independent rows; it stays within 0 and 1.
 *
 * @see Wilson 1927
 */
export function wilsonInterval(share: number, count: number): { low: number; high: number } {
  const z2 = 1.959964 ** 2;
  const centre = (share + z2 / (2 * count)) / (1 + z2 / count);
  const half =
    Math.sqrt((z2 * share * (1 - share)) / count + (z2 * z2) / (4 * count * count)) / (1 + z2 / count);
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** One tenth of the examples, the highest predictions first. */
export interface Decile {
  /** 1 = highest predictions. */
  readonly decile: number;
  readonly count: number;
  readonly meanPredicted: number;
  readonly meanActual: number;
  /** Mean actual over the mean of everybody; NaN never: 0 when nobody has anything. */
  readonly lift: number;
  /** Share of the whole actual total in this and all higher deciles. */
  readonly cumulativeGain: number;
  /** Share of all examples in this and all higher deciles. */
  readonly cumulativeShare: number;
}

/** Deciles by falling prediction, for probabilities and amounts; tied rows stay together, so counts may differ. */
export function decileTable(rows: Predictions, deciles = 10): readonly Decile[] {
  checkAmounts(rows);
  const total = rows.actual.reduce((sum, value) => sum + value, 0);
  const mean = total / rows.actual.length;
  const bin = equalCountBins(rows.predicted, deciles).map((rising) => deciles - 1 - rising);
  let gained = 0;
  let seen = 0;
  return groupBy(rows, bin, deciles).map(({ bin: at, count, predicted, actual }) => {
    gained += actual;
    seen += count;
    return {
      decile: at + 1,
      count,
      meanPredicted: predicted / count,
      meanActual: actual / count,
      lift: mean === 0 ? 0 : actual / count / mean,
      cumulativeGain: total === 0 ? 0 : gained / total,
      cumulativeShare: seen / rows.actual.length,
    };
  });
}

function groupBy({ actual, predicted }: Predictions, bin: Int32Array, bins: number) {
  const groups = Array.from({ length: bins }, (_, at) => ({ bin: at, count: 0, predicted: 0, actual: 0 }));
  for (let i = 0; i < bin.length; i++) {
    const group = groups[bin[i]];
    group.count++;
    group.predicted += predicted[i];
    group.actual += actual[i];
  }
  return groups.filter(({ count }) => count > 0);
}

/** Share of the total (y) held by the top share x of examples, by falling prediction, ties in one step. */
export function gainCurve(rows: Predictions, points = 200): readonly CurvePoint[] {
  checkAmounts(rows);
  const { order, ends }: RankedRows = rankRows(rows.predicted);
  const total = rows.actual.reduce((sum, value) => sum + value, 0);
  if (total === 0) return [];
  const curve: CurvePoint[] = [{ x: 0, y: 0, threshold: rows.predicted[order[0]] }];
  let gained = 0;
  let start = 0;
  for (const end of ends) {
    for (let i = start; i < end; i++) gained += rows.actual[order[i]];
    curve.push({ x: end / order.length, y: gained / total, threshold: rows.predicted[order[start]] });
    start = end;
  }
  return thin(curve, points);
}
