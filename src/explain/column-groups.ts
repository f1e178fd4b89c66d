// Which columns are explained together: their own groups, and never more groups than can be computed exactly.
import { type Frame, selectColumns } from '../core/frame.ts';
import type { Part } from './contribution.ts';

/** 2^12 coalitions is what exact Shapley values can afford. */
export const MAX_GROUPS = 12;

/**
 * The groups of the columns a predictor reads, by name. When there are more than `most`, the two with the fewest columns
 * become one (first by name among equals) until they fit.
 */
export function columnGroups(frame: Frame, inputs: readonly string[], most = MAX_GROUPS): readonly Part[] {
  const members = new Map<string, string[]>();
  for (const { name, group } of selectColumns(frame, [...new Set(inputs)]).columns) {
    members.set(group, [...(members.get(group) ?? []), name]);
  }
  let parts: Part[] = [...members].map(([id, columns]) => ({ id, columns: columns.sort() }));
  while (parts.length > most) {
    parts.sort((a, b) => a.columns.length - b.columns.length || byId(a, b));
    const [first, second, ...rest] = parts;
    const id = [first.id, second.id].sort().join('+');
    parts = [{ id, columns: [...first.columns, ...second.columns].sort() }, ...rest];
  }
  return parts.sort(byId);
}

const byId = (a: Part, b: Part): number => (a.id < b.id ? -1 : 1);
