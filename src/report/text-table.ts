// Aligned columns for a terminal, where a Chinese character is two cells wide.

/** A column's head, or a head with its side; without one, columns of numbers stand on the right. */
export type TextColumn = string | { readonly head: string; readonly align: 'left' | 'right' };

const GAP = '  ';

/**
 * A plain table: heads, a rule, rows; two spaces between columns and none at the end of a line.
 *
 * @param rows cells as shown, [rows, columns]; a missing cell is empty
 */
export function textTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string {
  const shaped = columns.map((column, at) => {
    const head = typeof column === 'string' ? column : column.head;
    const cells = rows.map((row) => oneLine(row[at] ?? ''));
    const align = typeof column === 'string' ? (isNumeric(cells) ? 'right' : 'left') : column.align;
    return { head, cells, align, width: Math.max(textWidth(head), ...cells.map(textWidth)) };
  });
  const line = (cellOf: (column: (typeof shaped)[number]) => string) =>
    shaped
      .map((column) => padTo(cellOf(column), column.width, column.align))
      .join(GAP)
      .trimEnd();
  return [
    line(({ head }) => head),
    line(({ width }) => '─'.repeat(width)),
    ...rows.map((_, row) => line(({ cells }) => cells[row])),
  ].join('\n');
}

/** Control characters (a terminal would obey them) become spaces. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the very characters to replace
const oneLine = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');

/** At least one number, and nothing but numbers with units, signs and dashes. */
function isNumeric(cells: readonly string[]): boolean {
  const filled = cells.filter((cell) => cell !== '' && cell !== '–' && cell !== '-');
  return (
    filled.length > 0 &&
    filled.every((cell) => /^[-+−±≤<>]?\s*[^\p{L}\d]{0,3}\d/u.test(cell) && !/[:T]\d|\d-\d/.test(cell))
  );
}

function padTo(text: string, width: number, align: 'left' | 'right'): string {
  const padding = ' '.repeat(Math.max(0, width - textWidth(text)));
  return align === 'right' ? padding + text : text + padding;
}

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Cells a text takes on a terminal: two for East Asian wide characters and pictographs, none for combining marks. */
export function textWidth(text: string): number {
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) width += cellsOf(segment);
  return width;
}

function cellsOf(grapheme: string): number {
  const code = grapheme.codePointAt(0) ?? 0;
  if (/^\p{M}|^[\u200b-\u200f\u2060\ufeff]/u.test(grapheme)) return 0;
  if (/^\p{Emoji_Presentation}/u.test(grapheme) || grapheme.includes('\ufe0f')) return 2;
  return WIDE_RANGES.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

/** East Asian Wide and Fullwidth blocks (Unicode Standard Annex 11). */
const WIDE_RANGES: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x20000, 0x3fffd],
];
