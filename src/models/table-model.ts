// A model of any table made honest: probabilities calibrated, amounts with a range, classes with a likeliest one.
import { invariant } from '../core/errors.ts';
import type { Frame } from '../core/frame.ts';
import { applyCalibrator, type Calibrator } from '../eval/calibration/calibrator.ts';
import { applyClassCalibrator, type ClassCalibrator } from '../eval/calibration/class-calibrator.ts';
import { type VennAbers, vennAbersInterval } from '../eval/calibration/venn-abers.ts';
import { type AmountInterval, applyAmountInterval } from '../eval/conformal.ts';
import type { QuantileBand } from '../eval/conformal-quantile.ts';
import { likeliest } from '../eval/metrics/classes.ts';
import type { Model } from './estimator.ts';

/** Learned from what the model said of rows it had not seen; plain JSON. */
export interface TableCorrections {
  /** Binary only. */
  readonly calibrator?: Calibrator;
  /** Classes only. */
  readonly classCalibrator?: ClassCalibrator;
  /** Between which two calibrated probabilities the true one lies; binary only, absent with too few of either outcome. */
  readonly pair?: VennAbers;
  /** A probability from here on is called a yes; binary only. */
  readonly threshold?: number;
  /** Amounts only; absent with too few rows for a finite one. */
  readonly interval?: AmountInterval;
}

export interface TableModel {
  readonly model: Model;
  readonly corrections: TableCorrections;
}

/** Row i of everything belongs to row i of the frame. */
export interface TableAnswers {
  /** Probability or amount, [rows]; of classes their probabilities, [rows, classes] */
  readonly value: Float64Array;
  readonly low?: Float64Array;
  readonly high?: Float64Array;
  /** 1 for a yes, or the number of the likeliest class, [rows]; not for amounts. */
  readonly called?: Int32Array;
}

export async function answerTable({ model, corrections }: TableModel, frame: Frame): Promise<TableAnswers> {
  const raw = await model.predict(frame);
  if (corrections.interval?.method !== 'conformal-quantile')
    return correctAnswers({ model, corrections }, raw);
  invariant(model.band, 'a range fitted on quantiles belongs to a model that has them');
  return correctAnswers({ model, corrections }, raw, await model.band(frame));
}

type Corrected = Pick<TableModel, 'corrections'> & { readonly model: Pick<Model, 'question'> };

/**
 * @param raw  what the model itself says, [rows] or [rows, classes]
 * @param band what it says of its quantiles, for ranges fitted on them
 */
export function correctAnswers(
  { model, corrections }: Corrected,
  raw: Float64Array,
  band?: QuantileBand,
): TableAnswers {
  const value = correctValues({ model, corrections }, raw);
  const { kind, classes = 2 } = model.question;
  if (kind === 'classes') return { value, called: likeliest({ classes, predicted: value }) };
  if (kind === 'amount') {
    if (!corrections.interval) return { value };
    const { low, high } = applyAmountInterval(corrections.interval, value, band);
    return {
      value,
      low: low.map((end, i) => Math.min(end, value[i])),
      high: high.map((end, i) => Math.max(end, value[i])),
    };
  }
  const threshold = corrections.threshold ?? 0.5;
  const ends = corrections.pair ? vennAbersInterval(corrections.pair, raw, value) : {};
  return { value, ...ends, called: Int32Array.from(value, (p) => (p >= threshold ? 1 : 0)) };
}

/** What is shown, without a range or a name: calibrated probabilities, amounts as they are. */
export function correctValues({ model, corrections }: Corrected, raw: Float64Array): Float64Array {
  const { calibrator, classCalibrator } = corrections;
  if (classCalibrator) return applyClassCalibrator(classCalibrator, raw, model.question.classes ?? 2);
  return calibrator ? applyCalibrator(calibrator, raw) : raw;
}
