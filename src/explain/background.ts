// The background: a seeded sample of ordinary rows that explanations are told against, and what is typical in it.
import { type Column, type Frame, takeRows } from '../core/frame.ts';
import { random } from '../core/random.ts';
import type { Background } from './contribution.ts';

/** Sums over 50 rows are steady to about a tenth of the spread of predictions, and keep 4,096 coalitions affordable. */
export const BACKGROUND_ROWS = 50;

/** Draws without replacement; the rows keep their order. All rows when there are no more than asked for. */
export function drawBackground(
  frame: Frame,
  { seed, rows = BACKGROUND_ROWS }: { seed: number; rows?: number },
): Background {
  const order = random(seed)
    .fork('background')
    .shuffle(Uint32Array.from({ length: frame.rows }, (_, i) => i));
  const drawn = order.slice(0, rows).sort();
  return { frame: takeRows(frame, drawn), seed, drawnFrom: frame.rows };
}

/**
 * The same rows with nothing written in them: what people wrote is theirs and is not kept with a model, so a text is told
 * against no text.
 */
export function withoutTexts(background: Background): Background {
  const { frame } = background;
  const columns = frame.columns.map((column) =>
    column.kind === 'text' ? { ...column, values: column.values.map(() => '') } : column,
  );
  return { ...background, frame: { ...frame, columns } };
}

/** What most rows look like in one column. */
export type Typical =
  | { readonly kind: 'number'; readonly value: number; readonly spread: number }
  | { readonly kind: 'level'; readonly level: string }
  | { readonly kind: 'missing' }
  /** Texts, vectors and sequences have no typical value. */
  | { readonly kind: 'unknown' };

/**
 * The median of a number column and the commonest level of a category (the first by name among equals); `missing` when
 * more than half of the rows have no value.
 */
export function typicalOf(column: Column): Typical {
  if (column.kind === 'number') {
    const known = column.values.filter((value) => !Number.isNaN(value)).sort();
    if (known.length === 0 || known.length * 2 < column.values.length) return { kind: 'missing' };
    return {
      kind: 'number',
      value: quantile(known, 0.5),
      spread: quantile(known, 0.84) - quantile(known, 0.16),
    };
  }
  if (column.kind !== 'category') return { kind: 'unknown' };
  const counts = new Map<string, number>();
  let known = 0;
  for (const code of column.codes) {
    if (code < 0) continue;
    known++;
    counts.set(column.levels[code], (counts.get(column.levels[code]) ?? 0) + 1);
  }
  if (known === 0 || known * 2 < column.codes.length) return { kind: 'missing' };
  const [[level]] = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return { kind: 'level', level };
}

function quantile(sorted: Float64Array, at: number): number {
  const place = at * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}
