import { describe, expect, it, test } from 'vitest';
import { AppError } from '../../../core/errors.ts';
import { DAY_MS, UTC } from '../../../core/time.ts';
import { defaultView } from '../default-view.ts';
import { foldUser } from '../fold.ts';
import { featuresFromYaml, withFeatures } from './read-features.ts';

const DOCUMENT = `
features:
  - name: gift_orders_90d
    label: { en: Gift orders, zh: 礼品订单 }
    unit: count
    group: frequency
    kind: distinct
    field: order
    of: purchase
    where:
      country: [DE, AT]
      value: { at_least: 5000, less: 9000 }
      order_id: { present: true }
    within: 90d
  - name: phone_share
    label: Share of views by phone
    kind: ratio
    above: { op: count, of: view, where: { device: phone }, within: 30d }
    below: { op: count, of: view, within: 30d }
  - { name: view_trend, kind: trend, amount: { op: count, of: view }, span: 14d }
  - { name: visits, kind: session, measure: count, of: [view, search], within: 30d }
  - { name: open_carts, kind: unanswered, of: add_to_cart, answer: { of: purchase }, within: 7d }
  - name: to_anniversary
    kind: calendar
    measure: to_sales_day
    sales_days: [{ name: anniversary, month: 3, day: 1 }, { name: thanks, month: 11, weekday: 3, nth: 4 }]
  - { name: last_items, kind: sequence, field: item_id, of: purchase, limit: 20 }
  - { name: mean_gap_any, kind: rhythm, measure: mean_gap }
  - { name: first_seen, kind: tenure }
  - { name: campaign, kind: last, field: props.campaign }
`;

test('a features file becomes definitions that compute', () => {
  const features = featuresFromYaml(DOCUMENT);
  expect(features[0]).toEqual({
    name: 'gift_orders_90d',
    label: { en: 'Gift orders', zh: '礼品订单' },
    unit: 'count',
    group: 'frequency',
    rule: {
      kind: 'distinct',
      field: 'order',
      filter: {
        types: ['purchase'],
        where: [
          { field: 'country', is: 'one_of', value: ['DE', 'AT'] },
          { field: 'value', is: 'at_least', value: 5000 },
          { field: 'value', is: 'less', value: 9000 },
          { field: 'order_id', is: 'present' },
        ],
      },
      lookbackMs: 90 * DAY_MS,
    },
  });
  expect(features[1].label).toEqual({ en: 'Share of views by phone', zh: 'Share of views by phone' });
  expect(features[3].rule).toMatchObject({ gapMs: 30 * 60_000 });
  const asOf = Date.UTC(2020, 1, 20);
  const view = (item: string, at: number, device: string | null) =>
    ({ event_id: item, type: 'view', timestamp: at, user_id: 'ada', item_id: item, device }) as const;
  const bought = (item: string, country: string, price: number) =>
    ({
      event_id: item,
      type: 'purchase',
      timestamp: asOf - DAY_MS,
      user_id: 'ada',
      order_id: item,
      item_id: item,
      price_minor: price,
      country,
      props: '{"campaign":"spring"}',
    }) as const;
  const events = [
    view('v', asOf - 3 * DAY_MS, 'phone'),
    view('w', asOf - 20 * DAY_MS, null),
    bought('x', 'DE', 5000),
    bought('y', 'FR', 6000),
    bought('z', 'AT', 9000),
  ];
  const values = foldUser({ name: 'own', version: 1, features }, events, asOf, { zone: UTC });
  expect(values).toEqual([1, 0.5, 0, 2, 0, 10, ['x', 'y', 'z'], 9.5, 20, 'spring']);
});

test('own features join the default view, and one of a known name takes its place', () => {
  const [own] = featuresFromYaml('features: [{ name: frequency, kind: count, of: purchase }]');
  const [added] = featuresFromYaml('features: [{ name: clicks, kind: count, of: click }]');
  const view = withFeatures(defaultView(30), [own, added]);
  expect(view.features.length).toBe(defaultView(30).features.length + 1);
  expect(view.features[0]).toBe(own);
  expect(view.features.at(-1)).toBe(added);
});

describe('a mistake is told by its key', () => {
  const feature = (rest: string) => `features: [{ name: x, ${rest} }]`;
  it.each([
    ['features: 3', 'features: expected a list of features, got 3'],
    ['feature: []', 'features: expected a list of features, got nothing'],
    ['features: [', 'the features file is not YAML'],
    ['features: [{ kind: count }]', 'features[0].name: expected a text, got nothing'],
    ['features: [{ name: "1 x", kind: count }]', 'features[0].name: expected letters, digits and _'],
    [
      'features: [{ name: x, kind: count }, { name: x, kind: count }]',
      'features[1].name: expected a name no other',
    ],
    [feature('kind: average'), 'features[0].kind: expected one of count, sum, mean'],
    [feature('kind: count, with: 90d'), 'features[0].with: not a key here; expected one of name, label'],
    [feature('kind: count, within: ninety'), 'features[0].within: expected a span such as 90d'],
    [feature('kind: count, within: 0d'), 'features[0].within: expected a span such as 90d'],
    [feature('kind: count, of: [purchase, buy]'), 'features[0].of[1]: expected one of impression, view'],
    [feature('kind: sum'), 'features[0].field: expected a text, got nothing'],
    [feature('kind: sum, field: colour'), 'features[0]: feature "x": expected a field (value, net_value'],
    [feature('kind: sum, field: device'), 'expected a field that is a number, got "device"'],
    [feature('kind: count, where: { value: { over: 3 } }'), 'features[0].where.value: expected one of equal'],
    [
      feature('kind: count, where: { value: big }'),
      'features[0].where.value: condition on "value": expected a number',
    ],
    [feature('kind: count, where: { device: { more: a } }'), 'a text has no order'],
    [feature('kind: count, where: { colour: red }'), 'features[0].where.colour: expected a field'],
    [
      feature('kind: count, where: { device: { missing: 1 } }'),
      'features[0].where.device.missing: expected true',
    ],
    [feature('kind: ratio, above: { op: count }'), 'features[0].below: expected a mapping with op'],
    [feature('kind: trend, amount: { op: count }'), 'features[0].span: expected a span such as 30d'],
    [
      feature('kind: trend, amount: { op: count, within: 3d }, span: 3d'),
      'features[0].amount.within: not a key here',
    ],
    [feature('kind: session, measure: sum'), 'features[0].measure: expected one of count, minutes'],
    [feature('kind: sequence, field: item_id'), 'features[0].limit: expected a whole number from 1 to 1000'],
    [
      feature('kind: calendar, measure: to_sales_day, sales_days: [{ name: a, month: 13 }]'),
      'sales_days[0].month',
    ],
    [feature('kind: count, unit: euro'), 'features[0].unit: expected one of count, days'],
    [feature('kind: count, label: { en: a }'), 'features[0].label.zh: expected a text'],
  ])('%s', (text, message) => {
    let thrown: unknown;
    try {
      featuresFromYaml(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(AppError);
    expect((thrown as AppError).code).toBe('BAD_DEFINITION');
    expect((thrown as AppError).message).toContain(message);
  });
});
