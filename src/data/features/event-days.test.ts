// The days of events stand beside the events models read, and nowhere else.
import { describe, expect, it } from 'vitest';
import { EVENT_DAYS, MOST_EVENT_DAYS } from '../../core/event-sequences.ts';
import { DAY_MS } from '../../core/time.ts';
import { eventFeatures } from './default/events.ts';
import type { FeatureView } from './definition.ts';
import { withEventDays } from './event-days.ts';

const viewOf = (features: FeatureView['features']): FeatureView => ({ name: 'own', version: 1, features });

describe('a view with the days of events', () => {
  it('tells them of the very events the others tell, cut at the midnights before the moment', () => {
    const now = Date.UTC(2026, 4, 10, 7, 30);
    const view = withEventDays(viewOf(eventFeatures()), now);
    const days = view.features.at(-1);
    const [types] = eventFeatures();
    expect(days?.name).toBe(EVENT_DAYS);
    if (days?.rule.kind !== 'sequence' || types.rule.kind !== 'sequence')
      throw new Error('expected sequences');
    expect([days.rule.filter, days.rule.limit, days.rule.keepMissing]).toEqual([
      ...[types.rule.filter, types.rule.limit, types.rule.keepMissing],
    ]);
    expect(days.rule).toMatchObject({ field: 'timestamp', measure: 'age' });
    const cuts = days.rule.cuts ?? [];
    expect(cuts.length).toBe(MOST_EVENT_DAYS + 1);
    expect(now - cuts[0]).toBe(Date.UTC(2026, 4, 10));
    expect(now - cuts[1]).toBe(Date.UTC(2026, 4, 9));
    expect(cuts[9] - cuts[8]).toBe(DAY_MS);
  });

  it('is as it was without events', () => {
    const view = viewOf([]);
    expect(withEventDays(view, 0)).toBe(view);
  });
});
