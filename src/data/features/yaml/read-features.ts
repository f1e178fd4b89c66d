// Features a shop declares itself, in YAML: read, checked, and every complaint names the key it is about.
import { parse } from 'yaml';
import { AppError } from '../../../core/errors.ts';
import type { Unit } from '../../../core/frame.ts';
import type { Name } from '../../../core/name.ts';
import type { SalesDay } from '../calendar.ts';
import {
  type Amount,
  type EventFilter,
  FEATURE_GROUPS,
  type FeatureDefinition,
  type FeatureGroup,
  type FeatureRule,
  type FeatureView,
} from '../definition.ts';
import { planView } from '../plan.ts';
import { FILTER_KEYS, readFilter } from './filter.ts';
import {
  allowKeys,
  child,
  complain,
  isMapping,
  itemsOf,
  spanOf,
  textOf,
  wholeOf,
  wordOf,
  type YamlNode,
} from './node.ts';

type Kind = FeatureRule['kind'];

const UNITS: readonly Unit[] = ['count', 'days', 'money', 'share', 'score', 'none'];
const GROUPS = Object.keys(FEATURE_GROUPS) as FeatureGroup[];

/** The keys of each kind, besides `name label unit group kind`, and what unit and group stand when none is given. */
const KINDS: Readonly<Record<Kind, { keys: readonly string[]; unit: Unit; group: FeatureGroup }>> = {
  count: { keys: [...FILTER_KEYS, 'within'], unit: 'count', group: 'frequency' },
  sum: { keys: ['field', ...FILTER_KEYS, 'within'], unit: 'score', group: 'monetary' },
  mean: { keys: ['field', ...FILTER_KEYS, 'within'], unit: 'score', group: 'monetary' },
  min: { keys: ['field', ...FILTER_KEYS, 'within'], unit: 'score', group: 'monetary' },
  max: { keys: ['field', ...FILTER_KEYS, 'within'], unit: 'score', group: 'monetary' },
  distinct: { keys: ['field', ...FILTER_KEYS, 'within'], unit: 'count', group: 'category' },
  last: { keys: ['field', ...FILTER_KEYS, 'within'], unit: 'none', group: 'category' },
  first: { keys: ['field', ...FILTER_KEYS, 'within'], unit: 'none', group: 'category' },
  recency: { keys: ['clock', ...FILTER_KEYS, 'within'], unit: 'days', group: 'recency' },
  tenure: { keys: ['clock', ...FILTER_KEYS, 'within'], unit: 'days', group: 'tenure' },
  ratio: { keys: ['above', 'below'], unit: 'share', group: 'basket' },
  trend: { keys: ['amount', 'span'], unit: 'score', group: 'trend' },
  rhythm: { keys: ['measure', ...FILTER_KEYS], unit: 'score', group: 'rhythm' },
  session: { keys: ['measure', 'silence', ...FILTER_KEYS, 'within'], unit: 'count', group: 'engagement' },
  unanswered: { keys: [...FILTER_KEYS, 'answer', 'within'], unit: 'count', group: 'engagement' },
  history: { keys: ['measure', ...FILTER_KEYS], unit: 'score', group: 'frequency' },
  calendar: { keys: ['measure', 'sales_days'], unit: 'none', group: 'calendar' },
  sequence: { keys: ['field', ...FILTER_KEYS, 'within', 'limit'], unit: 'none', group: 'category' },
};

const KIND_NAMES = Object.keys(KINDS) as Kind[];

