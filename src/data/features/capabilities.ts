// What a shop's data can feed: features that would say nothing are left out, by name and with the reason.
import type { Engine } from '../engine.ts';
import { EVENT_COLUMNS, EVENT_TYPES, type EventType } from '../event.ts';
import type { EventSource } from '../source.ts';
import type { EventFilter, FeatureDefinition, FeatureView } from './definition.ts';
import { fieldNamed } from './fields.ts';
import { planView } from './plan.ts';

export interface Capabilities {
  /** Event types that occur with a known user. */
  readonly types: ReadonlySet<EventType>;
  /** Event columns that are filled at least once with a known user. */
  readonly columns: ReadonlySet<string>;
  /** Catalogue columns (`category`, `brand`, `price_minor`) that are filled at least once. */
  readonly catalogue: ReadonlySet<string>;
}

const CATALOGUE_COLUMNS = ['category', 'brand', 'price_minor'] as const;

/** One pass over the log, one over the catalogue. */
export async function readCapabilities(
  engine: Engine,
  source: EventSource,
  signal?: AbortSignal,
): Promise<Capabilities> {
  const columns = Object.keys(EVENT_COLUMNS);
  const filled = columns.map((column) => `count(${column}) > 0 AS ${column}`).join(', ');
  const types = EVENT_TYPES.map(
    (type) => `count(*) FILTER (WHERE type = '${type}') > 0 AS type_${type}`,
  ).join(', ');
  const [found] = await engine.rows<Record<string, boolean>>(
    `SELECT ${filled}, ${types} FROM ${source.events} WHERE user_id IS NOT NULL`,
    signal,
  );
  const [items] = source.items
    ? await engine.rows<Record<string, boolean>>(
        `SELECT ${CATALOGUE_COLUMNS.map((column) => `count(${column}) > 0 AS ${column}`).join(', ')} FROM ${source.items}`,
        signal,
      )
    : [{} as Record<string, boolean>];
  return {
    types: new Set(EVENT_TYPES.filter((type) => found[`type_${type}`])),
    columns: new Set(columns.filter((column) => found[column])),
    catalogue: new Set(CATALOGUE_COLUMNS.filter((column) => items[column])),
  };
}

export interface FittedView {
  readonly view: FeatureView;
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
}

/** The view without the features these data cannot feed. */
export function viewFor(view: FeatureView, capabilities: Capabilities): FittedView {
  const leftOut: { name: string; reason: string }[] = [];
  const features = view.features.filter((feature) => {
    const reason = whatIsMissing(feature, capabilities);
    if (reason) leftOut.push({ name: feature.name, reason });
    return reason === undefined;
  });
  return { view: { ...view, features }, leftOut };
}

function whatIsMissing(feature: FeatureDefinition, capabilities: Capabilities): string | undefined {
  const { aggregates } = planView({ name: '', version: 0, features: [feature] });
  const uses =
    feature.rule.kind === 'sequence'
      ? [{ filter: feature.rule.filter, field: feature.rule.field }]
      : aggregates.flatMap(({ filter, field, answer }) => [
          { filter, field },
          ...(answer ? [{ filter: answer }] : []),
        ]);
  for (const { filter, field } of uses as { filter: EventFilter; field?: string }[]) {
    if (filter.types && !filter.types.some((type) => capabilities.types.has(type)))
      return `the log has no ${shortList(filter.types)} events`;
    for (const fieldName of [field, ...(filter.where ?? []).map((condition) => condition.field)]) {
      const reason = fieldName === undefined ? undefined : whatFieldMisses(fieldName, capabilities);
      if (reason) return reason;
    }
  }
  return undefined;
}

function shortList(types: readonly EventType[]): string {
  if (types.length <= 3) return types.join(' or ');
  return `${types.slice(0, 2).join(', ')} or other (${types.length} kinds)`;
}

function whatFieldMisses(fieldName: string, { columns, catalogue }: Capabilities): string | undefined {
  const field = fieldNamed(fieldName);
  const empty = field.columns.filter((column) => !columns.has(column));
  if (empty.length > 0) return `the log has no ${empty.join(' and no ')}`;
  if (!field.catalogue) return undefined;
  const needed = fieldName === 'category' || fieldName === 'brand' ? fieldName : 'price_minor';
  return catalogue.has(needed) ? undefined : `the catalogue has no ${needed}`;
}
