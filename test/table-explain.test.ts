// One row of any table explained: its answer, reasons that add up, and what would change it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { asCsv, madeUpRows } from './flow/made-up-table.ts';
import { foresell, refusal, rowsIn, tablesIn } from './flow/table-commands.ts';

const dir = mkdtempSync(join(tmpdir(), 'foresell-table-explain-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const { write, fitTable } = tablesIn(dir);

const rows = madeUpRows(300);
const customers = write('customers.csv', asCsv(rows));
const quick = ['--model', 'logistic', '--holdout', '.3', '--cv', '2'];

interface Explained {
  row: number;
  value: number;
  prediction: string;
  probabilities: Record<string, number>;
  margin: number;
  base: number;
  contributions: { contribution: number }[];
  reasons: { words: { en: string; zh: string } }[];
  what_if: {
    goal: { above?: number; below?: number };
    now: number;
    reached: boolean;
    answers: {
      value: number;
      changes: { column: string; from: { en: string }; to: { en: string } }[];
      words: { en: string; zh: string };
    }[];
  };
}

const explain = async (model: string, ...options: string[]): Promise<Explained> =>
  JSON.parse(await foresell('table', 'explain', join(dir, model), customers, ...options, '--json'));

describe('a yes-or-no column', () => {
  test('gets contributions that add up, and the answer of table predict', async () => {
    await fitTable(
      customers,
      'yes',
      '--target',
      'answered',
      '--kind',
      'binary',
      '--drop',
      'spent,size',
      ...quick,
    );
    const out = join(dir, 'answers.csv');
    await foresell('table', 'predict', join(dir, 'yes'), customers, '--out', out);
    const answers = await rowsIn(out);
    for (const row of [1, 7, 300]) {
      const told = await explain('yes', '--row', String(row));
      expect(told.value).toBeCloseTo(Number(answers[row - 1].value), 12);
      expect(told.prediction).toBe(answers[row - 1].prediction);
      const sum = told.contributions.reduce((all, { contribution }) => all + contribution, told.base);
      expect(sum).toBeCloseTo(told.margin, 6);
      expect(told.what_if).toBeUndefined();
    }
  });

  test('a change crosses to the other answer, and what is immutable stays', async () => {
    const free = await explain('yes', '--row', '1', '--what-if');
    expect(free.what_if.reached).toBe(false);
    const [nearest] = free.what_if.answers;
    const { above, below } = free.what_if.goal;
    if (above !== undefined) expect(nearest.value).toBeGreaterThanOrEqual(above);
    else expect(nearest.value).toBeLessThanOrEqual(below as number);
    // The changed row, asked anew, is called the other way.
    const features = Object.fromEntries(
      nearest.changes.map(({ column, to }) => [column, to.en.replaceAll(',', '')]),
    );
    const again = write('again.csv', asCsv([{ ...rows[0], ...features }]));
    const answer = JSON.parse(await foresell('table', 'explain', join(dir, 'yes'), again, '--json'));
    expect(answer.prediction).not.toBe(free.prediction);
    const held = nearest.changes.map(({ column }) => column);
    const bound = await explain('yes', '--row', '1', '--what-if', '--immutable', held.join(','));
    for (const { changes } of bound.what_if.answers)
      expect(changes.filter(({ column }) => held.includes(column))).toEqual([]);
  });

  test('a date is told as a date, in both languages', async () => {
    const { what_if } = await explain(
      'yes',
      '--what-if',
      '--immutable',
      'income,plan,city',
      '--above',
      '.999',
    );
    for (const { changes, words } of what_if.answers) {
      expect(changes[0]).toMatchObject({
        column: 'joined',
        to: { en: expect.stringMatching(/^\d{4}-\d\d-\d\d/) },
      });
      expect(words.zh).toContain('由');
    }
    const zh = await foresell('table', 'explain', join(dir, 'yes'), customers, '--what-if', '--above', '0');
    expect(zh).toContain('nothing need change');
  });

  test('words that make no sense are refused', async () => {
    const code = async (...options: string[]) =>
      (await refusal(foresell('table', 'explain', join(dir, 'yes'), customers, ...options))).message;
    expect(await code('--row', '301')).toContain('--row: expected 1 to 300');
    expect(await code('--what-if', '--immutable', 'nobody')).toContain('"nobody" is none');
    expect(await code('--what-if', '--class', 'a')).toContain('--class is for');
    expect(await code('--immutable', 'city')).toContain('go with --what-if');
  });
});

test('of classes, the one called is left, or the one named is reached', async () => {
  await fitTable(
    customers,
    'sizes',
    '--target',
    'size',
    '--kind',
    'multiclass',
    '--drop',
    'spent,answered',
    ...quick,
  );
  const leave = await explain('sizes', '--what-if');
  // Probabilities are explained no nearer to 0 and 1 than a millionth.
  expect(leave.what_if.now).toBeCloseTo(leave.probabilities[leave.prediction], 5);
  const other = Object.keys(leave.probabilities).find((own) => own !== leave.prediction) as string;
  const reach = await explain('sizes', '--what-if', '--class', other, '--above', '.4');
  expect(reach.what_if.now).toBeCloseTo(reach.probabilities[other], 5);
  for (const { value } of reach.what_if.answers) expect(value).toBeGreaterThanOrEqual(0.4);
  const { message } = await refusal(explain('sizes', '--what-if', '--class', 'nobody'));
  expect(message).toContain('--class: expected one of');
});

test('an amount goes to the other side of the middle, or where it is told to', async () => {
  await fitTable(
    customers,
    'spent',
    '--target',
    'spent',
    '--kind',
    'regression',
    '--drop',
    'size,answered',
    ...quick.map((word) => (word === 'logistic' ? 'linear' : word)),
  );
  const told = await explain('spent', '--what-if');
  expect(told.what_if.now).toBeCloseTo(told.value, 6);
  const above = told.value + 1;
  const { what_if } = await explain('spent', '--what-if', '--above', String(above));
  expect(what_if.answers.length).toBeGreaterThan(0);
  for (const { value } of what_if.answers) expect(value).toBeGreaterThanOrEqual(above);
});
