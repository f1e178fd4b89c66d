// A file becomes a frame in one call, and leaves nothing behind.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { findColumn, numberColumn } from '../../core/frame.ts';
import { readTable } from './read-table.ts';

const dir = mkdtempSync(join(tmpdir(), 'foresell-read-table-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const write = (text: string): string => {
  const path = join(dir, 'visits.csv');
  writeFileSync(path, text);
  return path;
};
const scratches = () =>
  readdirSync(tmpdir()).filter((file) => file.startsWith('foresell-read-') && !file.includes('table'));

it('reads numbers, categories and booleans, with what is missing as missing', async () => {
  const before = scratches();
  const path = write('pages,month,bought\n3,Feb,TRUE\n?,May,FALSE\n1.5,,TRUE\n2,Feb,FALSE\n');
  const { frame, columns } = await readTable(path);
  expect(columns.map(({ name, kind }) => [name, kind])).toEqual([
    ['pages', 'number'],
    ['month', 'category'],
    ['bought', 'boolean'],
  ]);
  expect(Array.from(numberColumn(frame, 'pages').values)).toEqual([3, Number.NaN, 1.5, 2]);
  expect(Array.from(numberColumn(frame, 'bought').values)).toEqual([1, 0, 1, 0]);
  expect(findColumn(frame, 'month')).toMatchObject({
    levels: ['Feb', 'May'],
    codes: Int32Array.of(0, 1, -1, 0),
  });
  expect(scratches()).toEqual(before);
});

it('takes the kinds and the texts for missing it is told', async () => {
  const path = write('zip,score\n1,none\n2,5\n1,7\n');
  const { frame } = await readTable(path, { types: { zip: 'category' }, missing: ['none'] });
  expect(findColumn(frame, 'zip')).toMatchObject({ kind: 'category', levels: ['1', '2'] });
  expect(Array.from(numberColumn(frame, 'score').values)).toEqual([Number.NaN, 5, 7]);
});

it('names the line that does not fit, and leaves nothing behind', async () => {
  const before = scratches();
  await expect(readTable(write('a,b\n1,2\n3\n'))).rejects.toMatchObject({ code: 'BAD_FILE' });
  expect(scratches()).toEqual(before);
});
