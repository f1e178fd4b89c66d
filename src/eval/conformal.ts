// Intervals for amounts that many customers never spend: split conformal by group of prediction, rising with it.
import { AppError, invariant } from '../core/errors.ts';
import { takeNumbers } from '../core/frame.ts';
import { type Name, name } from '../core/name.ts';
import { hash32 } from '../core/random.ts';
import { applyShape, type BandShape, bandScore, fitShape } from './conformal-band.ts';
import { applyConformalGroups, type ConformalGroups } from './conformal-groups.ts';
import { applyConformalQuantile, type ConformalQuantile, type QuantileBand } from './conformal-quantile.ts';
import { checkAmounts, checkLength, hasBothSigns } from './metrics/predictions.ts';
import { conformalQuantile, groupEdges, groupOf, groupQuantiles } from './mondrian.ts';

/** Fitted on calibration data; plain JSON. */
export type AmountInterval =
  | ConformalQuantile
  | ConformalGroups
  | {
      /** One band of fixed or learned shape, stretched by a factor a group of predictions. */
      readonly method: 'conformal-band';
      readonly level: number;
      readonly shape: BandShape;
      /** Group g holds predictions up to `edges[g]`; the last group has no edge. */
      readonly edges: readonly number[];
      /** Stretch of each group's band. */
      readonly factors: readonly number[];
      readonly rows: number;
    }
  | {
      /** For amounts of both signs: prediction + low … prediction + high. */
      readonly method: 'conformal-residual';
      readonly level: number;
      readonly low: number;
      readonly high: number;
      readonly rows: number;
    };

export interface CalibrationAmounts {
  readonly entities: readonly string[];
  /** [rows] */
  readonly actual: Float64Array;
  /** [rows], of a model that did not learn from these rows. */
  readonly predicted: Float64Array;
  /** [rows]; such as less for older moments. All ones when absent. */
  readonly weight?: Float64Array;
}

/** From here on half of the customers shape the band and the other half stretch it. */
const ROWS_FOR_A_SHAPE = 200;

/**
 * Fits an interval that holds the next amount with probability `level`, from the predictions alone.
 *
 * Half the customers give the band's shape: quantiles of the amount over bins of the prediction, made to rise; where
 * more than (1 − level)/2 of similar customers spent nothing, `low` is 0 and the whole miss is left to the top. The
 * other half stretch the band, each group of predictions by its own conformal quantile (Mondrian split conformal).
 * With fewer than 200 rows the shape is fixed: 0 … prediction plus the mean prediction, stretched once.
 *
 * Finite-sample: when new customers are exchangeable with the calibration ones, a group's coverage is at least `level`
 * on average (weights of one). Across periods that is an assumption; check `coverage` on a later one.
 *
 * @returns undefined with fewer than 1/(1 − level) rows: no finite interval is valid
 * @see Vovk, Gammerman and Shafer 2005, §4.5; Romano, Patterson and Candès 2019, arXiv:1905.03222
 */
export function fitAmountInterval(
  rows: CalibrationAmounts,
  options: { level?: number; seed: number },
): AmountInterval | undefined {
  const level = options.level ?? 0.9;
  if (!(level > 0 && level < 1))
    throw new AppError('USAGE', `expected a level between 0 and 1 such as .9, got ${level}`);
  if (rows.actual.length < Math.ceil(1 / (1 - level) - 1e-9)) return undefined;
  checkAmounts(rows);
  checkLength('entities', rows.entities, rows.actual.length);
  if (rows.weight) checkLength('weights', rows.weight, rows.actual.length);
  if (hasBothSigns(rows.actual)) return residualInterval(rows, level);
  if (rows.actual.length < ROWS_FOR_A_SHAPE) return bandInterval(rows, fixedShape(rows), [], level);
  const salt = hash32(`interval ${options.seed}`);
  const shaping = rows.entities.flatMap((entity, i) => (hash32(entity, salt) % 2 === 0 ? [i] : []));
  const stretching = rows.entities.flatMap((entity, i) => (hash32(entity, salt) % 2 === 0 ? [] : [i]));
  // A few customers with very many rows can leave one side nearly empty.
  if (Math.min(shaping.length, stretching.length) < ROWS_FOR_A_SHAPE / 4)
    return bandInterval(rows, fixedShape(rows), [], level);
  const shaper = takeCalibration(rows, shaping);
  return bandInterval(
    takeCalibration(rows, stretching),
    fitShape(shaper, level),
    groupEdges(shaper.predicted),
    level,
  );
}

