// Columns line up on a terminal, also where characters are two cells wide.
import { describe, expect, test } from 'vitest';
import { textTable, textWidth } from './text-table.ts';

describe('textWidth', () => {
  test.each([
    ['', 0],
    ['abc', 3],
    ['客户', 4],
    ['ＡＢ', 4],
    ['한국', 4],
    ['e\u0301', 1],
    ['👩‍💻', 2],
    ['£1,2', 4],
    ['（）', 4],
  ])('%j takes %i cells', (text, cells) => {
    expect(textWidth(text)).toBe(cells);
  });
});

describe('textTable', () => {
  test('puts numbers on the right and words on the left', () => {
    expect(
      textTable(
        ['model', 'AUC'],
        [
          ['logistic', '0.739'],
          ['rate', '0.5'],
        ],
      ),
    ).toBe(['model       AUC', '────────  ─────', 'logistic  0.739', 'rate        0.5'].join('\n'));
  });

  test('every line of a Chinese table ends its first column at the same cell', () => {
    const lines = textTable(
      [
        { head: '模型', align: 'left' },
        { head: 'x', align: 'left' },
      ],
      [
        ['逻辑回归', '1'],
        ['ab', '2'],
      ],
    ).split('\n');
    expect(lines.map((line) => textWidth(line.slice(0, -1)))).toEqual([10, 10, 10, 10]);
  });

  test('dates and ids with a letter stay on the left', () => {
    const [, , row] = textTable(
      ['when', 'v'],
      [
        ['2011-06-11', 'v2'],
        ['2011-06-11T08:00:00Z', 'v10'],
      ],
    ).split('\n');
    expect(row).toBe('2011-06-11            v2');
  });

  test('a terminal escape in a cell is not passed on', () => {
    expect(textTable(['a'], [['x\u001b[31my\nz']])).toBe(['a', '─────────', 'x [31my z'].join('\n'));
  });

  test('works without rows', () => {
    expect(textTable(['a', 'bb'], [])).toBe('a  bb\n─  ──');
  });
});
