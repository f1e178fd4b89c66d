// The view a shop starts with: how recently, how often, how much, in what rhythm, and what surrounds the buying.
import { basketFeatures, rangeFeatures, returnFeatures } from './default/baskets.ts';
import { browsingFeatures } from './default/browsing.ts';
import { historyFeatures, rhythmFeatures, windowFeatures } from './default/buying.ts';
import { eventFeatures } from './default/events.ts';
import { calendarFeatures, profileFeatures } from './default/surroundings.ts';
import type { FeatureView } from './definition.ts';

/**
 * The default view of a question about the next `horizonDays` days. Features a shop's data cannot feed are left out by
 * `viewFor`.
 */
export function defaultView(horizonDays: number): FeatureView {
  return {
    name: `customer-${horizonDays}d`,
    version: 1,
    features: [
      ...historyFeatures(),
      ...windowFeatures(horizonDays),
      ...rhythmFeatures(),
      ...basketFeatures(),
      ...rangeFeatures(),
      ...returnFeatures(),
      ...browsingFeatures(),
      ...calendarFeatures(),
      ...profileFeatures(),
    ],
  };
}

/** The same view with the newest events of each customer beside it, for models that read what was done in order. */
export function withEvents(view: FeatureView): FeatureView {
  return { ...view, features: [...view.features, ...eventFeatures()] };
}
