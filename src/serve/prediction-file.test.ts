import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeFrame } from '../core/frame.ts';
import { type Engine, openEngine, sqlText } from '../data/engine.ts';
import { fitVennAbers } from '../eval/calibration/venn-abers.ts';
import type { LoadedBundle } from '../registry/bundle.ts';
import { taskNamed } from '../tasks/catalogue.ts';
import type { Predictions } from './batch.ts';
import { writePredictions } from './prediction-file.ts';

/** The columns with their DuckDB types, in file order. */
const PREDICTION_COLUMNS = {
  task: 'VARCHAR',
  entity_type: 'VARCHAR',
  user_id: 'VARCHAR',
  rank: 'INTEGER',
  as_of: 'VARCHAR',
  horizon_days: 'DOUBLE',
  value: 'DOUBLE',
  unit: 'VARCHAR',
  low: 'DOUBLE',
  high: 'DOUBLE',
  typical: 'DOUBLE',
  interval_method: 'VARCHAR',
  tier: 'VARCHAR',
  model_version: 'VARCHAR',
};

const dir = mkdtempSync(join(tmpdir(), 'foresell-predictions-'));
let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ threads: 1 });
});
afterAll(() => {
  engine.close();
  rmSync(dir, { recursive: true });
});

const IDS = [
  'plain',
  'O\'Brien, "Bo"',
  'two\nlines',
  'semi;colon\ttab',
  '张伟 🙂',
  ' padded ',
  '007',
  'NULL',
  '-1',
  '\\"',
];

const predictions: Predictions = {
  entities: IDS,
  asOf: Date.UTC(2024, 5, 1),
  frame: makeFrame([], { rows: IDS.length, currency: 'EUR' }),
  forecast: {
    value: Float64Array.from(IDS, (_, i) => 1000.126 / (i + 1)),
    raw: new Float64Array(IDS.length),
    low: Float64Array.from(IDS, () => 0),
    high: Float64Array.from(IDS, (_, i) => 1e9 + i),
    typical: Float64Array.from(IDS, (_, i) => 250.5 * i),
    tier: IDS.map((_, i) => (i < 3 ? 'high' : 'low')),
  },
  unit: 'EUR',
  perUnit: 100,
};

/** What the writer reads of a bundle. */
const bundle = {
  task: taskNamed('spend'),
  horizonDays: 30,
  calibrated: { corrections: { interval: { method: 'normalised' } } },
  version: { version: 'v1-abcdef0' },
} as unknown as LoadedBundle;

const rows = Array.from(IDS.keys());
const read = async (path: string) => {
  const source = path.endsWith('.csv')
    ? // Nothing sniffed: as a strict reader of RFC 4180 sees it.
      `read_csv(${sqlText(path)}, header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', columns = {${Object.entries(
        PREDICTION_COLUMNS,
      )
        .map(([name, type]) => `'${name}': '${type}'`)
        .join(', ')}})`
    : path.endsWith('.parquet')
      ? `read_parquet(${sqlText(path)})`
      : `read_json(${sqlText(path)})`;
  return engine.rows(
    `SELECT ${Object.keys(PREDICTION_COLUMNS)
      .map((c) => (c === 'as_of' ? 'left(as_of::VARCHAR, 10) AS as_of' : c))
      .join(', ')} FROM ${source} ORDER BY rank`,
  );
};

test('the three formats hold the same rows, ids untouched', async () => {
  const found = [];
  for (const format of ['csv', 'ndjson', 'parquet']) {
    const path = join(dir, `all.${format}`);
    await writePredictions(engine, path, { predictions, bundle, rows });
    found.push(
      (await read(path)).map((row): Record<string, unknown> => ({ ...row, rank: Number(row.rank) })),
    );
  }
  const [csv, ndjson, parquet] = found;
  expect(csv.map(({ user_id }) => user_id)).toEqual(IDS);
  expect(csv[0]).toMatchObject({
    task: 'spend',
    entity_type: 'user',
    rank: 1,
    horizon_days: 30,
    value: 10.0013,
    unit: 'EUR',
    low: 0,
    high: 1e7,
    typical: 0,
    interval_method: 'normalised',
    tier: 'high',
    model_version: 'v1-abcdef0',
  });
  expect(csv[2].typical).toBe(5.01);
  expect(ndjson).toEqual(csv);
  expect(parquet).toEqual(csv);
});