export function takeCalibration(rows: CalibrationAmounts, indices: readonly number[]): CalibrationAmounts {
  return {
    entities: indices.map((i) => rows.entities[i]),
    actual: takeNumbers(rows.actual, indices),
    predicted: takeNumbers(rows.predicted, indices),
    weight: rows.weight && takeNumbers(rows.weight, indices),
  };
}

/** Needs no outcome, so every row may stretch it. */
function fixedShape({ predicted }: CalibrationAmounts): BandShape {
  const mean = predicted.reduce((sum, value) => sum + Math.max(0, value), 0) / predicted.length;
  const scale = mean > 0 ? mean : 1;
  return { knots: [0, scale], low: [0, 0], high: [scale, 2 * scale], floor: 0, scale: 0 };
}

function bandInterval(
  rows: CalibrationAmounts,
  shape: BandShape,
  edges: readonly number[],
  level: number,
): AmountInterval {
  const scores = rows.actual.map((value, i) => bandScore(shape, rows.predicted[i], value));
  const group = Int32Array.from(rows.predicted, (value) => groupOf(edges, value));
  return {
    method: 'conformal-band',
    level,
    shape,
    edges,
    // 1 only matters when more than 1 − level of all rows lie under the floor, where no stretch can reach.
    factors: groupQuantiles({ scores, group, groups: edges.length + 1, weight: rows.weight }, level, 1),
    rows: rows.actual.length,
  };
}

function residualInterval(rows: CalibrationAmounts, level: number): AmountInterval {
  const side = (1 + level) / 2;
  const above = rows.actual.map((value, i) => value - rows.predicted[i]);
  const below = above.map((value) => -value);
  const ends = [below, above].map((gaps) => {
    const end = conformalQuantile(gaps, rows.weight, side);
    return Number.isFinite(end) ? end : gaps.reduce((most, gap) => Math.max(most, gap));
  });
  return {
    method: 'conformal-residual',
    level,
    low: Math.min(0, -ends[0]),
    high: Math.max(0, ends[1]),
    rows: rows.actual.length,
  };
}

/**
 * The interval of each prediction: `low ≤ prediction ≤ high`. Without a band of the model's own neither end falls as the
 * prediction rises.
 *
 * @param predicted [rows]
 * @param band      what the model says of its quantiles, for intervals fitted on it
 */
export function applyAmountInterval(
  interval: AmountInterval,
  predicted: Float64Array,
  band?: QuantileBand,
): { low: Float64Array; high: Float64Array } {
  if (interval.method === 'conformal-quantile') {
    invariant(band, 'an interval fitted on quantiles is asked without them');
    return applyConformalQuantile(interval, predicted, band);
  }
  if (interval.method === 'conformal-groups') return applyConformalGroups(interval, predicted);
  if (interval.method === 'conformal-residual') {
    return {
      low: predicted.map((value) => value + interval.low),
      high: predicted.map((value) => value + interval.high),
    };
  }
  const { shape, edges, factors } = interval;
  const low = new Float64Array(predicted.length);
  const high = new Float64Array(predicted.length);
  // A group's band may not end under that of the group below at their edge, nor begin above that of the group above.
  const least = edges.map((_, g) =>
    Math.max(...factors.slice(0, g + 1).map((factor, k) => applyShape(shape, edges[k], factor).high)),
  );
  const most = edges.map((_, g) =>
    Math.min(...factors.slice(g + 1).map((factor, k) => applyShape(shape, edges[g + k], factor).low)),
  );
  for (let i = 0; i < predicted.length; i++) {
    const g = groupOf(edges, predicted[i]);
    const band = applyShape(shape, predicted[i], factors[g]);
    high[i] = g === 0 ? band.high : Math.max(band.high, least[g - 1]);
    low[i] = g === edges.length ? band.low : Math.min(band.low, most[g]);
  }
  return { low, high };
}

/** What may be claimed of an interval, for the report. */
export function intervalGuarantee(interval: AmountInterval, laterPeriod: boolean): Name {
  const percent = Math.round(interval.level * 100);
  const n = interval.rows;
  return laterPeriod
    ? name(
        `${percent} % intervals fitted on ${n} customers of an earlier period: valid for any number of customers if the test ` +
          'period behaves like that one, which the measured coverage checks',
        `${percent}% 区间，由较早时期的 ${n} 个客户拟合：若测试期与其表现一致，则对任意样本量有效，实测覆盖率即为检验`,
      )
    : name(
        `${percent} % intervals fitted on ${n} held-out customers of the training period: not yet checked on a later period`,
        `${percent}% 区间，由训练时期留出的 ${n} 个客户拟合：尚未在更晚的时期检验`,
      );
}
