// The view a shop starts with: how recently, how often, how much, in what rhythm, and what surrounds the buying.

import type { ExampleEntity } from '../entity.ts';
import { basketFeatures, rangeFeatures, returnFeatures } from './default/baskets.ts';
import { browsingFeatures } from './default/browsing.ts';
import { historyFeatures, rhythmFeatures, windowFeatures } from './default/buying.ts';
import { eventFeatures } from './default/events.ts';
import { categoryFeatures, itemFeatures, pairFeatures, windowsWithin } from './default/product.ts';
import { calendarFeatures, profileFeatures } from './default/surroundings.ts';
import { visitFeatures, visitorFeatures } from './default/visit.ts';
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

/**
 * The same view with the newest events of each customer beside it, for models that read what was done in order; of a visit
 * those up to the moment, the visit's own among them.
 */
export function withEvents(view: FeatureView, entity: ExampleEntity = 'user'): FeatureView {
  const events = eventFeatures();
  const told = entity === 'session' ? events.map((each) => ({ ...each, of: 'visitor' as const })) : events;
  return { ...view, features: [...view.features, ...told] };
}

export interface ViewSpan {
  readonly horizonDays: number;
  /** Behind the earliest moment anything is learned at; no window is longer. */
  readonly historyDays: number;
}

/** The view a question starts with, by what its examples are. */
export function startingView(entity: ExampleEntity, span: ViewSpan): FeatureView {
  switch (entity) {
    case 'user':
      return defaultView(span.horizonDays);
    case 'session':
      return visitView(span);
    case 'user_item':
      return pairView(span);
  }
}

/** A moment within a visit: the visit so far, the visitor before it, and the item met last. */
function visitView({ historyDays }: ViewSpan): FeatureView {
  const windows = windowsWithin(historyDays);
  return {
    name: 'visit',
    version: 1,
    features: [
      ...visitFeatures(),
      ...visitorFeatures(windows),
      ...pairFeatures(windows),
      ...itemFeatures(windows),
    ],
  };
}

/** A customer and an item: both, each alone, and the item's category. */
function pairView({ horizonDays, historyDays }: ViewSpan): FeatureView {
  const windows = windowsWithin(historyDays);
  return {
    name: `pair-${horizonDays}d`,
    version: 1,
    features: [
      ...pairFeatures(windows),
      ...categoryFeatures(windows),
      ...itemFeatures(windows),
      ...defaultView(horizonDays).features,
    ],
  };
}
