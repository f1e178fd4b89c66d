// A model made honest: its probabilities calibrated, its amounts brought to level and given intervals and tiers.
import { invariant } from '../core/errors.ts';
import type { Frame } from '../core/frame.ts';
import { DAY_MS } from '../core/time.ts';
import type { AmountCurve } from '../eval/amount-curve.ts';
import { type AmountShape, applyAmountShape } from '../eval/amount-shape.ts';
import { applyCalibrator, type Calibrator } from '../eval/calibration/calibrator.ts';
import { type VennAbers, vennAbersInterval } from '../eval/calibration/venn-abers.ts';
import { type AmountInterval, applyAmountInterval } from '../eval/conformal.ts';
import type { QuantileBand } from '../eval/conformal-quantile.ts';
import { applyLevel, type LevelCorrection } from '../eval/level.ts';
import { type Season, seasonalChanges } from '../eval/season/season.ts';
import { applyTiers, type Tier, type TierThresholds } from '../eval/tiers.ts';
import { typicalAmounts } from '../eval/typical-amount.ts';
import type { Model } from './estimator.ts';

/** What was learned on calibration data about a model's answers; plain JSON. */
export interface Corrections {
  /** Probabilities only. */
  readonly calibrator?: Calibrator;
  /** Probabilities only, of the model's own answer; absent with too few of either outcome to say anything. */
  readonly probabilityInterval?: VennAbers;
  /** A probability from here on is called a yes. */
  readonly threshold?: number;
  /** Amounts only. */
  readonly level?: LevelCorrection;
  /** Amounts only: everything else was learned on amounts of an ordinary season; answers are brought back into theirs. */
  readonly season?: Season;
  /** Amounts only: closest in absolute error at the same total. */
  readonly shape?: AmountShape;
  /** Amounts only: the median of customers with such an amount, before it was shaped. */
  readonly typical?: AmountCurve;
  /** Amounts only, of the amount before it was shaped; absent with too few calibration examples for a finite one. */
  readonly interval?: AmountInterval;
  readonly tiers?: TierThresholds;
}

export interface CalibratedModel {
  /** Answers over the horizon it was checked on. */
  readonly model: Model;
  /** The same model over a longer horizon than could be checked; intervals are stretched in proportion. */
  readonly extended?: Model;
  readonly corrections: Corrections;
}

/** Row i of everything belongs to one example, [rows]. */
export interface Forecast {
  /** Probability in [0, 1], or amount of at least 0. */
  readonly value: Float64Array;
  /** The model's answer before correction: tells apart those a calibration made equal. */
  readonly raw: Float64Array;
  /** Where the amount is expected to lie, or between which two calibrated probabilities; `intervalMethod` says which. */
  readonly low?: Float64Array;
  readonly high?: Float64Array;
  /** Half of such customers spend more, half less: for one customer's sake, never to be summed. Not over a longer horizon. */
  readonly typical?: Float64Array;
  readonly tier?: readonly Tier[];
}

/** How `low` and `high` are made, as prediction files name it. */
export const intervalMethod = ({ interval, probabilityInterval }: Corrections): string | undefined =>
  interval?.method ?? (probabilityInterval ? 'venn-abers' : undefined);

/**
 * Asks the model and corrects its answers.
 *
 * @param asOf UTC ms, [rows]; the season of a level correction depends on it
 */
export async function forecast(
  calibrated: CalibratedModel,
  frame: Frame,
  asOf: Float64Array,
): Promise<Forecast> {
  const { model, extended, corrections } = calibrated;
  const moments = { asOf, horizonMs: model.question.horizonDays * DAY_MS };
  const raw = await model.predict(frame);
  const levelled = levelValues(corrections, raw);
  const checked = shapeValues(corrections, levelled);
  const band =
    corrections.interval?.method === 'conformal-quantile'
      ? levelBand(corrections, await bandOf(model, frame))
      : undefined;
  const interval = intervalAround(corrections, { raw, levelled, value: checked, band });
  const tier = corrections.tiers ? applyTiers(corrections.tiers, checked) : undefined;
  const typical = corrections.typical && between(interval, typicalAmounts(corrections.typical, levelled));
  const inSeason = (values: Float64Array) => seasonValues(corrections, values, moments);
  if (!extended) {
    return {
      value: inSeason(checked),
      raw,
      ...(interval ? { low: inSeason(interval.low), high: inSeason(interval.high) } : {}),
      ...(typical ? { typical: inSeason(typical) } : {}),
      ...(tier ? { tier } : {}),
    };
  }
  const value = shapeValues(corrections, levelValues(corrections, await extended.predict(frame)));
  const stretch = (end: Float64Array) =>
    end.map((bound, i) => (checked[i] > 0 ? (bound * value[i]) / checked[i] : bound));
  return {
    value,
    raw,
    // The two probabilities of one horizon say nothing of another.
    ...(interval && corrections.interval ? { low: stretch(interval.low), high: stretch(interval.high) } : {}),
    ...(tier ? { tier } : {}),
  };
}

/** An amount's interval belongs to it before shaping; either kind is widened where the value would fall outside. */
function intervalAround(
  { interval, probabilityInterval }: Corrections,
  answer: { raw: Float64Array; levelled: Float64Array; value: Float64Array; band?: QuantileBand },
): QuantileBand | undefined {
  const { raw, levelled, value, band } = answer;
  if (probabilityInterval) return vennAbersInterval(probabilityInterval, raw, value);
  if (!interval) return undefined;
  const { low, high } = applyAmountInterval(interval, levelled, band);
  return {
    low: low.map((end, i) => Math.min(end, value[i])),
    high: high.map((end, i) => Math.max(end, value[i])),
  };
}

const between = (interval: QuantileBand | undefined, values: Float64Array): Float64Array =>
  interval ? values.map((value, i) => Math.max(interval.low[i], Math.min(interval.high[i], value))) : values;

function bandOf(model: Model, frame: Frame): Promise<QuantileBand> {
  invariant(model.band, 'an interval fitted on quantiles belongs to a model that has them');
  return model.band(frame);
}

/** A model's quantiles at the level of its corrected amounts, and not below 0. */
export const levelBand = (corrections: Corrections, { low, high }: QuantileBand): QuantileBand => ({
  low: levelValues(corrections, low),
  high: levelValues(corrections, high),
});

/** The moment of each row beside the horizon they share. */
export interface RowMoments {
  /** UTC ms, [rows] */
  readonly asOf: Float64Array;
  readonly horizonMs: number;
}

/** Calibrated probabilities, or amounts at their level and not below 0, [rows]. */
export function levelValues(corrections: Corrections, raw: Float64Array): Float64Array {
  if (corrections.calibrator) return applyCalibrator(corrections.calibrator, raw);
  const { level } = corrections;
  const levelled = level ? applyLevel(level, raw) : raw;
  return levelled.map((amount) => Math.max(0, amount));
}

/** Amounts of an ordinary season as they are in the rows' own, [rows]. */
export function seasonValues(
  { season }: Corrections,
  values: Float64Array,
  { asOf, horizonMs }: RowMoments,
): Float64Array {
  if (!season) return values;
  const factors = seasonalChanges(season, asOf, horizonMs);
  return values.map((value, row) => value * factors[row]);
}

/** Amounts in their final shape; probabilities as they are, [rows]. */
export const shapeValues = (corrections: Corrections, levelled: Float64Array): Float64Array =>
  corrections.shape ? applyAmountShape(corrections.shape, levelled) : levelled;
