// What events are worth to several models as one: what they are worth to each that reads them, on the scale that is summed.
import type { Frame } from '../../core/frame.ts';
import { fromMargin, type Link, type Model } from '../estimator.ts';
import { carryEventAttribution, type EventAttribution, sumEventAttributions } from '../event-attribution.ts';
import { opinionOf } from './opinion.ts';

/**
 * Members that read no events stand in the base: whatever was done when, they say the same.
 *
 * @param link of the sum; members that speak on another are carried over
 */
export async function attributeEnsembleEvents(
  members: readonly { readonly model: Model; readonly weight: number }[],
  { link, intercept }: { readonly link: Link; readonly intercept: number },
  frame: Frame,
  signal?: AbortSignal,
): Promise<EventAttribution> {
  const parts = [];
  const others = new Float64Array(frame.rows).fill(intercept);
  for (const { model, weight } of members) {
    if (model.attributeEvents) {
      const own = await model.attributeEvents(frame, signal);
      const attribution =
        link === model.link ? own : carryEventAttribution(own, (margins) => fromMargin(model.link, margins));
      parts.push({ attribution, weight });
    } else {
      const opinion = await opinionOf(model, frame, link);
      for (let row = 0; row < others.length; row++) others[row] += weight * opinion[row];
    }
  }
  const sum = sumEventAttributions(parts);
  return {
    ...sum,
    base: sum.base.map((base, row) => base + others[row]),
    margins: sum.margins.map((margin, row) => margin + others[row]),
  };
}
