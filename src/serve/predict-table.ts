// Answers about the rows of another table, as columns: what `table predict` writes.
import { AppError } from '../core/errors.ts';
import type { CategoryColumn } from '../core/frame.ts';
import type { Engine } from '../data/engine.ts';
import { unknownColumn } from '../data/table/infer-columns.ts';
import type { TableSource } from '../data/table/open-table.ts';
import { readColumns } from '../data/table/read-columns.ts';
import { findUnreadCells, type UnreadCells } from '../data/table/unread-cells.ts';
import type { WrittenColumn } from '../data/table/write-table.ts';
import { answerTable, type TableAnswers } from '../models/table-model.ts';
import type { LoadedTable } from '../registry/table-bundle.ts';
import { tableReasons } from './table-reasons.ts';
import { mattersColumns } from './text-words.ts';

export interface PredictTableOptions {
  /** Columns of the file to keep beside the answers. */
  readonly ids: readonly string[];
  /** How many reasons a row to add; none when absent. */
  readonly reasons?: number;
  /** How many words that mattered to add, of models of texts; none when absent. */
  readonly words?: number;
  readonly language: 'en' | 'zh';
  /** Told of cells that are not what their column was learned as, before anything is answered. */
  readonly onUnread?: (cells: readonly UnreadCells[]) => void;
  readonly signal?: AbortSignal;
}

/**
 * One answer a row of the file, in its order: `value, low?, high?, prediction` of a yes-or-no question, `value, low, high,
 * interval_method` of an amount, `prediction, p_<class>…` of classes.
 *
 * @throws AppError BAD_DATA naming the columns the file lacks, or one without a cell that can be read; USAGE for an id
 *   column it does not have
 */
export async function predictTable(
  engine: Engine,
  source: TableSource,
  bundle: LoadedTable,
  { ids, reasons = 0, words = 0, language, onUnread, signal }: PredictTableOptions,
): Promise<readonly WrittenColumn[]> {
  for (const id of ids) if (!source.columns.includes(id)) throw unknownColumn(source, id, '--id');
  const { model } = bundle.table;
  const read = bundle.features.filter(({ name }) => model.inputs.includes(name));
  // Columns the model was given but does not read may be gone.
  const frame = await readColumns(engine, source, read, signal);
  const unread = await findUnreadCells(engine, source, read, signal);
  if (unread.length > 0) onUnread?.(unread);
  const answers = await answerTable(bundle.table, frame);
  const kept = await keptColumns(engine, source, ids, signal);
  const columns = [...kept, ...answerColumns(bundle, answers)];
  const taken = new Set<string>();
  for (const { name } of columns) {
    if (taken.has(name))
      throw new AppError('USAGE', `--id: "${name}" is the name of an answer's column; rename it in the file`);
    taken.add(name);
  }
  if (words > 0) {
    const matters = await mattersColumns(bundle.table, frame, {
      most: words,
      called: answers.called,
      signal,
    });
    columns.push(...matters);
  }
  if (reasons === 0) return columns;
  return [...columns, ...(await tableReasons(bundle, frame, { most: reasons, language, signal }))];
}

async function keptColumns(
  engine: Engine,
  source: TableSource,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly WrittenColumn[]> {
  if (ids.length === 0) return [];
  const frame = await readColumns(
    engine,
    source,
    ids.map((name) => ({ name, kind: 'category', reason: { en: '', zh: '' }, missing: 0, distinct: 0 })),
    signal,
  );
  return frame.columns.map((column) => {
    const { name, codes, levels } = column as CategoryColumn;
    return { name, values: Array.from(codes, (code) => (code < 0 ? '' : levels[code])) };
  });
}

function answerColumns({ target, table }: LoadedTable, answers: TableAnswers): readonly WrittenColumn[] {
  const { value, low, high, called } = answers;
  const ends =
    low && high
      ? [
          { name: 'low', values: low },
          { name: 'high', values: high },
        ]
      : [];
  if (target.kind === 'regression') {
    const method = table.corrections.interval?.method ?? '';
    return [
      { name: 'value', values: value },
      { name: 'low', values: low ?? new Float64Array(value.length).fill(Number.NaN) },
      { name: 'high', values: high ?? new Float64Array(value.length).fill(Number.NaN) },
      { name: 'interval_method', values: new Array<string>(value.length).fill(method) },
    ];
  }
  if (target.kind === 'binary') {
    const words = [target.negative ?? '0', target.positive ?? '1'];
    return [
      { name: 'value', values: value },
      ...ends,
      { name: 'prediction', values: Array.from(called ?? [], (yes) => words[yes]) },
    ];
  }
  const classes = target.classes ?? [];
  return [
    { name: 'prediction', values: Array.from(called ?? [], (code) => classes[code]) },
    ...classes.map((own, k) => ({
      name: `p_${own}`,
      values: Float64Array.from(
        { length: value.length / classes.length },
        (_, row) => value[row * classes.length + k],
      ),
    })),
  ];
}
