// Tables that are refused: what gives the answer away, what cannot be told from noise, what does not fit together.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { asCsv, madeUpRows } from './flow/made-up-table.ts';
import { refusal, tablesIn } from './flow/table-commands.ts';

const dir = mkdtempSync(join(tmpdir(), 'foresell-any-table-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const { write, fitTable } = tablesIn(dir);

const rows = madeUpRows(300);
const customers = write('customers.csv', asCsv(rows));
const quick = ['--model', 'logistic', '--cv', '3'];

describe('what is refused, and why', () => {
  const ask = (data: string, ...options: string[]) =>
    refusal(fitTable(data, 'refused', '--target', 'answered', '--kind', 'binary', ...options, ...quick));

  test('a class multiplied before the split', async () => {
    const oversampled = [
      ...rows,
      ...rows.filter(({ answered }) => answered === 'no'),
      ...rows.filter(({ answered }) => answered === 'no'),
    ];
    const { code, message } = await ask(
      write('oversampled.csv', asCsv(oversampled)),
      '--drop',
      'spent,size,customer_id',
    );
    expect(code).toBe('LEAKAGE');
    expect(message).toMatch(/oversampled before the split/);
  });

  test('a class mixed from its own rows', async () => {
    const whole = rows.map(({ income, answered }, i) => ({
      age: String(20 + (i % 50)),
      visits: String(i % 17),
      income,
      answered,
    }));
    const mixed = whole.slice(0, 120).map((row, i) => ({
      ...row,
      age: String(21 + (i % 50) + 1 / 3),
      visits: String((i % 17) + 2 / 7),
      answered: 'no',
    }));
    const { code, message } = await ask(write('smote.csv', asCsv([...whole, ...mixed])));
    expect(code).toBe('LEAKAGE');
    expect(message).toMatch(/mixed from others/);
  });

  test('a column that is the answer under another name', async () => {
    const told = rows.map(({ income, plan, answered }) => ({
      income,
      plan,
      answered,
      flag: answered === 'yes' ? '7' : '3',
    }));
    const { code, message } = await ask(write('told.csv', asCsv(told)));
    expect(code).toBe('LEAKAGE');
    expect(message).toContain('"flag" alone reaches AUC 1.000');
  });

  test.each([
    ['a target that is not there', ['--target', 'nobody'], 'USAGE', /--target: expected a column/],
    ['three values for yes or no', ['--target', 'size'], 'BAD_DATA', /got 3: use --kind multiclass/],
    ['words for a number', ['--kind', 'regression'], 'BAD_DATA', /expected numbers in the target/],
    ['an unknown kind of column', ['--types', 'plan=colour'], 'USAGE', /--types: expected one of number/],
    ['a direction of words', ['--monotone', 'plan:+'], 'USAGE', /"plan" is none/],
    ['a direction that is none', ['--monotone', 'income'], 'USAGE', /COLUMN:\+ or COLUMN:-/],
    ['a gap in another unit than its time', ['--time', 'joined', '--gap', '3'], 'USAGE', /expected a span/],
    ['medians of a yes or no', ['--metric', 'mae'], 'USAGE', /--metric is for --kind regression/],
    ['a gap without a time', ['--gap', '3d'], 'USAGE', /--gap needs --time/],
  ])('%s', async (_, options, code, words) => {
    const error = await ask(customers, ...options);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(words);
  });

  test.each([
    ['a ragged line', 'a,b,answered\n1,2,yes\n3,no\n', /line 3 has more or fewer cells/],
    ['a header alone', 'a,b,answered\n', /nothing under it/],
    ['an empty file', '', /the file is empty/],
  ])('%s', async (what, content, words) => {
    const error = await ask(write(`${what.replaceAll(' ', '-')}.csv`, content));
    expect(error.code).toBe('BAD_FILE');
    expect(error.message).toMatch(words);
  });

  test('too few rows of an outcome', async () => {
    const few = await ask(write('few.csv', asCsv(rows.slice(0, 12))));
    expect(few.code).toBe('NOT_ENOUGH_DATA');
  });
});
