// Windows no longer than the history behind the earliest training moment: "all time" must mean the same at every moment.
import { name } from '../core/name.ts';
import { DAY_MS } from '../core/time.ts';
import type { FeatureDefinition, FeatureView } from '../data/features/definition.ts';

/**
 * The view with open windows closed at `historyMs` and longer ones left out.
 *
 * A total over all time grows with the log. Learned where the log was a hundred days long and asked where it is two
 * hundred, it would promise twice the purchases. Rules about a customer's own age and rhythm keep all of history: they
 * are measured from the customer's first event, not from the log's; and a visit has an end of its own.
 */
export function boundView(
  view: FeatureView,
  historyMs: number,
): {
  readonly view: FeatureView;
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
} {
  const leftOut: { name: string; reason: string }[] = [];
  const features: FeatureDefinition[] = [];
  const days = Math.max(1, Math.floor(historyMs / DAY_MS));
  for (const feature of view.features) {
    const { rule } = feature;
    if (feature.of === 'visit') features.push(feature);
    else if ('lookbackMs' in rule && rule.lookbackMs !== undefined && rule.lookbackMs > historyMs) {
      leftOut.push({
        name: feature.name,
        reason: 'its window is longer than the history behind the first training moment',
      });
    } else if (OPEN_TOTALS.has(rule.kind) && !('lookbackMs' in rule && rule.lookbackMs !== undefined)) {
      const label = name(`${feature.label.en} (last ${days} days)`, `${feature.label.zh}（最近 ${days} 天）`);
      features.push({ ...feature, label, rule: { ...rule, lookbackMs: days * DAY_MS } as typeof rule });
    } else {
      features.push(feature);
    }
  }
  return { view: { ...view, features }, leftOut };
}

/** Rules whose value over all time grows as the log does. */
const OPEN_TOTALS: ReadonlySet<string> = new Set([
  'count',
  'sum',
  'distinct',
  'max',
  'min',
  'unanswered',
  'session',
]);
