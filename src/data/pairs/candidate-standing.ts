// How an item stands among the others the customer has in mind: what was touched last, and where the attention went.
import { findColumn, type NumberColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import type { ExampleSet } from '../examples.ts';

/** The columns of the pair's own block that a standing is made of. */
export const TOUCHED = 'pair_days_since_touched';
export const TOUCHES = 'pair_touches';

/**
 * Of each customer at each moment: the item's place by last touch (1 = last touched; ties share the better place) and its
 * share of all touches of candidates. Nothing where the block has no such columns.
 *
 * @param pairs rows of the pair's own block
 * @param users [rows]
 */
export function standingColumns(
  { frame, asOf }: Pick<ExampleSet, 'frame' | 'asOf'>,
  users: readonly string[],
): NumberColumn[] {
  const touched = findColumn(frame, TOUCHED);
  const touches = findColumn(frame, TOUCHES);
  if (touched?.kind !== 'number' || touches?.kind !== 'number') return [];
  const place = new Float64Array(frame.rows);
  const share = new Float64Array(frame.rows);
  const others = new Float64Array(frame.rows);
  const groups = new Map<string, number[]>();
  users.forEach((user, row) => {
    const key = `${asOf[row]} ${user}`;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  });
  for (const rows of groups.values()) {
    rows.sort((a, b) => touched.values[a] - touched.values[b] || a - b);
    const total = rows.reduce((sum, row) => sum + touches.values[row], 0);
    rows.forEach((row, i) => {
      const before = i > 0 ? rows[i - 1] : -1;
      place[row] = before >= 0 && touched.values[before] === touched.values[row] ? place[before] : i + 1;
      share[row] = total > 0 ? touches.values[row] / total : Number.NaN;
      others[row] = rows.length;
    });
  }
  const base = { kind: 'number', group: 'interest' } as const;
  return [
    {
      ...base,
      name: 'pair_place',
      label: name('Place among the products touched last', '最近接触商品中的名次'),
      unit: 'count',
      values: place,
    },
    {
      ...base,
      name: 'pair_share',
      label: name('Share of the customer’s attention', '占该客户关注的比例'),
      unit: 'share',
      values: share,
    },
    {
      ...base,
      name: 'candidates',
      label: name('Products the customer has touched', '该客户接触过的商品数'),
      unit: 'count',
      values: others,
    },
  ];
}
