import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cell, type Engine, openEngine } from '../engine.ts';
import { columnsOf, parseExpression } from './expression.ts';
import { compileExpression } from './expression-sql.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ threads: 1 });
});
afterAll(() => engine.close());

/** Evaluates an expression over one row of texts. */
async function evaluate(source: string, row: Record<string, string | null> = {}): Promise<Cell> {
  const { sql } = compileExpression(parseExpression(source), (name) => `"${name}"`);
  const cells = Object.entries(row).map(
    ([name, value]) =>
      `${value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`}::VARCHAR AS "${name}"`,
  );
  const [result] = await engine.rows<{ value: Cell }>(
    `SELECT ${sql} AS value${cells.length > 0 ? ` FROM (SELECT ${cells.join(', ')})` : ''}`,
  );
  return result.value;
}

test.each<[string, Cell]>([
  ['1 + 2 * 3', 7],
  ['(1 + 2) * 3', 9],
  ['10 - 4 - 3', 3],
  ['-2 * -3', 6],
  ['1 / 0', null],
  ["'it''s'", "it's"],
  ['1 < 2 and not 3 < 2', true],
  ['false or true and false', false],
  ["if(2 > 1, 'yes', 'no')", 'yes'],
  ["concat('a', 7, 'b')", 'a7b'],
  ["substr('abcdef', 2, 3)", 'bcd'],
  ["split('a/b/c', '/', 2)", 'b'],
  ["split('a/b/c', '/', 9)", null],
  ["coalesce(missing, 'x')", 'x'],
  ["'b' in ('a', 'b')", true],
  ["replace(lower(' ABC '), 'b', '-')", ' a-c '],
  ['round(2.345, 2)', 2.35],
  ["number('12.5') + 1", 13.5],
  ["number('twelve')", null],
  ["hash('a', 'b') = hash('ab')", false],
])('%s is %s', async (source, expected) => {
  expect(await evaluate(source)).toEqual(expected);
});

test('columns are words of any script or stand in brackets', async () => {
  const row = { 'Line price': '3', 数量: '4' };
  expect(await evaluate('[Line price] * 数量', row)).toBe(12);
  expect(columnsOf(parseExpression('[Line price] * 数量 + if(数量 > 1, a, b)'))).toEqual([
    'Line price',
    '数量',
    'a',
    'b',
  ]);
});

test('a comparison with an empty cell is false both ways, and so is its use under not', async () => {
  expect(await evaluate('q < 0', { q: null })).toBe(false);
  expect(await evaluate('not q < 0', { q: null })).toBe(true);
  expect(await evaluate("starts_with(q, 'C')", { q: null })).toBe(false);
});

test('text that looks like SQL stays text', async () => {
  const hostile = "'); DROP TABLE x; --";
  expect(await evaluate('concat(q, 1)', { q: hostile })).toBe(`${hostile}1`);
  expect(await evaluate(`'${hostile.replaceAll("'", "''")}'`)).toBe(hostile);
});

test.each([
  ['1 +', /position 4/],
  ['starts_with(a)', /expected 2 arguments/],
  ['sqrt(2)', /expected one of the functions/],
  ['a; drop', /cannot be read/],
  ['if(1, 2, 3)', /condition/],
  ["'open", /cannot be read/],
  ['a b', /expected the end/],
  ['substr(a, b)', /written number/],
])('%s is refused in words', (source, message) => {
  expect(() => compileExpression(parseExpression(source), (name) => name)).toThrow(message);
});
