// How the chosen model's answer moves with the columns it leans on most, asked of test rows.
import { throwIfAborted } from '../core/errors.ts';
import { type Frame, findColumn } from '../core/frame.ts';
import { drawBackground } from '../explain/background.ts';
import type { Predictor } from '../explain/contribution.ts';
import { type PartialDependence, partialDependence } from '../explain/partial-dependence.ts';
import type { Importance } from '../explain/permutation-importance.ts';
import type { Effect, Effects } from '../report/task-document.ts';

/** Rows asked; the mean of more is hardly steadier, and each costs a prediction a point. */
const ROWS = 300;
const POINTS = 12;
/** Single rows drawn; their curves are a picture, not a table. */
const CURVES = 24;
const LEADING = 6;
const DRAWN: ReadonlySet<string> = new Set(['number', 'category']);

/** @param columns most leaned on first, by name; those that do not vary among the rows are left out */
export async function effectsPart(
  predictor: Predictor,
  rows: Frame,
  columns: readonly string[],
  { seed, signal }: { seed: number; signal?: AbortSignal },
): Promise<Effects> {
  const { frame } = drawBackground(rows, { seed, rows: ROWS });
  const effects: Effect[] = [];
  for (const column of columns) {
    throwIfAborted(signal);
    if (!varies(frame, column)) continue;
    effects.push(effectOf(await partialDependence(predictor, frame, column, { points: POINTS, signal })));
  }
  return { customers: frame.rows, columns: effects };
}

/** Columns worth a picture: those the model leans on most of all numbers and categories. */
export const leadingColumns = (rows: readonly Importance[], { columns }: Frame): readonly string[] =>
  rows
    .filter(({ id, value }) => value > 0 && columns.some(({ name, kind }) => name === id && DRAWN.has(kind)))
    .slice(0, LEADING)
    .map(({ id }) => id);

/** Two different values are known at least: otherwise there is nothing to draw. */
function varies(frame: Frame, name: string): boolean {
  const column = findColumn(frame, name);
  const values = column?.kind === 'number' ? column.values : column?.kind === 'category' ? column.codes : [];
  const known = column?.kind === 'number' ? Number.isFinite : (code: number) => code >= 0;
  const first = values.find((value) => known(value));
  return first !== undefined && values.some((value) => known(value) && value !== first);
}

function effectOf({ label, unit, grid, mean, low, high, curves }: PartialDependence): Effect {
  const points = mean.length;
  const middle = mean.reduce((sum, value) => sum + value, 0) / points;
  const single = Array.from({ length: Math.min(CURVES, curves.length / points) }, (_, row) => {
    const curve = Array.from(curves.subarray(row * points, (row + 1) * points));
    const lift = middle - curve.reduce((sum, value) => sum + value, 0) / points;
    return curve.map((value) => value + lift);
  });
  return {
    feature: label,
    unit,
    points: [...grid.at].map((at, i) => ({ at, mean: { value: mean[i], low: low[i], high: high[i] } })),
    ...(grid.kind === 'numbers' && { curves: single }),
  };
}
