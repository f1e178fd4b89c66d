// The report of a table: the same page as a shop's, in words about rows.
import { type Name, name } from '../../core/name.ts';
import type { MetricName, Protocol } from '../../eval/score.ts';
import type { Background } from '../../explain/contribution.ts';
import { tablePredictor } from '../../explain/table-predictor.ts';
import type { Forecast } from '../../models/calibrated.ts';
import type { Sample } from '../../models/estimator.ts';
import type { Leakage, TaskReport } from '../../report/task-document.ts';
import { effectsPart } from '../effects.ts';
import { groupPromises } from '../group-checks.ts';
import { coveragePart, decilesPart, rankingPart, reliabilityPart, residualsPart } from '../test-figures.ts';
import { metricsOf } from './correct.ts';
import type { AssessedTable, FittedTable } from './fit-table.ts';
import { NO_GROUPS, NO_SCALE, ONE_TEXT } from './parts-left-out.ts';
import type { PreparedTable } from './prepare-table.ts';
import { tableDrivers, tableExamples } from './table-explaining.ts';
import { TABLE_CHECKS } from './table-leaks.ts';
import { tableLimits } from './table-limits.ts';
import { type ProtocolFacts, protocolWords } from './table-protocol.ts';

export interface TableReportInput {
  readonly prepared: PreparedTable;
  /** The file tested on, where there is one of its own. */
  readonly tested?: PreparedTable;
  readonly fitted: FittedTable;
  readonly protocol: Protocol;
  readonly facts: ProtocolFacts;
  readonly background: Background;
  readonly signal?: AbortSignal;
}

export async function tableReport(input: TableReportInput): Promise<TaskReport> {
  const { prepared, tested, fitted, protocol, facts, background, signal } = input;
  const { test, learned } = fitted;
  const { meaning } = prepared;
  const { kind } = prepared.sample.question;
  const { seed } = facts;
  const order = metricsOf(kind, facts.metric) as readonly MetricName[];
  const target = meaning.column;
  const words = protocolWords(prepared, fitted, facts);
  const examples = await tableExamples(learned.table, test, {
    background,
    names: (tested ?? prepared).names,
    ...(meaning.classes ? { classNames: meaning.classes } : {}),
    signal,
  });
  // What is read of one text is told by its words; shuffling the only column tells nothing.
  const isOneText =
    prepared.sample.frame.columns.length === 1 && prepared.sample.frame.columns[0].kind === 'text';
  const { drivers, leading } = isOneText
    ? { drivers: ONE_TEXT, leading: [] }
    : await tableDrivers(learned.table, test.sample, { seed, signal });
  const effects = isOneText
    ? NO_SCALE
    : kind === 'classes'
      ? undefined
      : await effectsPart(tablePredictor(learned.table), test.sample.frame, leading, { seed, signal });
  return {
    id: 'table',
    title: name(target, target),
    question: questionOf(prepared),
    kind,
    unit: kind === 'amount' ? 'none' : 'share',
    horizonDays: 0,
    summary: {
      predicted: {
        binary: name('a calibrated chance for each row', '每行的校准概率'),
        amount: name('a number and its likely range for each row', '每行的数值及其可能区间'),
        classes: name('the chance of each class for each row', '每行属于各类别的概率'),
      }[kind],
      population: name(`rows of ${prepared.source.file}`, `${prepared.source.file} 的行`),
      customers: test.sample.target.length,
      advice: [],
    },
    protocol,
    protocolWords: words,
    leaderboard: {
      metric: order[0],
      measuredOn:
        facts.foldsAsked === 1
          ? name(
              `one part in ${facts.folds} of the rows learned from, held out`,
              `训练行中留出的 1/${facts.folds}`,
            )
          : name(
              `rows held out in ${facts.folds} folds of the rows learned from`,
              `训练行的 ${facts.folds} 折留出行`,
            ),
      rows: learned.trials.flatMap(({ estimator, evaluation, fitSeconds, predictMs }) => {
        const score = evaluation.scores[order[0]];
        if (!score) return [];
        const { id, label, role } = estimator;
        return [
          { id, label, role, chosen: estimator === learned.chosen.estimator, score, fitSeconds, predictMs },
        ];
      }),
      refused: learned.refused,
    },
    metrics: {
      model: {
        id: test.model.estimator.id,
        label: test.model.estimator.label,
        scores: test.model.evaluation.scores,
      },
      baselines: test.baselines.map(({ estimator, evaluation }) => ({
        id: estimator.id,
        label: estimator.label,
        scores: evaluation.scores,
      })),
      order,
    },
    differences: {
      rows: test.comparisons.map(({ against, comparison }) => ({
        metric: comparison.metric as MetricName,
        against: against.label,
        score: comparison.difference,
      })),
    },
    ...figures(fitted, seed),
    ...promisesOf(prepared, fitted),
    drivers,
    ...(effects && { effects }),
    ...(examples ? { examples } : {}),
    leakage: { checks: leakageChecks(fitted) },
    limits: tableLimits(prepared, fitted),
  };
}

