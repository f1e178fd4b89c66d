// The text columns of a frame as one text a row.
import { AppError } from '../../core/errors.ts';
import { type Frame, findColumn, makeFrame, type TextColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';

/** Names of the text columns, in the frame's order. */
export const textColumns = (frame: Frame): readonly string[] =>
  frame.columns.filter(({ kind }) => kind === 'text').map(({ name }) => name);

/**
 * One text a row: the columns' one under the other, empty ones left out.
 *
 * @throws AppError SHAPE where a column is absent or holds no texts
 */
export function textsOf(frame: Frame, columns: readonly string[]): readonly string[] {
  const found = columns.map((own): TextColumn => {
    const column = findColumn(frame, own);
    if (column?.kind === 'text') return column;
    throw new AppError(
      'SHAPE',
      `expected a text column "${own}", got ${column ? `a ${column.kind} column` : 'none'}`,
    );
  });
  const [first] = found;
  if (found.length === 1 && first) return first.values;
  return Array.from({ length: frame.rows }, (_, row) =>
    found
      .map(({ values }) => values[row])
      .filter((text) => text !== '')
      .join('\n'),
  );
}

/** The column of a frame that holds nothing but texts. */
export const TEXT_COLUMN = 'text';

/** Texts alone, as models of texts are asked. */
export function textFrame(texts: readonly string[]): Frame {
  const label = name('text', '文本');
  return makeFrame(
    [{ kind: 'text', name: TEXT_COLUMN, label, unit: 'none', group: TEXT_COLUMN, values: texts }],
    { rows: texts.length },
  );
}
