// Which columns of an event the state keeps: those that some view, or the models of sequences, read.
import { UTC } from '../../core/time.ts';
import type { FeatureView } from '../../data/features/definition.ts';
import { fieldNamed } from '../../data/features/fields.ts';
import { planView } from '../../data/features/plan.ts';
import {
  NUMBER_COLUMNS,
  type NumberColumn,
  TEXT_COLUMNS,
  type TextColumn,
  type UserEvents,
} from '../../data/features/user-events.ts';

export type KeptColumn = NumberColumn | TextColumn;

/** Kind and moment are always kept. */
export const ALL_COLUMNS: readonly KeptColumn[] = [...NUMBER_COLUMNS, ...TEXT_COLUMNS];

/** Columns that fields read besides kind and moment, told by reading them once: no list to keep in step. */
function columnsOfField(name: string): readonly KeptColumn[] {
  const read = new Set<KeptColumn>();
  const events: UserEvents = {
    length: 0,
    times: new Float64Array(0),
    types: new Uint8Array(0),
    numbers(column) {
      read.add(column);
      return new Float64Array(0);
    },
    texts(column) {
      read.add(column);
      return [];
    },
  };
  fieldNamed(name).read(events, { zone: UTC, items: new Map() });
  return [...read];
}

/**
 * Columns the views read, and the item, which sequences are made of.
 *
 * @throws AppError BAD_DEFINITION
 */
export function columnsOfViews(views: readonly FeatureView[]): readonly KeptColumn[] {
  const fields = new Set<string>(['item_id']);
  for (const plan of views.map(planView)) {
    const filters = plan.features.flatMap((planned) => {
      if (planned.kind !== 'sequence') return [];
      fields.add(planned.rule.field);
      return [planned.rule.filter];
    });
    for (const { field, filter, answer, op } of plan.aggregates) {
      if (field !== undefined) fields.add(field);
      if (op === 'first_day_sum' || op === 'gap_sum' || op === 'gap_squares') fields.add('day');
      filters.push(filter, ...(answer ? [answer] : []));
    }
    for (const { where = [] } of filters) for (const { field } of where) fields.add(field);
  }
  const read = new Set([...fields].flatMap(columnsOfField));
  return ALL_COLUMNS.filter((column) => read.has(column));
}
