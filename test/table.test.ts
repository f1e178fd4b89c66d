// Any table, from a file to answers about another: what is read, what comes out.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { openEngine, sqlText } from '../src/data/engine.ts';
import { asCsv, asNdjson, madeUpRows, type Row } from './flow/made-up-table.ts';
import { type Fitted, foresell, refusal, rowsIn, tablesIn } from './flow/table-commands.ts';

const dir = mkdtempSync(join(tmpdir(), 'foresell-any-table-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const { write, fitTable } = tablesIn(dir);

const rows = madeUpRows(300);
const customers = write('customers.csv', asCsv(rows));
const quick = ['--model', 'logistic', '--cv', '3'];

describe('a yes-or-no column', () => {
  let fitted: Fitted;

  test('is learned and tested in nested folds, beside baselines, with intervals', async () => {
    fitted = await fitTable(
      customers,
      'binary',
      '--target',
      'answered',
      '--kind',
      'binary',
      '--drop',
      'spent,size',
      ...quick,
    );
    expect(fitted.target.positive).toBe('yes');
    expect(fitted.tested_by).toBe('nested');
    expect(fitted.protocol).toMatchObject({ examples: 300, users: 300 });
    expect(Object.keys(fitted.baselines)).toEqual(['rate', 'best-column']);
    const { roc_auc, log_loss } = fitted.metrics;
    expect(roc_auc.value).toBeGreaterThan(0.75);
    expect(roc_auc.low).toBeLessThan(roc_auc.value);
    expect(log_loss.value).toBeLessThan(fitted.baselines.rate.log_loss.value);
    expect(fitted.leaderboard.rows.map(({ model }) => model)).toEqual(['logistic', 'best-column', 'rate']);
    expect(fitted.leaderboard.rows[0].fit_seconds).toBeGreaterThan(0);
    expect(readFileSync(fitted.report, 'utf8')).toContain('What was learned from customers.csv');
  });

  test('says what each column was taken for, and refuses ids, constants and empty columns as features', () => {
    const of = Object.fromEntries(fitted.columns.map(({ name, kind, use }) => [name, `${kind}: ${use}`]));
    expect(of).toEqual({
      customer_id: 'id: refused',
      income: 'number: feature',
      plan: 'category: feature',
      city: 'category: feature',
      joined: 'date: feature',
      empty: 'empty: refused',
      fixed: 'constant: refused',
      answered: 'boolean: target',
      spent: 'number: dropped',
      size: 'category: dropped',
    });
    const { reason } = fitted.columns[0];
    expect(reason.en).toBe('300 different texts in 300 rows: it names rows');
    expect(reason.zh).toMatch(/行的名字/);
    expect(fitted.leakage.map(({ check, feature }) => [check, feature])).toContainEqual([
      'time-in-a-random-split',
      'joined',
    ]);
  });

  test('answers other files by the columns’ names: another order, more columns, an unseen category, a missing cell', async () => {
    const others: Row[] = madeUpRows(5, 7).map(({ customer_id, income, plan, city, joined }, i) => ({
      note: 'ignored',
      plan: i === 0 ? 'enterprise' : plan,
      income: i === 1 ? '?' : income,
      city: i === 2 ? 'line\nbreak' : city,
      joined,
      customer_id,
    }));
    const out = join(dir, 'answers.csv');
    await foresell(
      'table',
      'predict',
      join(dir, 'binary'),
      write('others.csv', asCsv(others)),
      '--id',
      'customer_id',
      '--out',
      out,
      '--explain',
    );
    const answers = await rowsIn(out);
    expect(answers.map(({ customer_id }) => customer_id)).toEqual(
      others.map(({ customer_id }) => customer_id),
    );
    expect(Object.keys(answers[0])).toEqual([
      'customer_id',
      'value',
      'low',
      'high',
      'prediction',
      'reason_1',
      'reason_2',
      'reason_3',
    ]);
    for (const { value, low, high, prediction, reason_1 } of answers) {
      expect(Number(value)).toBeGreaterThanOrEqual(Number(low));
      expect(Number(value)).toBeLessThanOrEqual(Number(high));
      expect(['yes', 'no']).toContain(prediction);
      expect(reason_1).toMatch(/raises|lowers/);
    }
  });

  test('the same file as CSV, NDJSON and Parquet gets the same answers', async () => {
    const engine = await openEngine({ threads: 1 });
    const parquet = join(dir, 'customers.parquet');
    await engine.run(
      `COPY (SELECT * FROM read_csv(${sqlText(customers)}, nullstr = 'NA')) TO ${sqlText(parquet)} (FORMAT parquet)`,
    );
    engine.close();
    const files = [
      customers,
      parquet,
      write('customers.ndjson', asNdjson(rows)),
      write('customers.csv.gz', gzipSync(asCsv(rows))),
    ];
    const values: number[][] = [];
    for (const [at, file] of files.entries()) {
      const out = join(dir, `same-${at}.parquet`);
      await foresell('table', 'predict', join(dir, 'binary'), file, '--out', out);
      values.push((await rowsIn(out)).map(({ value }) => Number(value)));
    }
    for (const others of values.slice(1)) expect(others).toEqual(values[0]);
    expect(new Set(values[0]).size).toBeGreaterThan(200);
  });

  test('a file that lacks a column the model reads is refused by name', async () => {
    const poor = write('poor.csv', asCsv(rows.slice(0, 3).map(({ plan, city }) => ({ plan, city }))));
    const { code, message } = await refusal(
      foresell('table', 'predict', join(dir, 'binary'), poor, '--out', join(dir, 'x.csv')),
    );
    expect(code).toBe('BAD_DATA');
    expect(message).toMatch(/lacks .*"income"/);
    expect(existsSync(join(dir, 'x.csv'))).toBe(false);
  });

  test('a column with nothing of its kind in it is refused, single cells are told', async () => {
    const said = (some: (row: Row, i: number) => Row) =>
      write('said.csv', asCsv(rows.slice(0, 20).map((row, i) => some(row, i))));
    const ask = () =>
      foresell(
        'table',
        'predict',
        join(dir, 'binary'),
        join(dir, 'said.csv'),
        '--out',
        join(dir, 'x.csv'),
        '--json',
      );
    said((row) => ({ ...row, income: 'plenty' }));
    const { code, message } = await refusal(ask());
    expect(code).toBe('BAD_DATA');
    expect(message).toMatch(/expected numbers in "income".*none of its 20 cells/);
    expect(existsSync(join(dir, 'x.csv'))).toBe(false);
    said((row, i) => ({ ...row, income: i < 2 ? 'plenty' : '30' }));
    expect(JSON.parse(await ask())).toMatchObject({ rows: 20, unread_cells: { income: 2 } });
    rmSync(join(dir, 'x.csv'));
  });

  test('answers do not go over the table they are about', async () => {
    const mine = write('mine.csv', asCsv(rows));
    const { code, message } = await refusal(
      foresell('table', 'predict', join(dir, 'binary'), mine, '--out', join(dir, '.', 'mine.csv')),
    );
    expect(code).toBe('USAGE');
    expect(message).toContain('another file than the table that is read');
    expect(readFileSync(mine, 'utf8')).toBe(asCsv(rows));
  });

  test('a file in the place of the folder to save to is told before anything is learned', async () => {
    const { code, message } = await refusal(
      foresell('table', 'fit', customers, '--target', 'answered', '--kind', 'binary', '--out', customers),
    );
    expect(code).toBe('USAGE');
    expect(message).toContain('expected a folder to save to');
  });

  test.each([
    ['under a file', () => join(customers, 'model')],
    ['where no folder can be made', () => '/proc/foresell/model'],
  ])('a place %s is told before anything is read', async (_, place) => {
    // The table is not even there: what is told is the place.
    const table = join(dir, 'no-such-table.csv');
    const fit = ['--target', 'answered', '--kind', 'binary', '--out', place()];
    const { code, message } = await refusal(foresell('table', 'fit', table, ...fit));
    expect([code, message]).toEqual(['USAGE', expect.stringContaining('expected a folder to save to')]);
    const told = await refusal(
      foresell('table', 'predict', join(dir, 'no-model'), table, '--out', `${place()}/a.csv`),
    );
    expect([told.code, told.message]).toEqual([
      'USAGE',
      expect.stringContaining('expected a place for a file'),
    ]);
  });

  test('a folder that holds no table is named', async () => {
    const nowhere = join(dir, 'nowhere');
    const { code, message } = await refusal(
      foresell('table', 'predict', nowhere, customers, '--out', join(dir, 'x.csv')),
    );
    expect(code).toBe('NOT_FOUND');
    expect(message).toContain(`"${nowhere}" is none`);
  });

  test('a saved file that was touched is not believed', async () => {
    const [version] = readdirSync(join(dir, 'binary', 'model'));
    const path = join(dir, 'binary', 'model', version, 'table.json');
    const before = readFileSync(path);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"yes"', '"no"'));
    const { code } = await refusal(
      foresell('table', 'predict', join(dir, 'binary'), customers, '--out', join(dir, 'x.csv')),
    );
    expect(code).toBe('TAMPERED');
    writeFileSync(path, before);
  });
});

describe('other questions', () => {
  test('an amount of both signs gets a range that holds it as often as promised', async () => {
    const semicolons = write(
      'semicolons.csv',
      asCsv(
        rows.map((row) => ({ ...row, spent: row.spent.replace('.', ',') })),
        ';',
      ),
    );
    const fitted = await fitTable(
      semicolons,
      'amount',
      '--target',
      'spent',
      '--kind',
      'regression',
      '--drop',
      'answered,size',
      ...['--model', 'linear', '--cv', '3', '--metric', 'mae'],
    );
    expect(fitted.leaderboard.metric).toBe('mae');
    expect(fitted.metrics.coverage.value).toBeGreaterThan(0.82);
    const byPlan = fitted.coverage_by_group?.find(({ by }) => by === 'plan');
    expect(byPlan?.of).toBe('ranges');
    const inPlans = byPlan?.groups ?? [];
    expect(inPlans).toHaveLength(2);
    for (const { promised } of inPlans) expect(promised).toBeCloseTo(0.9, 9);
    const kept = inPlans.reduce((sum, group) => sum + group.kept.value * group.examples, 0);
    expect(kept / inPlans.reduce((sum, { examples }) => sum + examples, 0)).toBeCloseTo(
      fitted.metrics.coverage.value,
      9,
    );
    expect(fitted.metrics.rmse.value).toBeLessThan(fitted.baselines.rate.rmse.value / 2);
    const out = join(dir, 'amounts.ndjson');
    await foresell('table', 'predict', join(dir, 'amount'), customers, '--out', out);
    const [first] = readFileSync(out, 'utf8').split('\n');
    expect(Object.keys(JSON.parse(first))).toEqual(['value', 'low', 'high', 'interval_method']);
    const answers = await rowsIn(out);
    const inside = answers.filter(
      ({ low, high }, i) => Number(rows[i].spent) >= Number(low) && Number(rows[i].spent) <= Number(high),
    );
    expect(inside.length / answers.length).toBeGreaterThan(0.8);
    expect(answers.some(({ value }) => Number(value) < 0)).toBe(true);
  });

  test('classes get a chance each, and Chinese names of columns stay as they are', async () => {
    const chinese = rows.map(({ income, plan, size }) => ({
      收入: income,
      套餐: plan === 'pro' ? '专业' : '基础',
      尺码: size,
    }));
    const file = write('chinese.csv', `\ufeff${asCsv(chinese)}`);
    const fitted = await fitTable(
      file,
      'classes',
      '--target',
      '尺码',
      '--kind',
      'multiclass',
      '--model',
      'tree',
      '--holdout',
      '.25',
    );
    expect(fitted.target.classes).toEqual(['L', 'M', 'S']);
    expect(fitted.tested_by).toBe('holdout');
    expect(fitted.metrics.accuracy.value).toBeGreaterThan(0.8);
    const out = join(dir, 'classes.csv');
    await foresell('table', 'predict', join(dir, 'classes'), file, '--out', out);
    const answers = await rowsIn(out);
    expect(Object.keys(answers[0])).toEqual(['prediction', 'p_L', 'p_M', 'p_S']);
    for (const { p_L, p_M, p_S } of answers)
      expect(Number(p_L) + Number(p_M) + Number(p_S)).toBeCloseTo(1, 6);
    expect(answers.filter(({ prediction }, i) => prediction === rows[i].size).length).toBeGreaterThan(250);
  });

  test('classes are calibrated, compared with baselines row by row, and told why', async () => {
    const fitted = await fitTable(
      customers,
      'sizes',
      ...['--target', 'size', '--kind', 'multiclass', '--drop', 'spent,answered,joined'],
      ...['--model', 'gbdt', '--holdout', '.3', '--cv', '2'],
    );
    const against = fitted.differences.find((own) => own.against === 'rate' && own.metric === 'log_loss');
    expect(against?.better).toBe('model');
    expect(against?.high).toBeLessThan(0);
    const [version] = readdirSync(join(dir, 'sizes', 'model'));
    const saved = JSON.parse(readFileSync(join(dir, 'sizes', 'model', version, 'table.json'), 'utf8'));
    expect(['identity', 'temperature', 'vector']).toContain(saved.corrections.classCalibrator.method);
    expect(readFileSync(fitted.report, 'utf8')).toContain('the probability of ');
    const out = join(dir, 'sizes.csv');
    await foresell('table', 'predict', join(dir, 'sizes'), customers, '--out', out, '--explain');
    const answers = await rowsIn(out);
    for (const { prediction, reason_1 } of answers)
      expect(reason_1).toMatch(new RegExp(`(raises|lowers) the probability of ${prediction} by`));
    const sure = answers.filter((_, i) => Number(rows[i].income) > 50);
    expect(sure.filter(({ reason_1 }) => reason_1.startsWith('income')).length).toBe(sure.length);
  });

  test('a file of its own is tested on, and the value that counts as yes can be named', async () => {
    const later = write('later.csv', asCsv(madeUpRows(120, 9)));
    const fitted = await fitTable(
      customers,
      'own-test',
      ...['--target', 'answered', '--kind', 'binary', '--positive', 'no', '--drop', 'spent,size'],
      ...['--test', later, '--id', 'customer_id', ...quick],
    );
    expect(fitted.tested_by).toBe('file');
    expect(fitted.protocol.examples).toBe(120);
    expect(fitted.target.positive).toBe('no');
    expect(fitted.metrics.roc_auc.value).toBeGreaterThan(0.7);
    expect(readFileSync(fitted.report, 'utf8')).toMatch(/Row C-1\d+/);
  });

  test('with a time, later rows are asked about and earlier ones learned from', async () => {
    const fitted = await fitTable(
      customers,
      'later',
      '--target',
      'answered',
      '--kind',
      'binary',
      '--drop',
      'spent,size',
      '--time',
      'joined',
      '--gap',
      '3d',
      ...quick,
    );
    expect(fitted.protocol.split).toContain('forward in time');
    expect(fitted.protocol.examples).toBeLessThan(300);
    expect(fitted.columns.find(({ name }) => name === 'joined')?.use).toBe('time');
  });
});

test('weights move what is learned, and the report says that scores count every row once', async () => {
  const weighed = write(
    'weighed.csv',
    asCsv(
      rows.map(({ income, plan, answered }) => ({
        income,
        plan,
        answered,
        times: answered === 'yes' ? '4' : '1',
      })),
    ),
  );
  const options = [
    '--target',
    'answered',
    '--kind',
    'binary',
    '--model',
    'logistic',
    '--holdout',
    '.3',
    '--cv',
    '2',
  ];
  const plain = await fitTable(weighed, 'unweighed', ...options, '--drop', 'times');
  const fitted = await fitTable(weighed, 'weighed', ...options, '--weight', 'times');
  // Everyone's average answers with the weighted share of a yes, and is scored on rows that count once.
  expect(fitted.baselines.rate.brier.value).toBeGreaterThan(plain.baselines.rate.brier.value + 0.02);
  expect(readFileSync(fitted.report, 'utf8')).toContain(
    'calibration, ranges and scores count every row once',
  );
  expect(readFileSync(plain.report, 'utf8')).not.toContain('count every row once');
});

test('an answer never goes against the direction it was told', async () => {
  await fitTable(
    customers,
    'falling',
    ...['--target', 'answered', '--kind', 'binary', '--drop', 'spent,size,joined', '--monotone', 'income:-'],
    ...['--model', 'gbdt', '--holdout', '.3', '--cv', '2'],
  );
  const grid: Row[] = Array.from({ length: 61 }, (_, income) => ({
    income: String(income),
    plan: 'pro',
    city: 'York',
  }));
  const out = join(dir, 'falling.csv');
  await foresell('table', 'predict', join(dir, 'falling'), write('grid.csv', asCsv(grid)), '--out', out);
  const values = (await rowsIn(out)).map(({ value }) => Number(value));
  // Though income raises the chance in truth.
  for (let i = 1; i < values.length; i++) expect(values[i]).toBeLessThanOrEqual(values[i - 1] + 1e-12);
});

test('rows of one group stay on one side; without a group, identical rows do', async () => {
  const twice = [...rows, ...rows.slice(0, 40)].map(({ customer_id, income, plan, city, answered }) => ({
    customer_id,
    income,
    plan,
    city,
    answered,
  }));
  const file = write('twice.csv', asCsv(twice));
  const plain = await fitTable(
    file,
    'copies',
    '--target',
    'answered',
    '--kind',
    'binary',
    '--drop',
    'customer_id',
    ...quick,
  );
  expect(plain.rows).toMatchObject({ kept_together: 'copies' });
  expect(plain.rows.repeated).toBeGreaterThanOrEqual(40);
  const grouped = await fitTable(
    file,
    'grouped',
    '--target',
    'answered',
    '--kind',
    'binary',
    '--group',
    'customer_id',
    ...quick,
  );
  expect(grouped.rows.kept_together).toBe('group');
  expect(grouped.protocol.users).toBe(300);
});
