// A calibrated model as something to explain: contributions add up on the margin of the number that is shown.

import { DAY_MS } from '../core/time.ts';
import { type CalibratedModel, levelValues, shapeValues } from '../models/calibrated.ts';
import { fromMargin, type Link } from '../models/estimator.ts';
import type { Predictor } from './contribution.ts';
import { carryAttribution } from './margin.ts';

/** Probabilities and amounts are kept this far from where their logarithm ends. */
const EDGE = 1e-6;

/**
 * The shown prediction on its link's scale: calibration, level and shape are part of it.
 *
 * @param asOf moment of every row, UTC ms
 */
export function calibratedPredictor(
  { model, extended, corrections }: CalibratedModel,
  asOf: number,
): Predictor {
  const asked = extended ?? model;
  const { link } = asked;
  const horizonMs = model.question.horizonDays * DAY_MS;
  const correct = (raw: Float64Array) => {
    const moments = { asOf: new Float64Array(raw.length).fill(asOf), horizonMs };
    return toMargin(link, shapeValues(corrections, levelValues(corrections, raw, moments)));
  };
  const correctMargins = (margins: Float64Array) => correct(fromMargin(link, margins.slice()));
  const own: Predictor = {
    link,
    inputs: asked.inputs,
    margin: async (frame) => correct(await asked.predict(frame)),
  };
  if (!asked.attribute) return own;
  const attribute: NonNullable<Predictor['attribute']> = async (frame) => {
    const attribution = await (asked.attribute as NonNullable<typeof asked.attribute>)(frame);
    return carryAttribution(attribution, await asked.margin(frame), correctMargins);
  };
  return { ...own, margin: async (frame) => correctMargins(await asked.margin(frame)), attribute };
}

function toMargin(link: Link, values: Float64Array): Float64Array {
  if (link === 'identity') return values;
  if (link === 'log') return values.map((amount) => Math.log(Math.max(EDGE, amount)));
  return values.map((share) => {
    const inner = Math.min(1 - EDGE, Math.max(EDGE, share));
    return Math.log(inner) - Math.log1p(-inner);
  });
}
