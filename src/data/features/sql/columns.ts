// From aggregates of one moment to the columns of a frame, filled moment by moment.
import type { Column } from '../../../core/frame.ts';
import type { Moment } from '../formula.ts';
import type { PlannedFeature, ViewPlan } from '../plan.ts';
import { keptLevels } from './levels.ts';

/** Where a moment's rows go: `values[slot][row]` of the plan's aggregates, rows `offset … offset + rows`. */
export interface MomentRows {
  readonly values: readonly Float64Array[];
  readonly offset: number;
  readonly rows: number;
}

export interface ColumnCollector {
  /** Computes every number and category of the moment's rows. */
  finish(moment: Moment, rows: MomentRows): void;
  /** The finished columns at their places in the view; nothing where a sequence goes. */
  done(): (Column | undefined)[];
}

/**
 * @param total  rows of the frame
 * @param levels sorted values of each text field, as its codes number them
 */
export function collectColumns(
  plan: ViewPlan,
  total: number,
  levels: ReadonlyMap<string, readonly string[]>,
): ColumnCollector {
  const stores = plan.features.map((planned) =>
    planned.kind === 'category'
      ? new Int32Array(total)
      : new Float64Array(planned.kind === 'number' ? total : 0),
  );
  return {
    finish(moment, rows) {
      plan.features.forEach((planned, f) => {
        if (planned.kind !== 'sequence') finishOne(planned, moment, rows, stores[f]);
      });
    },
    done: () =>
      plan.features.map((planned, f): Column | undefined => {
        if (planned.kind === 'sequence') return undefined;
        const { name, label, unit, group, rule } = planned.feature;
        const base = { name, label, unit, group };
        if (planned.kind === 'number') return { ...base, kind: 'number', values: stores[f] as Float64Array };
        const field = rule.kind === 'last' || rule.kind === 'first' ? rule.field : '';
        return { ...base, kind: 'category', ...keptLevels(stores[f] as Int32Array, levels.get(field) ?? []) };
      }),
  };
}

function finishOne(
  planned: PlannedFeature & { readonly kind: 'number' | 'category' },
  moment: Moment,
  { values, offset, rows }: MomentRows,
  store: Float64Array | Int32Array,
): void {
  const { formula, slots, kind } = planned;
  if (slots.length === 0) {
    store.fill(formula.finish([], moment), offset, offset + rows);
    return;
  }
  const sources = slots.map((slot) => values[slot]);
  const needs = new Float64Array(slots.length);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < sources.length; k++) needs[k] = sources[k][row];
    const value = formula.finish(needs, moment);
    store[offset + row] = kind === 'category' && Number.isNaN(value) ? -1 : value;
  }
}
