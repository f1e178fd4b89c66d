// Why a table's model answers as it does: what it leans on over all, and single rows taken apart.
import { type Frame, takeRows } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { CLASS_METRICS } from '../../eval/metrics/classes.ts';
import { ROW_METRICS, type RowMetricName } from '../../eval/metrics/metric.ts';
import { evenWeights } from '../../eval/metrics/predictions.ts';
import type { Background } from '../../explain/contribution.ts';
import { explainRows } from '../../explain/explain-rows.ts';
import { permutationImportance } from '../../explain/permutation-importance.ts';
import { reasonsInWords } from '../../explain/reasons.ts';
import { tablePredictor } from '../../explain/table-predictor.ts';
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
  { background, names, signal }: { background: Background; names: readonly string[]; signal?: AbortSignal },
): Promise<Examples | undefined> {
  const { sample, rows: places } = test;
  if (sample.question.kind === 'classes') return undefined;
  const { value } = await answerTable(table, sample.frame);
  const order = Array.from(value.keys()).sort((a, b) => value[b] - value[a] || a - b);
  const rows = [...new Set([0, 0.3, 0.7].map((share) => order[Math.floor(share * (order.length - 1))]))];
  const frame = takeRows(sample.frame, rows);
  const explanation = await explainRows(tablePredictor(table), frame, { background, signal });
  const answers = await answerTable(table, frame);
  const words = reasonsInWords(explanation, {
    frame,
    background: background.frame,
    shown: {
      unit: sample.question.kind === 'binary' ? 'probability' : 'none',
      currency: '',
      outcome: 'other',
    },
    most: 8,
  });
  const customers = rows.map((row, i): ExampleExplanation => {
    const contributions = words[i].reasons.map(({ label, shown, contribution }) => ({
      feature: label,
      shown,
      contribution,
    }));
    const margin = explanation.margins[i];
    const rest = margin - explanation.base - contributions.reduce((sum, part) => sum + part.contribution, 0);
    return {
      entity: names[places[row]],
      value: answers.value[i],
      ...(answers.low && answers.high ? { low: answers.low[i], high: answers.high[i] } : {}),
      actual: sample.target[row],
      link: sample.question.kind === 'binary' ? 'logit' : 'identity',
      base: explanation.base,
      contributions: [
        ...contributions,
        { feature: name('everything else', '其他'), shown: name('', ''), contribution: rest },
      ],
      words: words[i].reasons.map((reason) => reason.words),
    };
  });
  return {
    method:
      explanation.method === 'features'
        ? name('exact contributions of the model', '模型的精确贡献')
        : name(
            `exact Shapley values of column groups against ${background.frame.rows} rows`,
            `列组的精确 Shapley 值，以 ${background.frame.rows} 行为参照`,
          ),
    customers,
  };
}
