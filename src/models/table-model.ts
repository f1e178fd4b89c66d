// A model of any table made honest: probabilities calibrated, amounts with a range, classes with a likeliest one.
import type { Frame } from '../core/frame.ts';
import { applyCalibrator, type Calibrator } from '../eval/calibration/calibrator.ts';
import { applyClassCalibrator, type ClassCalibrator } from '../eval/calibration/class-calibrator.ts';
import { type VennAbers, vennAbersInterval } from '../eval/calibration/venn-abers.ts';
import { type AmountInterval, applyAmountInterval } from '../eval/conformal.ts';
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

export const answerTable = async (table: TableModel, frame: Frame): Promise<TableAnswers> =>
  correctAnswers(table, await table.model.predict(frame));

/** @param raw what the model itself says, [rows] or [rows, classes] */
export function correctAnswers(
  { model, corrections }: Pick<TableModel, 'corrections'> & { model: Pick<Model, 'question'> },
  raw: Float64Array,
): TableAnswers {
  const { kind, classes = 2 } = model.question;
  if (kind === 'classes') {
    const { classCalibrator } = corrections;
    const value = classCalibrator ? applyClassCalibrator(classCalibrator, raw, classes) : raw;
    return { value, called: likeliest({ classes, predicted: value }) };
  }
  if (kind === 'amount') {
    if (!corrections.interval) return { value: raw };
    const { low, high } = applyAmountInterval(corrections.interval, raw);
    return {
      value: raw,
      low: low.map((end, i) => Math.min(end, raw[i])),
      high: high.map((end, i) => Math.max(end, raw[i])),
    };
  }
  const value = corrections.calibrator ? applyCalibrator(corrections.calibrator, raw) : raw;
  const threshold = corrections.threshold ?? 0.5;
  const ends = corrections.pair ? vennAbersInterval(corrections.pair, raw, value) : {};
  return { value, ...ends, called: Int32Array.from(value, (p) => (p >= threshold ? 1 : 0)) };
}
