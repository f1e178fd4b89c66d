// Rows of a table explained as each is answered: of classes, the probability of the one that was called.
import { type Frame, takeRows } from '../core/frame.ts';
import { answerTable, type TableModel } from '../models/table-model.ts';
import type { Background, Explanation } from './contribution.ts';
import { explainRows } from './explain-rows.ts';
import { tablePredictor } from './table-predictor.ts';

/** Rows that were explained together. */
export interface ExplainedRows {
  /** Their places in the frame. */
  readonly rows: readonly number[];
  readonly frame: Frame;
  /** The class they were called, of classes alone. */
  readonly called?: number;
  readonly explanation: Explanation;
}

/** @throws AppError as `explainRows` */
export async function explainTableRows(
  table: TableModel,
  frame: Frame,
  options: { background: Background; signal?: AbortSignal },
): Promise<readonly ExplainedRows[]> {
  if (table.model.question.kind !== 'classes') {
    const rows = Array.from({ length: frame.rows }, (_, row) => row);
    return [{ rows, frame, explanation: await explainRows(tablePredictor(table), frame, options) }];
  }
  const { called = new Int32Array(0) } = await answerTable(table, frame);
  const explained: ExplainedRows[] = [];
  for (const own of [...new Set(called)].sort((a, b) => a - b)) {
    const rows = Array.from(called.keys()).filter((row) => called[row] === own);
    const part = takeRows(frame, rows);
    const explanation = await explainRows(tablePredictor(table, own), part, options);
    explained.push({ rows, frame: part, called: own, explanation });
  }
  return explained;
}
