// Why the chosen model answers as it does: what matters over all, and one customer taken apart.
import { invariant } from '../core/errors.ts';
import { type Frame, takeRows } from '../core/frame.ts';
import { name } from '../core/name.ts';
import { FEATURE_GROUPS } from '../data/features/definition.ts';
import { ROW_METRICS, type RowMetricName } from '../eval/metrics/metric.ts';
import { evenWeights } from '../eval/metrics/predictions.ts';
import { drawBackground } from '../explain/background.ts';
import { calibratedPredictor } from '../explain/calibrated-predictor.ts';
import type { Background } from '../explain/contribution.ts';
import { explainRows } from '../explain/explain-rows.ts';
import { permutationImportance } from '../explain/permutation-importance.ts';
import { reasonsInWords } from '../explain/reasons.ts';
import { forecast } from '../models/calibrated.ts';
import type { Drivers, ExampleExplanation, Examples } from '../report/task-document.ts';
import type { Task } from '../tasks/task.ts';
import type { Assessment } from './assess.ts';
import { leadingColumns } from './effects.ts';
import type { FittedTask } from './fit.ts';

/** Rows the importance is measured on at most; more only cost time. */
const IMPORTANCE_ROWS = 2000;
const DRIVERS_SHOWN = 20;
const EXAMPLES_SHOWN = 3;

export const backgroundOf = (fitted: FittedTask, seed: number): Background =>
  drawBackground(fitted.samples.train.frame, { seed });

/** How predictions of a task read in reasons. */
export const shownAs = (task: Task, currency: string) =>
  ({ unit: task.kind === 'binary' ? 'probability' : 'money', currency, outcome: task.outcome }) as const;

/** What the model leans on: the part of the report, and the names of the columns worth a picture. */
export interface LeaningOn {
  readonly drivers: Drivers;
  readonly leading: readonly string[];
}

/** How much the deciding ranking metric loses when a column is shuffled, on the test customers. */
export async function driversPart(
  fitted: FittedTask,
  { seed, signal }: { seed: number; signal?: AbortSignal },
): Promise<LeaningOn> {
  const { test } = fitted.samples;
  const metric: RowMetricName = fitted.task.kind === 'binary' ? 'roc_auc' : 'norm_gini';
  const asOf = test.asOf[0];
  const rows = await permutationImportance(
    async (frame: Frame) =>
      (await forecast(fitted.calibrated, frame, new Float64Array(frame.rows).fill(asOf))).value,
    {
      frame: test.frame,
      target: test.target,
      metric: {
        name: metric,
        better: 'higher',
        measure: (predicted, actual) =>
          ROW_METRICS[metric].prepare({ actual, predicted })(evenWeights(actual.length)),
      },
    },
    {
      ...{ seed, signal, inputs: fitted.calibrated.model.inputs, maxRows: IMPORTANCE_ROWS, repeats: 5 },
      groupNames: FEATURE_GROUPS,
    },
  );
  const groups: Readonly<Record<string, { en: string; zh: string }>> = FEATURE_GROUPS;
  return {
    drivers: {
      metric,
      columns: rows.length,
      rows: rows.slice(0, DRIVERS_SHOWN).map(({ label, group, value, low, high }) => ({
        feature: label,
        ...(groups[group] ? { group: groups[group] } : {}),
        worse: { value, low, high },
      })),
    },
    leading: leadingColumns(rows, test.frame),
  };
}

/** The customer, with the item or the visit where the row is about more. */
function nameOf({ samples: { test, subjects } }: FittedTask, row: number): string {
  const own = subjects?.test.items ?? subjects?.test.sessions;
  return own ? `${test.entities[row]} · ${own[row]}` : test.entities[row];
}

/** A few test customers taken apart: the highest, a middling and a low prediction. */
export async function examplesPart(
  fitted: FittedTask,
  assessment: Assessment,
  background: Background,
): Promise<Examples> {
  const { test } = fitted.samples;
  const checked = { model: fitted.chosen.model, corrections: fitted.chosen.corrections };
  const { answers } = assessment.chosen;
  const order = Array.from(answers.value.keys()).sort((a, b) => answers.value[b] - answers.value[a] || a - b);
  const picks = [0, 0.3, 0.7].map((share) => order[Math.floor(share * (order.length - 1))]);
  const rows = [...new Set(picks)].slice(0, EXAMPLES_SHOWN);
  const frame = takeRows(test.frame, rows);
  const explanation = await explainRows(calibratedPredictor(checked, test.asOf[0]), frame, { background });
  const words = reasonsInWords(explanation, {
    frame,
    background: background.frame,
    shown: shownAs(fitted.task, test.frame.currency),
    groupNames: FEATURE_GROUPS,
    most: 8,
  });
  const { link } = explanation;
  invariant(link !== 'softmax', 'a shop asks no question of several classes');
  const customers = rows.map((row, i): ExampleExplanation => {
    const told = words[i];
    const contributions = told.reasons.map((reason) => ({
      feature: reason.label,
      shown: reason.shown,
      contribution: reason.contribution,
    }));
    const margin = explanation.margins[i];
    const rest = margin - explanation.base - contributions.reduce((sum, part) => sum + part.contribution, 0);
    return {
      entity: nameOf(fitted, row),
      value: answers.value[row],
      ...(answers.low && answers.high ? { low: answers.low[row], high: answers.high[row] } : {}),
      actual: test.target[row],
      link,
      base: explanation.base,
      contributions: [
        ...contributions,
        { feature: name('everything else', '其他'), shown: name('', ''), contribution: rest },
      ],
      words: told.reasons.map((reason) => reason.words),
    };
  });
  return {
    method:
      explanation.method === 'features'
        ? name('exact contributions of the model', '模型的精确贡献')
        : name(
            `exact Shapley values of feature groups against ${background.frame.rows} training customers`,
            `特征组的精确 Shapley 值，以 ${background.frame.rows} 个训练客户为参照`,
          ),
    customers,
  };
}
