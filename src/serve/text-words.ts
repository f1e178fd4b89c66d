// The words that mattered for each row's answer, as columns of words beside them.
import { type Frame, makeFrame, type TextColumn, takeRows } from '../core/frame.ts';
import type { WrittenColumn } from '../data/table/write-table.ts';
import { wordsThatMattered } from '../explain/text-words.ts';
import type { TableModel } from '../models/table-model.ts';

export interface WordsOptions {
  /** Words named a row. */
  readonly most: number;
  /** Of classes: the class called, by row. */
  readonly called?: ArrayLike<number> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * `words_for` and `words_against`, [rows]: the words whose absence lowers or raises the answer most, strongest first. Of
 * several text columns the longest text of a row is asked about.
 */
export async function mattersColumns(
  { model }: TableModel,
  frame: Frame,
  { most, called, signal }: WordsOptions,
): Promise<readonly WrittenColumn[]> {
  const texts = frame.columns.filter((column): column is TextColumn => column.kind === 'text');
  const [speaks, objects] = [new Array<string>(frame.rows).fill(''), new Array<string>(frame.rows).fill('')];
  const classes = model.question.kind === 'classes' ? (model.question.classes ?? 2) : 1;
  for (let row = 0; row < frame.rows; row++) {
    const column = texts.toSorted((a, b) => b.values[row].length - a.values[row].length)[0];
    if (column === undefined || column.values[row] === '') continue;
    const answer = model.question.kind === 'classes' ? (called?.[row] ?? 0) : 0;
    const margins = async (variants: readonly string[]): Promise<Float64Array> => {
      const said = await model.margin(withTexts(frame, row, column, variants));
      return Float64Array.from(variants, (_, i) => said[i * classes + answer]);
    };
    const words = await wordsThatMattered(column.values[row], { margins, most, signal });
    const named = (sign: number): string =>
      words
        .filter(({ worth }) => worth * sign > 0)
        .map(({ text }) => text)
        .join(' · ');
    speaks[row] = named(1);
    objects[row] = named(-1);
  }
  return [
    { name: 'words_for', values: speaks },
    { name: 'words_against', values: objects },
  ];
}

/** One row again and again, with other texts in one of its columns. */
function withTexts(frame: Frame, row: number, column: TextColumn, variants: readonly string[]): Frame {
  const rows = Uint32Array.from(variants, () => row);
  return makeFrame(
    takeRows(frame, rows).columns.map((own) =>
      own.name === column.name ? { ...column, values: variants } : own,
    ),
    { rows: variants.length, currency: frame.currency },
  );
}