/**
 * Reads a `features:` list.
 *
 * ```yaml
 * features:
 *   - name: gift_orders_90d              # letters, digits and _, unique
 *     label: { en: Gift orders, zh: 礼品订单 }   # or one text for both; the name when absent
 *     unit: count                        # count days money share score none
 *     group: frequency                   # one of the groups of definition.ts
 *     kind: distinct                     # what it computes: a kind of definition.ts
 *     field: order                       # a field of fields.ts, or props.NAME
 *     of: purchase                       # an event type or a list of them; every type when absent
 *     where:                             # all must hold; money in minor units
 *       category: gifts                  # equal
 *       country: [DE, AT]                # one of
 *       value: { at_least: 5000 }        # equal not_equal one_of less at_most more at_least present missing
 *     within: 90d                        # (asOf − 90 d, asOf]; all history when absent
 *   - name: phone_share
 *     kind: ratio
 *     above: { op: count, of: view, where: { device: phone }, within: 30d }
 *     below: { op: count, of: view, within: 30d }
 *   - { name: view_trend, kind: trend, amount: { op: count, of: view }, span: 14d }
 *   - { name: visits, kind: session, measure: count, silence: 30m, of: [view, search], within: 30d }
 *   - { name: open_carts, kind: unanswered, of: add_to_cart, answer: { of: purchase }, within: 7d }
 *   - name: to_anniversary
 *     kind: calendar
 *     measure: to_sales_day
 *     sales_days: [{ name: anniversary, month: 3, day: 1 }]
 * ```
 *
 * @param text a YAML document with the list under `features`
 * @throws AppError BAD_DEFINITION naming the key
 */
export function featuresFromYaml(text: string): FeatureDefinition[] {
  let document: unknown;
  try {
    document = parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : '';
    throw new AppError('BAD_DEFINITION', `the features file is not YAML: ${reason}`, {}, cause);
  }
  return readFeatures(child({ path: '', value: document ?? {} }, 'features').value);
}

/**
 * The same from a value parsed already, such as the `features` key of a workspace's settings.
 *
 * @throws AppError BAD_DEFINITION naming the key
 */
export function readFeatures(value: unknown, path = 'features'): FeatureDefinition[] {
  const list: YamlNode = { path, value };
  if (!Array.isArray(value)) complain(list, 'a list of features');
  const names = new Set<string>();
  return itemsOf(list).map((node) => {
    const feature = readFeature(node);
    if (names.has(feature.name)) complain(child(node, 'name'), 'a name no other feature has');
    names.add(feature.name);
    return feature;
  });
}

/** The view with these features: one of a known name takes its place, new ones come last. */
export function withFeatures(view: FeatureView, features: readonly FeatureDefinition[]): FeatureView {
  const own = new Map(features.map((feature) => [feature.name, feature]));
  const kept = view.features.map((feature) => own.get(feature.name) ?? feature);
  const known = new Set(view.features.map(({ name }) => name));
  return { ...view, features: [...kept, ...features.filter(({ name }) => !known.has(name))] };
}

function readFeature(node: YamlNode): FeatureDefinition {
  const nameNode = child(node, 'name');
  const name = textOf(nameNode);
  if (!/^[A-Za-z][A-Za-z0-9_]{0,59}$/.test(name))
    complain(nameNode, 'letters, digits and _ (60 at most, a letter first)');
  const kind = wordOf(child(node, 'kind'), KIND_NAMES);
  const { keys, unit, group } = KINDS[kind];
  allowKeys(node, ['name', 'label', 'unit', 'group', 'kind', ...keys]);
  const feature: FeatureDefinition = {
    name,
    label: readLabel(child(node, 'label'), name),
    unit: wordOf(child(node, 'unit'), UNITS, unit),
    group: wordOf(child(node, 'group'), GROUPS, group),
    rule: readRule(kind, node),
  };
  try {
    planView({ name: '', version: 0, features: [feature] });
  } catch (cause) {
    if (cause instanceof AppError)
      throw new AppError(cause.code, `${node.path}: ${cause.message}`, {}, cause);
    throw cause;
  }
  return feature;
}

function readLabel(node: YamlNode, fallback: string): Name {
  if (node.value === undefined) return { en: fallback, zh: fallback };
  if (!isMapping(node.value)) return { en: textOf(node), zh: textOf(node) };
  allowKeys(node, ['en', 'zh']);
  return { en: textOf(child(node, 'en')), zh: textOf(child(node, 'zh')) };
}

