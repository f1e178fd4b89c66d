// Which column of a group carries its effect in a row: the one whose loss would undo most of it.
import { type Frame, selectColumns } from '../core/frame.ts';
import { stackRows } from './coalition-frame.ts';
import type { Background, Part, Predictor } from './contribution.ts';
import { blockMeans } from './group-shapley.ts';

/**
 * For every row and part, the column whose replacement by the background's values moves the margin most against the part's
 * own contribution; `undefined` where none does, or where the part is one column.
 *
 * Costs rows · columns · background predictions.
 *
 * @param values contributions, [rows, parts]
 * @returns      column names, [rows][parts]
 */
export async function leadingColumns(
  predictor: Predictor,
  frame: Frame,
  {
    background,
    parts,
    margins,
    values,
    signal,
  }: {
    background: Background;
    parts: readonly Part[];
    margins: Float64Array;
    values: Float64Array;
    signal?: AbortSignal;
  },
): Promise<readonly (readonly (string | undefined)[])[]> {
  const columns = parts.flatMap((part, at) =>
    part.columns.length > 1 ? part.columns.map((column) => ({ column, part: at })) : [],
  );
  if (columns.length === 0) return Array.from({ length: frame.rows }, () => parts.map(() => undefined));
  const names = parts.flatMap((part) => part.columns);
  const blocks = Array.from({ length: frame.rows }, (_, row) =>
    columns.map(({ column }) => ({ row, owns: (at: number) => names[at] !== column })),
  ).flat();
  const without = await blockMeans(
    predictor,
    stackRows(background.frame, selectColumns(frame, names), names),
    {
      rows: background.frame.rows,
      parts: names.map((column) => [column]),
      blocks,
      signal,
    },
  );
  return Array.from({ length: frame.rows }, (_, row) => {
    const best = parts.map(() => ({ column: undefined as string | undefined, carried: 0 }));
    columns.forEach(({ column, part }, at) => {
      const change = margins[row] - without[row * columns.length + at];
      const carried = change * Math.sign(values[row * parts.length + part]);
      if (carried > best[part].carried) best[part] = { column, carried };
    });
    return best.map(({ column }) => column);
  });
}
