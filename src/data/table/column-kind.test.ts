// What columns are taken for, from files with one column each.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NumberColumn } from '../../core/frame.ts';
import { type Engine, openEngine } from '../engine.ts';
import { inferColumns } from './infer-columns.ts';
import { openTable } from './open-table.ts';
import { readColumns } from './read-columns.ts';

const dir = mkdtempSync(join(tmpdir(), 'foresell-columns-'));
let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ threads: 1 });
});
afterAll(() => {
  engine.close();
  rmSync(dir, { recursive: true, force: true });
});

const times = (count: number, cell: (i: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => cell(i));

async function read(column: string, cells: readonly string[], separator = ',') {
  const path = join(dir, 'one.csv');
  const quoted = cells.map((cell) => (/[",\n;]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell));
  writeFileSync(
    path,
    `${column}${separator}other\n${quoted.map((cell, i) => `${cell}${separator}${i % 7}`).join('\n')}\n`,
  );
  const source = await openTable(engine, path, { scratch: dir });
  const [found] = await inferColumns(engine, source);
  const frame = await readColumns(engine, source, [found]);
  return { ...found, values: (frame.columns[0] as NumberColumn).values };
}

test.each<[string, string, string[], string]>([
  ['numbers', 'price', times(40, (i) => String((i * 7) % 11)), 'number'],
  [
    'numbers with a word among many',
    'price',
    times(100, (i) => (i === 9 ? 'free' : String(i % 9))),
    'number',
  ],
  ['yes and no', 'paid', times(40, (i) => (i % 3 ? 'Yes' : 'No')), 'boolean'],
  ['yes and no in Chinese', '已付款', times(40, (i) => (i % 3 ? '是' : '否')), 'boolean'],
  ['words', 'city', times(40, (i) => ['Rome', 'Bari', 'Turin'][i % 3]), 'category'],
  ['days', 'day', times(40, (i) => `2024-02-${10 + (i % 9)}`), 'date'],
  ['Chinese days', '日期', times(40, (i) => `2024年2月${10 + (i % 9)}日`), 'date'],
  ['days first', 'sent', times(40, (i) => `${13 + (i % 9)}/02/2024`), 'date'],
  [
    'seconds under the name of a time',
    'created_at',
    times(40, (i) => String(1_700_000_000 + (i % 9) * 999)),
    'date',
  ],
  ['seconds under another name', 'serial', times(40, (i) => String(1_700_000_000 + (i % 9) * 999)), 'number'],
  ['rows counted', 'column', times(40, (i) => String(i + 5)), 'id'],
  ['whole numbers that happen to differ', 'weight', times(40, (i) => String(i * i + 3)), 'number'],
  ['whole numbers, each once, named an id', 'order_id', times(40, (i) => String(i * i + 3)), 'id'],
  ['names of rows', 'sku', times(40, (i) => `A-${i * 31}`), 'id'],
  ['sentences', 'review', times(40, (i) => `the ${i} parcel came late, again, and wet`), 'text'],
  ['one value', 'shop', times(40, () => 'main'), 'constant'],
  ['nothing', 'blank', times(40, () => ''), 'empty'],
])('%s', async (_, column, cells, kind) => {
  const found = await read(column, cells);
  expect(found.kind).toBe(kind);
  expect(found.reason.en).not.toBe('');
  expect(found.reason.zh).not.toBe('');
});

test('days are read as UTC, whatever way they are written', async () => {
  const first = Date.UTC(2024, 1, 13);
  for (const cell of ['2024-02-13', '13/02/2024', '2024年2月13日', '20240213', '2024-02-13T00:00:00Z']) {
    const { values } = await read('day', times(40, () => cell).with(1, cell.replace('13', '14')));
    expect(values[0]).toBe(first);
  }
});

test('a decimal comma is one where commas do not part cells', async () => {
  const { kind, values } = await read(
    'price',
    times(40, (i) => `1.234,${i % 10}`),
    ';',
  );
  expect(kind).toBe('number');
  expect(values[3]).toBe(1234.3);
});

test('missing cells are counted, and come as NaN', async () => {
  const { missing, values } = await read(
    'price',
    times(40, (i) => ['NA', '?', '', ' null ', '5'][i % 5]),
  );
  expect(missing).toBeCloseTo(0.8, 12);
  expect(Array.from(values.slice(0, 5))).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN, 5]);
});
