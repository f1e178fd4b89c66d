// Whether the promise holds group by group, as JSON: `coverage_by_group` of a shop's task and of any table.
import { isMissing } from '../report/document.ts';
import type { TaskReport } from '../report/task-document.ts';

/** @returns null where nothing was promised, or no group is large enough to say */
export function groupsDocument(promises: TaskReport['groups']): readonly unknown[] | null {
  if (!promises || isMissing(promises)) return null;
  const { of, groupings } = promises;
  return groupings.map(({ id, by, groups }) => ({
    of,
    by: id,
    label: by,
    groups: groups.map(({ label, rows, users, promised, kept, broken, ece }) => ({
      group: label,
      examples: rows,
      users,
      promised,
      kept,
      broken,
      ...(ece ? { ece: ece.value, ece_by_chance: ece.byChance } : {}),
    })),
  }));
}