function questionOf({ meaning }: PreparedTable): Name {
  const { column, kind, positive, classes } = meaning;
  if (kind === 'binary') return name(`Is ${column} ${positive}?`, `${column} 是否为 ${positive}？`);
  if (kind === 'regression') return name(`How much is ${column}?`, `${column} 是多少？`);
  return name(
    `Which of ${classes?.length} is ${column}?`,
    `${column} 属于 ${classes?.length} 类中的哪一类？`,
  );
}

/** Pictures of one number a row; classes have none. */
function figures({ test, learned }: FittedTable, seed: number): Partial<TaskReport> {
  const { sample, model, baselines } = test;
  const { kind } = sample.question;
  if (kind === 'classes') return {};
  const predictors = [model, ...baselines.slice(0, 3)].map(drawn);
  const [own] = predictors;
  const deciles = canCumulate(sample) ? { deciles: decilesPart(sample, predictors) } : {};
  if (kind === 'binary') {
    const { calibrator, pair } = learned.table.corrections;
    return {
      ...(calibrator
        ? { reliability: reliabilityPart(sample, own.answers, { calibrator, ...(pair ? { pair } : {}) }) }
        : {}),
      ranking: rankingPart(sample, predictors),
      ...deciles,
    };
  }
  const { interval } = learned.table.corrections;
  const covered = model.evaluation.scores.coverage;
  const coverage =
    interval && covered
      ? coveragePart(sample, own.answers, { covered, interval, laterPeriod: false })
      : undefined;
  return {
    ...deciles,
    residuals: residualsPart(sample, own.answers, seed),
    ...(coverage
      ? {
          coverage: {
            ...coverage,
            method:
              interval?.method === 'conformal-residual'
                ? name('split conformal, the same distance everywhere', '分裂共形区间，各处宽度相同')
                : coverage.method,
            checkedOn: name('rows the model had not seen', '模型未见过的行'),
          },
        }
      : {}),
  };
}

/** Whether the promise holds in each group of rows. */
function promisesOf({ meaning }: PreparedTable, { test, learned }: FittedTable): Pick<TaskReport, 'groups'> {
  const groups = groupPromises(test.sample, test.model.answers, {
    level: learned.table.corrections.interval?.level,
    ...(meaning.classes ? { classNames: meaning.classes } : {}),
  });
  return { groups: groups ?? NO_GROUPS };
}

/** Shares of a total mean something where nothing is below zero. */
const canCumulate = ({ target }: Sample): boolean =>
  target.every((value) => value >= 0) && target.some((value) => value > 0);

const drawn = ({
  estimator,
  answers,
}: AssessedTable): { estimator: AssessedTable['estimator']; answers: Forecast } => ({
  estimator,
  answers: { ...answers, raw: answers.value },
});

function leakageChecks({ leaks }: FittedTable): Leakage['checks'] {
  return Object.entries(TABLE_CHECKS).flatMap(([id, label]): Leakage['checks'] => {
    const found = leaks.filter(({ check }) => check === id);
    if (found.length > 0) return found.map(({ words }) => ({ id, severity: 'warning' as const, words }));
    return [
      {
        id,
        severity: 'good' as const,
        words: name(`looked for ${label.en}: none`, `检查“${label.zh}”：未发现`),
      },
    ];
  });
}