test('Parquet columns have their types, and a file without rows still has its columns', async () => {
  const path = join(dir, 'none.parquet');
  await writePredictions(engine, path, { predictions, bundle, rows: [] });
  const columns = await engine.rows<{ column_name: string; column_type: string }>(
    `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(${sqlText(path)}))`,
  );
  expect(Object.fromEntries(columns.map((one) => [one.column_name, one.column_type]))).toEqual(
    PREDICTION_COLUMNS,
  );
  const csv = join(dir, 'none.csv');
  await writePredictions(engine, csv, { predictions, bundle, rows: [] });
  expect(readFileSync(csv, 'utf8')).toBe(`${Object.keys(PREDICTION_COLUMNS).join(',')}\n`);
});

test('probabilities have six digits and no interval', async () => {
  const path = join(dir, 'p.ndjson');
  const share: Predictions = {
    ...predictions,
    forecast: { value: Float64Array.from(IDS, () => 1 / 3), raw: new Float64Array(IDS.length) },
    unit: 'probability',
    perUnit: 1,
  };
  await writePredictions(engine, path, { predictions: share, bundle, rows: [4] });
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
    user_id: '张伟 🙂',
    rank: 1,
    value: 0.333333,
    low: null,
    high: null,
    typical: null,
    interval_method: null,
    tier: null,
  });
});

test('probabilities between two calibrated ones say so', async () => {
  const path = join(dir, 'pair.ndjson');
  const share: Predictions = {
    ...predictions,
    forecast: {
      value: Float64Array.from(IDS, () => 0.25),
      raw: new Float64Array(IDS.length),
      low: Float64Array.from(IDS, () => 0.2),
      high: Float64Array.from(IDS, () => 0.3333333),
    },
    unit: 'probability',
    perUnit: 1,
  };
  const steps = fitVennAbers({ actual: Float64Array.of(0, 1), predicted: Float64Array.of(0.3, 0.6) });
  const own = {
    ...bundle,
    calibrated: { ...bundle.calibrated, corrections: { probabilityInterval: steps } },
  };
  await writePredictions(engine, path, { predictions: share, bundle: own, rows: [0] });
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
    value: 0.25,
    low: 0.2,
    high: 0.333333,
    interval_method: 'venn-abers',
  });
});

test('a file in the way is replaced whole; a place that is none is refused and leaves nothing behind', async () => {
  const path = join(dir, 'again.csv');
  writeFileSync(path, 'old');
  await writePredictions(engine, path, { predictions, bundle, rows: [0] });
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(3);

  mkdirSync(join(dir, 'folder.csv'));
  for (const bad of [
    join(path, 'inside.csv'),
    join(dir, 'folder.csv'),
    join(dir, `${'x'.repeat(300)}.parquet`),
  ]) {
    await expect(writePredictions(engine, bad, { predictions, bundle, rows })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('expected a place for a file'),
    });
  }
  await expect(writePredictions(engine, join(dir, 'x.xlsx'), { predictions, bundle, rows })).rejects.toThrow(
    'expected an output file ending in .csv, .ndjson, .parquet',
  );
  expect(readdirSync(dir).filter((name) => name.includes('.new'))).toEqual([]);
  expect(existsSync(join(dir, 'x.xlsx'))).toBe(false);
});

test('many rows arrive, in order', async () => {
  const many = 60_000;
  const path = join(dir, 'many.ndjson');
  const large: Predictions = {
    ...predictions,
    entities: Array.from({ length: many }, (_, i) => `c${i}`),
    forecast: {
      value: Float64Array.from({ length: many }, (_, i) => many - i),
      raw: new Float64Array(many),
    },
  };
  await writePredictions(engine, path, {
    predictions: large,
    bundle,
    rows: Uint32Array.from({ length: many }, (_, i) => i),
  });
  const [{ total, wrong }] = await engine.rows<{ total: number; wrong: number }>(
    `SELECT count(*) AS total, count(*) FILTER (user_id <> 'c' || (rank - 1)) AS wrong FROM read_json(${sqlText(path)})`,
  );
  expect({ total, wrong }).toEqual({ total: many, wrong: 0 });
});
