// A calibrated model as something to explain: contributions add up on the margin of the number that is shown.
import type { Frame } from '../core/frame.ts';
import { DAY_MS } from '../core/time.ts';
import { type CalibratedModel, levelValues, seasonValues, shapeValues } from '../models/calibrated.ts';
import { fromMargin } from '../models/estimator.ts';
import { carryEventAttribution } from '../models/event-attribution.ts';
import type { Predictor } from './contribution.ts';
import { carryAttribution } from './margin.ts';

/** Probabilities are kept this far from 0 and 1, so that their logit is finite. */
const EDGE = 1e-6;

/**
 * The shown prediction: calibration, level and shape are part of it. A probability is explained on its logit. An amount is
 * explained as it is, on the identity: many amounts are 0 or nearly so, and a mean of their logarithms describes nobody.
 *
 * @param asOf moment of every row, UTC ms
 */
export function calibratedPredictor(
  { model, extended, corrections }: CalibratedModel,
  asOf: number,
): Predictor {
  const asked = extended ?? model;
  const horizonMs = model.question.horizonDays * DAY_MS;
  const binary = model.question.kind === 'binary';
  const correct = (raw: Float64Array): Float64Array => {
    const moments = { asOf: new Float64Array(raw.length).fill(asOf), horizonMs };
    const shaped = shapeValues(corrections, levelValues(corrections, raw));
    const shown = extended ? shaped : seasonValues(corrections, shaped, moments);
    return binary ? shown.map(logit) : shown;
  };
  const correctMargins = (margins: Float64Array): Float64Array =>
    correct(fromMargin(asked.link, margins.slice()));
  const own: Predictor = {
    link: binary ? 'logit' : 'identity',
    inputs: asked.inputs,
    margin: async (frame) => correct(await asked.predict(frame)),
    ...(asked.cuts && { cuts: asked.cuts.bind(asked) }),
    ...(asked.attributeEvents && {
      attributeEvents: async (frame: Frame, signal?: AbortSignal) =>
        carryEventAttribution(await asked.attributeEvents!(frame, signal), correctMargins),
    }),
  };
  const attributeOwn = asked.attribute?.bind(asked);
  if (!attributeOwn) return own;
  return {
    ...own,
    margin: async (frame) => correctMargins(await asked.margin(frame)),
    attribute: async (frame) =>
      carryAttribution(await attributeOwn(frame), await asked.margin(frame), correctMargins),
  };
}

function logit(share: number): number {
  const inner = Math.min(1 - EDGE, Math.max(EDGE, share));
  return Math.log(inner) - Math.log1p(-inner);
}
