// A table's model as something to explain: contributions add up on the margin of the number that is shown.
import { AppError } from '../core/errors.ts';
import type { Frame } from '../core/frame.ts';
import { type Attribution, fromMargin } from '../models/estimator.ts';
import { correctValues, type TableModel } from '../models/table-model.ts';
import { classAttribution } from './class-attribution.ts';
import type { Predictor } from './contribution.ts';
import { carryAttribution } from './margin.ts';

/** Probabilities are kept this far from 0 and 1, so that their logit is finite. */
const EDGE = 1e-6;

/**
 * A probability is explained on the logit of its calibrated value, an amount as it is.
 *
 * @param own the class whose probability is explained, of classes alone
 * @throws AppError USAGE for classes without `own`: there is no single number to explain
 */
export function tablePredictor(table: TableModel, own?: number): Predictor {
  const { model } = table;
  const { kind, classes = 2 } = model.question;
  if (kind === 'classes') {
    if (own === undefined || own < 0 || own >= classes)
      throw new AppError('USAGE', `expected the class to explain, 0 to ${classes - 1}, got ${own ?? 'none'}`);
    return classPredictor(table, own);
  }
  const correct = (raw: Float64Array): Float64Array => {
    const value = correctValues(table, raw);
    return kind === 'binary' ? value.map(logit) : value;
  };
  const plain = plainPredictor(table, correct);
  const attribute = model.attribute?.bind(model);
  if (!attribute) return plain;
  const correctMargins = (margins: Float64Array) => correct(fromMargin(model.link, margins.slice()));
  return {
    ...plain,
    margin: async (frame) => correctMargins(await model.margin(frame)),
    attribute: async (frame) =>
      carryAttribution(await attribute(frame), await model.margin(frame), correctMargins),
  };
}

/** The logit of one class's probability. */
function classPredictor(table: TableModel, own: number): Predictor {
  const { model } = table;
  const { classes = 2 } = model.question;
  const correct = (raw: Float64Array): Float64Array => {
    const value = correctValues(table, raw);
    return Float64Array.from({ length: raw.length / classes }, (_, row) => logit(value[row * classes + own]));
  };
  const plain = plainPredictor(table, correct);
  const attribute = model.attribute?.bind(model);
  if (!attribute) return plain;
  const correctMargins = (margins: Float64Array) => correct(fromMargin(model.link, margins.slice(), classes));
  return {
    ...plain,
    margin: async (frame) => correctMargins(await model.margin(frame)),
    attribute: async (frame: Frame) => {
      const each: Attribution[] = [];
      for (let k = 0; k < classes; k++) each.push(await attribute(frame, k));
      return classAttribution(each, correctMargins);
    },
  };
}

/** @param correct what a model says as the margin that is shown */
const plainPredictor = ({ model }: TableModel, correct: (raw: Float64Array) => Float64Array): Predictor => ({
  link: model.question.kind === 'amount' ? 'identity' : 'logit',
  inputs: model.inputs,
  margin: async (frame) => correct(await model.predict(frame)),
  ...(model.cuts && { cuts: model.cuts.bind(model) }),
});

function logit(share: number): number {
  const inner = Math.min(1 - EDGE, Math.max(EDGE, share));
  return Math.log(inner) - Math.log1p(-inner);
}
