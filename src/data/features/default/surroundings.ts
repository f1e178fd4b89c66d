// The default view's features of time and person: the shop's calendar, and where a customer comes from.
import { name } from '../../../core/name.ts';
import type { FeatureDefinition } from '../definition.ts';

/** The shop's calendar on the day of the prediction. */
export function calendarFeatures(): FeatureDefinition[] {
  const calendar = (
    featureName: string,
    label: FeatureDefinition['label'],
    rule: FeatureDefinition['rule'],
    unit: FeatureDefinition['unit'] = 'none',
  ) => ({ name: featureName, label, unit, group: 'calendar', rule }) as const;
  return [
    calendar('month', name('Month', '月份'), { kind: 'calendar', measure: 'month' }),
    calendar('weekday', name('Day of the week', '星期'), { kind: 'calendar', measure: 'weekday' }),
    calendar(
      'year_sin',
      name('Season (sine)', '季节（正弦）'),
      { kind: 'calendar', measure: 'year_sin' },
      'score',
    ),
    calendar(
      'year_cos',
      name('Season (cosine)', '季节（余弦）'),
      { kind: 'calendar', measure: 'year_cos' },
      'score',
    ),
    calendar(
      'to_sales_day',
      name('Days to the next sales day', '距下一个大促的天数'),
      { kind: 'calendar', measure: 'to_sales_day' },
      'days',
    ),
    calendar(
      'since_sales_day',
      name('Days since the last sales day', '距上一个大促的天数'),
      { kind: 'calendar', measure: 'since_sales_day' },
      'days',
    ),
  ];
}

/** Who they are: how long known, and where they come from. */
export function profileFeatures(): FeatureDefinition[] {
  const latest = (field: string, label: FeatureDefinition['label']): FeatureDefinition => ({
    name: field,
    label,
    unit: 'none',
    group: 'tenure',
    rule: { kind: 'last', field, filter: {} },
  });
  return [
    {
      name: 'days_known',
      label: name('Days since first seen', '距首次出现的天数'),
      unit: 'days',
      group: 'tenure',
      rule: { kind: 'tenure', clock: 'calendar', filter: {} },
    },
    latest('country', name('Country', '国家')),
    latest('channel', name('Channel', '渠道')),
    latest('device', name('Device', '设备')),
  ];
}
