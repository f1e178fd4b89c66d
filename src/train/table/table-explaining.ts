// Why a table's model answers as it does: what it leans on over all, and single rows taken apart.
import { type Frame, takeRows } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { CLASS_METRICS } from '../../eval/metrics/classes.ts';
import { ROW_METRICS, type RowMetricName } from '../../eval/metrics/metric.ts';
import { evenWeights } from '../../eval/metrics/predictions.ts';
import type { Background } from '../../explain/contribution.ts';
import { chanceOf } from '../../explain/effect-words.ts';
import { permutationImportance } from '../../explain/permutation-importance.ts';
import { reasonsInWords } from '../../explain/reasons.ts';
import { explainTableRows } from '../../explain/table-rows.ts';
import type { Sample } from '../../models/estimator.ts';
import { answerTable, type TableModel } from '../../models/table-model.ts';
import type { ExampleExplanation, Examples } from '../../report/task-document.ts';
import { leadingColumns } from '../effects.ts';
import type { LeaningOn } from '../explaining.ts';
import type { TableTest } from './fit-table.ts';

/** Rows the importance is measured on at most; more only cost time. */
const IMPORTANCE_ROWS = 2000;
const DRIVERS_SHOWN = 20;
const REPEATS = 3;

const METRIC_OF: Readonly<Record<Sample['question']['kind'], RowMetricName>> = {
  binary: 'roc_auc',
  amount: 'spearman',
  classes: 'accuracy',
};

/** How much the ranking, or the share of right classes, loses when a column is shuffled; how the answer moves with it. */
export async function tableDrivers(
  table: TableModel,
  { frame, target, question }: Sample,
  { seed, signal }: { seed: number; signal?: AbortSignal },
): Promise<LeaningOn> {
  const metric = METRIC_OF[question.kind];
  const { classes = 2 } = question;
  const measure = (predicted: Float64Array, actual: Float64Array) =>
    question.kind === 'classes'
      ? CLASS_METRICS.accuracy.prepare({ classes, actual, predicted })(evenWeights(actual.length))
      : ROW_METRICS[metric].prepare({ actual, predicted })(evenWeights(actual.length));
  const rows = await permutationImportance(
    async (part: Frame) => (await answerTable(table, part)).value,
    { frame, target, metric: { name: metric, better: 'higher', measure } },
    { seed, inputs: table.model.inputs, maxRows: IMPORTANCE_ROWS, repeats: REPEATS, signal },
  );
  return {
    drivers: {
      metric,
      columns: rows.length,
      rows: rows.slice(0, DRIVERS_SHOWN).map(({ label, value, low, high }) => ({
        feature: label,
        worse: { value, low, high },
      })),
    },
    leading: leadingColumns(rows, frame),
  };
}

/** The highest, a middling and a low prediction among the tested rows, told as the saved model sees them. */
export async function tableExamples(
  table: TableModel,
  test: TableTest,
  {
    background,
    names,
    classNames = [],
    signal,
  }: {
    background: Background;
    names: readonly string[];
    /** Of classes: what each is called. */
    classNames?: readonly string[];
    signal?: AbortSignal;
  },
): Promise<Examples | undefined> {
  const { sample, rows: places } = test;
  const { kind } = sample.question;
  const chances = kind !== 'amount';
  const told = await toldRows(table, sample);
  const order = Array.from(told.value.keys()).sort((a, b) => told.value[b] - told.value[a] || a - b);
  const rows = [...new Set([0, 0.3, 0.7].map((share) => order[Math.floor(share * (order.length - 1))]))];
  const explained = await explainTableRows(table, takeRows(sample.frame, rows), { background, signal });
  const customers = new Array<ExampleExplanation>(rows.length);
  for (const { rows: at, frame, called, explanation } of explained) {
    const noun = called === undefined ? {} : { noun: chanceOf(classNames[called] ?? String(called)) };
    const words = reasonsInWords(explanation, {
      frame,
      background: background.frame,
      shown: { unit: chances ? 'probability' : 'none', currency: '', outcome: 'other', ...noun },
      most: 8,
    });
    at.forEach((place, i) => {
      const row = rows[place];
      const contributions = words[i].reasons.map(({ label, shown, contribution }) => ({
        feature: label,
        shown,
        contribution,
      }));
      const margin = explanation.margins[i];
      const rest =
        margin - explanation.base - contributions.reduce((sum, part) => sum + part.contribution, 0);
      const entity = names[places[row]];
      customers[place] = {
        entity: called === undefined ? entity : `${entity}: ${classNames[called] ?? called}`,
        value: told.value[row],
        ...(told.low && told.high ? { low: told.low[row], high: told.high[row] } : {}),
        actual: told.actual[row],
        link: chances ? 'logit' : 'identity',
        base: explanation.base,
        contributions: [
          ...contributions,
          { feature: name('everything else', '其他'), shown: name('', ''), contribution: rest },
        ],
        words: words[i].reasons.map((reason) => reason.words),
      };
    });
  }
  const exact = explained.every(({ explanation }) => explanation.method === 'features');
  return {
    method: exact
      ? name('exact contributions of the model', '模型的精确贡献')
      : name(
          `exact Shapley values of column groups against ${background.frame.rows} rows`,
          `列组的精确 Shapley 值，以 ${background.frame.rows} 行为参照`,
        ),
    customers,
  };
}

/** One number a row and what came of it: of classes, the probability of the one called, and whether it was right. */
async function toldRows(
  table: TableModel,
  { frame, target, question }: Sample,
): Promise<{ value: Float64Array; low?: Float64Array; high?: Float64Array; actual: Float64Array }> {
  const answers = await answerTable(table, frame);
  const { value, called } = answers;
  if (question.kind !== 'classes' || !called) return { ...answers, actual: target };
  const { classes = 2 } = question;
  return {
    value: Float64Array.from(called, (own, row) => value[row * classes + own]),
    actual: Float64Array.from(called, (own, row) => (own === target[row] ? 1 : 0)),
  };
}
