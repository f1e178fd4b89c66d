// A table's model as something to explain: contributions add up on the margin of the number that is shown.
import { AppError } from '../core/errors.ts';
import { fromMargin } from '../models/estimator.ts';
import { correctAnswers, type TableModel } from '../models/table-model.ts';
import type { Predictor } from './contribution.ts';
import { carryAttribution } from './margin.ts';

/** Probabilities are kept this far from 0 and 1, so that their logit is finite. */
const EDGE = 1e-6;

/**
 * A probability is explained on the logit of its calibrated value, an amount as it is.
 *
 * @throws AppError USAGE for classes: there is no single number to explain
 */
export function tablePredictor(table: TableModel): Predictor {
  const { model } = table;
  const { kind } = model.question;
  if (kind === 'classes')
    throw new AppError(
      'USAGE',
      'reasons are told of one number; a prediction among classes has one for each of them',
    );
  const correct = (raw: Float64Array): Float64Array => {
    const { value } = correctAnswers(table, raw);
    return kind === 'binary' ? value.map(logit) : value;
  };
  const own: Predictor = {
    link: kind === 'binary' ? 'logit' : 'identity',
    inputs: model.inputs,
    margin: async (frame) => correct(await model.predict(frame)),
    ...(model.cuts && { cuts: model.cuts.bind(model) }),
  };
  const attribute = model.attribute?.bind(model);
  if (!attribute) return own;
  const correctMargins = (margins: Float64Array) => correct(fromMargin(model.link, margins.slice()));
  return {
    ...own,
    margin: async (frame) => correctMargins(await model.margin(frame)),
    attribute: async (frame) =>
      carryAttribution(await attribute(frame), await model.margin(frame), correctMargins),
  };
}

function logit(share: number): number {
  const inner = Math.min(1 - EDGE, Math.max(EDGE, share));
  return Math.log(inner) - Math.log1p(-inner);
}
