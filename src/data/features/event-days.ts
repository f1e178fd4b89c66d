// The days of the newest events, beside what models read of them: asked for where one customer's answer is told in words.
import { EVENT_DAYS, EVENT_SEQUENCES, MOST_EVENT_DAYS } from '../../core/event-sequences.ts';
import { name } from '../../core/name.ts';
import { DAY_MS } from '../../core/time.ts';
import type { FeatureView } from './definition.ts';

/** The view with one more column, in step with its event columns; as it is where it has none. Days are those of UTC. */
export function withEventDays(view: FeatureView, asOfMs: number): FeatureView {
  const types = view.features.find((feature) => feature.name === EVENT_SEQUENCES.types);
  if (types?.rule.kind !== 'sequence') return view;
  const { field: _field, measure: _measure, cuts: _cuts, ...sameEvents } = types.rule;
  const sinceMidnight = ((asOfMs % DAY_MS) + DAY_MS) % DAY_MS;
  const cuts = Array.from({ length: MOST_EVENT_DAYS + 1 }, (_, days) => sinceMidnight + days * DAY_MS);
  return {
    ...view,
    features: [
      ...view.features,
      {
        ...types,
        name: EVENT_DAYS,
        label: name('Days of the newest events', '最近行为的日期'),
        rule: { ...sameEvents, field: 'timestamp', measure: 'age', cuts },
      },
    ],
  };
}