function readRule(kind: Kind, node: YamlNode): FeatureRule {
  const windowed = () => ({ filter: readFilter(node), lookbackMs: spanOf(child(node, 'within')) });
  const measured = <T extends string>(words: readonly T[]) => wordOf(child(node, 'measure'), words);
  switch (kind) {
    case 'count':
      return { kind, ...windowed() };
    case 'sum':
    case 'mean':
    case 'min':
    case 'max':
    case 'distinct':
    case 'last':
    case 'first':
      return { kind, field: textOf(child(node, 'field')), ...windowed() };
    case 'recency':
    case 'tenure':
      return {
        kind,
        clock: wordOf(child(node, 'clock'), ['calendar', 'elapsed'], 'calendar'),
        ...windowed(),
      };
    case 'ratio':
      return {
        kind,
        above: readAmount(child(node, 'above'), true),
        below: readAmount(child(node, 'below'), true),
      };
    case 'trend':
      return {
        kind,
        of: readAmount(child(node, 'amount'), false),
        spanMs: requiredSpan(child(node, 'span')),
      };
    case 'rhythm':
      return { kind, measure: measured(['mean_gap', 'std_gap', 'overdue']), filter: readFilter(node) };
    case 'session':
      return {
        kind,
        measure: measured(['count', 'minutes']),
        gapMs: spanOf(child(node, 'silence')) ?? 30 * 60_000,
        ...windowed(),
      };
    case 'unanswered':
      return { kind, ...windowed(), answer: readAnswer(child(node, 'answer')) };
    case 'history':
      return {
        kind,
        measure: measured(['frequency', 'recency', 'T', 'monetary', 'first_value']),
        filter: readFilter(node),
      };
    case 'calendar': {
      const days = child(node, 'sales_days');
      return {
        kind,
        measure: measured(['month', 'weekday', 'year_sin', 'year_cos', 'to_sales_day', 'since_sales_day']),
        ...(days.value === undefined ? {} : { salesDays: itemsOf(days).map(readSalesDay) }),
      };
    }
    case 'sequence':
      return {
        kind,
        field: textOf(child(node, 'field')),
        limit: wholeOf(child(node, 'limit'), 1, 1000),
        ...windowed(),
      };
  }
}

const requiredSpan = (node: YamlNode): number => spanOf(node) ?? complain(node, 'a span such as 30d');

function readAmount(node: YamlNode, bounded: boolean): Amount & { readonly lookbackMs?: number } {
  allowKeys(node, ['op', 'field', ...FILTER_KEYS, ...(bounded ? ['within'] : [])]);
  const op = wordOf(child(node, 'op'), ['count', 'sum', 'distinct']);
  const field = op === 'count' ? undefined : textOf(child(node, 'field'));
  return {
    op,
    field,
    filter: readFilter(node),
    lookbackMs: bounded ? spanOf(child(node, 'within')) : undefined,
  };
}

function readAnswer(node: YamlNode): EventFilter {
  allowKeys(node, FILTER_KEYS);
  return readFilter(node);
}

function readSalesDay(node: YamlNode): SalesDay {
  const name = textOf(child(node, 'name'));
  const month = wholeOf(child(node, 'month'), 1, 12);
  if (isMapping(node.value) && 'day' in node.value) {
    allowKeys(node, ['name', 'month', 'day']);
    return { name, month, day: wholeOf(child(node, 'day'), 1, 31) };
  }
  allowKeys(node, ['name', 'month', 'weekday', 'nth', 'plus_days']);
  const plus = child(node, 'plus_days');
  return {
    name,
    month,
    weekday: wholeOf(child(node, 'weekday'), 0, 6),
    nth: wholeOf(child(node, 'nth'), 1, 5),
    plusDays: plus.value === undefined ? 0 : wholeOf(plus, 0, 30),
  };
}
