// foresell table predict: answers about the rows of another file, by a model `table fit` saved.
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { openEngine } from '../../data/engine.ts';
import { checkWritable } from '../../data/output-place.ts';
import { openTable } from '../../data/table/open-table.ts';
import type { UnreadCells } from '../../data/table/unread-cells.ts';
import { checkTablePath, writeTable } from '../../data/table/write-table.ts';
import { loadTable } from '../../registry/table-bundle.ts';
import { predictTable } from '../../serve/predict-table.ts';
import type { CommandFile } from '../command.ts';
import type { Context } from '../context.ts';
import { listOf } from './table-fit.ts';

const REASONS = 3;

export const tablePredictCommand: CommandFile = {
  usage: 'table predict <dir> <data>',
  summary: 'write an answer for each row of a table, in its order',
  examples: [
    'foresell table predict foresell-table new-sessions.csv --out predictions.csv',
    'foresell table predict churn-model customers.parquet --id CustomerID --out churn.parquet',
    'foresell table predict churn-model customers.csv --id CustomerID --explain --out churn.ndjson',
  ],
  declare(command) {
    command
      .option('--out <file>', 'file ending in .csv, .ndjson or .parquet')
      .option('--id <columns>', 'columns of the file to keep beside the answers, separated by commas')
      .option('--explain', 'add the strongest reasons of each row, in words');
  },
  run: (context, [dir, data], options) =>
    predictRows(context, { dir, data, ...(options.explain === true && { reasons: REASONS }) }, options),
};

export interface PredictRows {
  readonly dir: string;
  readonly data: string;
  /** How many reasons a row to add. */
  readonly reasons?: number;
  /** How many words that mattered to add. */
  readonly words?: number;
}

/** Writes the answers of a saved model about a file, and says what was written. */
export async function predictRows(
  context: Context,
  { dir, data, reasons, words }: PredictRows,
  options: Record<string, unknown>,
): Promise<void> {
  if (options.out === undefined)
    throw new AppError('USAGE', 'expected --out FILE ending in .csv, .ndjson or .parquet');
  const out = String(options.out);
  checkTablePath(out);
  if (existsSync(out) && existsSync(data) && realpathSync(out) === realpathSync(data))
    throw new AppError('USAGE', `--out: expected another file than the table that is read, got "${out}"`);
  checkWritable(out, 'file');
  const bundle = loadTable(dir);
  const scratch = mkdtempSync(join(tmpdir(), 'foresell-table-'));
  const engine = await openEngine({ tempDir: join(scratch, 'spill'), threads: context.threads });
  try {
    const decoded = join(scratch, 'data');
    mkdirSync(decoded);
    const source = await openTable(engine, data, {
      scratch: decoded,
      missing: bundle.missing,
      signal: context.signal,
    });
    let unread: readonly UnreadCells[] = [];
    const columns = await predictTable(engine, source, bundle, {
      ids: listOf(options.id === undefined ? undefined : String(options.id)),
      ...(reasons !== undefined && { reasons }),
      ...(words !== undefined && { words }),
      language: context.language,
      onUnread(cells) {
        unread = cells;
        context.progress.note(unreadText(cells, context.language));
      },
      signal: context.signal,
    });
    await writeTable(engine, out, columns);
    const ignored = source.columns.filter((column) => !bundle.features.some(({ name }) => name === column));
    context.document({
      target: bundle.target.column,
      kind: bundle.target.kind,
      model: bundle.table.model.estimator,
      model_version: bundle.version.version,
      rows: source.rows,
      columns: columns.map(({ name }) => name),
      ignored_columns: ignored,
      unread_cells: Object.fromEntries(unread.map((own) => [own.column.name, own.unread])),
      out,
      protocol: bundle.protocol,
      metrics: bundle.scores,
      baselines: bundle.baselines,
    });
    context.say(
      context.language === 'zh'
        ? `已写入 ${source.rows.toLocaleString('en-US')} 行：${out}（模型 ${bundle.table.model.estimator}，${bundle.version.version}）`
        : `${source.rows.toLocaleString('en-US')} rows in ${out} (model ${bundle.table.model.estimator}, ${bundle.version.version})`,
    );
  } finally {
    engine.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

const NAMED = 4;

/** Cells that count as missing because they are not what their column was learned as. */
function unreadText(cells: readonly UnreadCells[], language: 'en' | 'zh'): string {
  const zh = language === 'zh';
  const shown = cells
    .slice(0, NAMED)
    .map(({ column, filled, unread }) =>
      zh ? `“${column.name}” ${filled} 格中的 ${unread} 格` : `${unread} of ${filled} in "${column.name}"`,
    );
  const more = cells.length > NAMED ? ' …' : '';
  return zh
    ? `有单元格无法按学习时的类型读取，按缺失处理：${shown.join('，')}${more}`
    : `cells that are not what their column was learned as count as missing: ${shown.join(', ')}${more}`;
}
