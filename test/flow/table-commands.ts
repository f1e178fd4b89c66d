// The table commands as tests run them: in this process, what they print read back.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildProgram } from '../../src/cli/main.ts';
import { AppError } from '../../src/core/errors.ts';
import { openEngine, sqlText } from '../../src/data/engine.ts';
import type { Row } from './made-up-table.ts';

/** What `table fit --json` prints, as far as tests look. */
export interface Fitted {
  model: string;
  target: { positive?: string; classes?: string[]; words: { en: string } };
  metrics: Record<string, { value: number; low: number; high: number }>;
  baselines: Record<string, Record<string, { value: number }>>;
  coverage_by_group:
    | { of: string; by: string; groups: { promised: number; kept: { value: number }; examples: number }[] }[]
    | null;
  differences: { metric: string; against: string; high: number; better: string }[];
  protocol: { split: string; users: number; examples: number };
  tested_by: string;
  rows: { read: number; without_target: number; repeated: number; kept_together: string };
  columns: { name: string; kind: string; use: string; reason: { en: string; zh: string } }[];
  leakage: { check: string; feature?: string; severity: string; words: { en: string } }[];
  leaderboard: {
    metric: string;
    rows: { model: string; value: number; low: number; fit_seconds: number }[];
    refused: unknown[];
  };
  report: string;
}

/** Runs one command in this process and gives what it printed. */
export async function foresell(...args: string[]): Promise<string> {
  const original = process.stdout.write;
  let printed = '';
  process.stdout.write = ((text: string) => {
    printed += text;
    return true;
  }) as typeof process.stdout.write;
  try {
    await buildProgram(new AbortController().signal).parseAsync([
      'node',
      'foresell',
      ...args,
      '--threads',
      '2',
      '--lang',
      'en',
    ]);
  } finally {
    process.stdout.write = original;
  }
  return printed;
}

/** Files and models of one test file, in a folder of its own. */
export const tablesIn = (dir: string) => ({
  write(file: string, content: string | Buffer): string {
    const path = join(dir, file);
    writeFileSync(path, content);
    return path;
  },
  fitTable: async (data: string, out: string, ...options: string[]): Promise<Fitted> =>
    JSON.parse(await foresell('table', 'fit', data, '--out', join(dir, out), '--json', ...options)) as Fitted,
});

export async function refusal(work: Promise<unknown>): Promise<AppError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('expected a refusal, there was none');
}

/** How the engine reads a file of answers, whatever its format. */
export const readerOf = (path: string): string => {
  if (path.endsWith('.csv')) return `read_csv(${sqlText(path)}, all_varchar = true)`;
  return path.endsWith('.parquet') ? `read_parquet(${sqlText(path)})` : `read_json(${sqlText(path)})`;
};

export async function rowsIn(path: string): Promise<Row[]> {
  const engine = await openEngine({ threads: 1 });
  const rows = await engine.rows<Row>(`SELECT * FROM ${readerOf(path)}`);
  engine.close();
  return rows;
}
