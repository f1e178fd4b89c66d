// One table of the comparison: what we learn from, what the other libraries are given, and where the tests are.
import { fileURLToPath } from 'node:url';
import { type Column, type Frame, makeFrame } from '../../src/core/frame.ts';
import { name } from '../../src/core/name.ts';
import { type Cell, openEngine, sqlText } from '../../src/data/engine.ts';
import type { RowMetricName } from '../../src/eval/metrics/metric.ts';
import type { Sample } from '../../src/models/estimator.ts';
import type { Split } from './folds.ts';

export interface TableSet {
  readonly name: string;
  /** What the other libraries minimise, and we with them. */
  readonly loss: 'binary' | 'rmse' | 'mae';
  /** The entity of a row is its group: rows of one group are never on both sides, and are drawn together. */
  readonly sample: Sample;
  /** The same rows as numbers and categories alone: what the other libraries read. */
  readonly peers: Frame;
  readonly splits: readonly Split[];
  /** The splits cover every tested row so many times. */
  readonly repeats: number;
  /** Where time matters: training ends where the test begins. */
  readonly order?: Float64Array;
  /** The first decides. */
  readonly metrics: readonly RowMetricName[];
  /** Settings tried by each of the other libraries on every split, and folds inside. */
  readonly tries: number;
  readonly innerFolds: number;
  /** The same for XGBoost and scikit-learn, where many splits make it dear. */
  readonly others?: { readonly tries: number; readonly innerFolds: number };
  readonly protocol: string;
}

export const QUESTIONS = {
  binary: { kind: 'binary', outcome: 'other', horizonDays: 1, discountPerYear: 0 },
  amount: { kind: 'amount', outcome: 'other', horizonDays: 1, discountPerYear: 0 },
} as const;

const shared = (path: string): string =>
  fileURLToPath(new URL(`../../../shared/data/${path}`, import.meta.url));

/** Rows of a file of the shared data, as the engine reads them with every cell a text. */
export async function readRows(path: string): Promise<Record<string, string | null>[]> {
  const engine = await openEngine({ threads: 1 });
  try {
    const rows = await engine.rows<Record<string, Cell>>(
      `SELECT * FROM read_csv(${sqlText(shared(path))}, header = true, all_varchar = true, quote = '"', escape = '"', parallel = false, delim = ',', max_line_size = 1000000)`,
    );
    return rows as Record<string, string | null>[];
  } finally {
    engine.close();
  }
}

type Rows = readonly Readonly<Record<string, string | null>>[];

const plain = (column: string) =>
  ({ name: column, label: name(column, column), unit: 'none', group: column }) as const;

export const numbers = (rows: Rows, column: string): Column => ({
  ...plain(column),
  kind: 'number',
  values: Float64Array.from(rows, (row) =>
    row[column] === null || row[column] === '' ? Number.NaN : Number(row[column]),
  ),
});

export function categories(rows: Rows, column: string): Column {
  const levels = [...new Set(rows.map((row) => row[column] ?? ''))].filter((level) => level !== '').sort();
  const codes = new Map(levels.map((level, code) => [level, code]));
  return {
    ...plain(column),
    kind: 'category',
    levels,
    codes: Int32Array.from(rows, (row) => codes.get(row[column] ?? '') ?? -1),
  };
}

export const texts = (rows: Rows, column: string): Column => ({
  ...plain(column),
  kind: 'text',
  values: rows.map((row) => row[column] ?? ''),
});

export const flags = (rows: Rows, column: string): Float64Array =>
  Float64Array.from(rows, (row) => Number(/^(1|true|yes)$/i.test(row[column] ?? '')));

/** Columns by how they read: numbers where every value is one, categories otherwise. */
export function tableOf(rows: Rows, columns: readonly string[], asCategories: readonly string[] = []): Frame {
  return makeFrame(
    columns.map((column) =>
      !asCategories.includes(column) &&
      rows.every((row) => row[column] === null || row[column] === '' || Number.isFinite(Number(row[column])))
        ? numbers(rows, column)
        : categories(rows, column),
    ),
    { rows: rows.length },
  );
}

/** The same key for rows that are equal in these columns. */
export const keysOf = (rows: Rows, columns: readonly string[]): string[] =>
  rows.map((row) => columns.map((column) => row[column] ?? '').join('\u0000'));

/** A small whole number for each row, the same for amounts of the same fifth. */
export function fifthsOf(values: Float64Array): Uint8Array {
  const sorted = values.slice().sort();
  const edges = [0.2, 0.4, 0.6, 0.8].map((share) => sorted[Math.floor(share * (sorted.length - 1))]);
  return Uint8Array.from(values, (value) => edges.filter((edge) => value > edge).length);
}
