// One task's pages of the report, filled from what was fitted and measured.
import { type Name, name } from '../core/name.ts';
import { scoreAmount, scoreBinary } from '../eval/evaluate-predictions.ts';
import { LEAKAGE_CHECKS } from '../eval/leakage/check-leakage.ts';
import type { Finding as Leak } from '../eval/leakage/finding.ts';
import type { MetricName, Protocol } from '../eval/score.ts';
import { calibratedPredictor } from '../explain/calibrated-predictor.ts';
import type { Background } from '../explain/contribution.ts';
import type {
  Eligibility,
  Leaderboard,
  LeaderboardRow,
  Leakage,
  TaskReport,
} from '../report/task-document.ts';
import { COUNTED, questionOf, type Task } from '../tasks/task.ts';
import type { Assessment } from './assess.ts';
import type { RankedTrial } from './choose.ts';
import { effectsPart } from './effects.ts';
import { driversPart, examplesPart } from './explaining.ts';
import type { FittedTask } from './fit.ts';
import { groupPromises } from './group-checks.ts';
import { checksMade } from './leaks.ts';
import {
  coveragePart,
  decilesPart,
  rankingPart,
  reliabilityPart,
  residualsPart,
  tiersPart,
} from './test-figures.ts';
import { calibrationSample } from './trials.ts';

/** Draws behind the leaderboard's bars; the test's own intervals use the full number. */
const LEADERBOARD_DRAWS = 200;

const CHANCES: Readonly<Record<Task['entity'], Name>> = {
  user: name('a calibrated chance for each customer', '每位客户的校准概率'),
  session: name('a calibrated chance for each visit, at any step of it', '每次访问在任意一步的校准概率'),
  user_item: name('a calibrated chance for each customer and item', '每位客户对每件商品的校准概率'),
};

export interface TaskReportInput {
  readonly fitted: FittedTask;
  readonly assessment: Assessment;
  readonly eligibility: Eligibility;
  readonly leaks: readonly Leak[];
  readonly background: Background;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

export async function taskReport(input: TaskReportInput): Promise<TaskReport> {
  const { fitted, assessment, eligibility, leaks, background, seed } = input;
  const { task, chosen, horizon } = fitted;
  const { test } = fitted.samples;
  const { answers, evaluation } = assessment.chosen;
  const { calibrator, probabilityInterval, interval, tiers } = chosen.corrections;
  const predictors = [assessment.chosen, ...assessment.baselines.slice(0, 2)];
  const binary = task.kind === 'binary';
  const { drivers, leading } = await driversPart(fitted, input);
  const shown = calibratedPredictor(fitted.calibrated, test.asOf[0]);
  const coverage =
    interval && evaluation.scores.coverage
      ? coveragePart(test, answers, {
          covered: evaluation.scores.coverage,
          interval,
          laterPeriod: horizon.plan.calibrate !== 'cross-fit',
        })
      : undefined;
  const groups = groupPromises(test, answers, { level: interval?.level });
  return {
    id: task.name,
    title: task.label,
    question: questionOf(task, horizon.horizonDays),
    kind: task.kind,
    unit: binary ? 'share' : 'money',
    horizonDays: horizon.horizonDays,
    summary: {
      predicted: binary
        ? CHANCES[task.entity]
        : name('an amount and its likely range for each customer', '每位客户的金额及其可能区间'),
      population: task.about,
      customers: evaluation.users,
      advice: task.advice,
    },
    eligibility,
    protocol: assessment.protocol,
    protocolWords: protocolWordsOf(fitted, assessment.protocol),
    leaderboard: leaderboardOf(fitted, seed),
    metrics: {
      model: { id: chosen.estimator.id, label: chosen.estimator.label, scores: evaluation.scores },
      baselines: assessment.baselines.map(({ estimator, evaluation: own }) => ({
        id: estimator.id,
        label: estimator.label,
        scores: own.scores,
      })),
      order: task.metrics as readonly MetricName[],
    },
    differences: {
      rows: assessment.comparisons.map(({ against, comparison }) => ({
        metric: comparison.metric as MetricName,
        against: against.label,
        score: comparison.difference,
      })),
    },
    ...(binary && calibrator
      ? { reliability: reliabilityPart(test, answers, { calibrator, pair: probabilityInterval }) }
      : {}),
    ...(binary ? { ranking: rankingPart(test, predictors) } : {}),
    deciles: decilesPart(test, predictors),
    ...(binary ? {} : { residuals: residualsPart(test, answers, seed) }),
    ...(coverage ? { coverage } : {}),
    ...(groups ? { groups } : {}),
    drivers,
    effects: await effectsPart(shown, test.frame, leading, input),
    examples: await examplesPart(fitted, assessment, background),
    ...(tiers ? { tiers: tiersPart(test, answers, tiers) } : {}),
    leakage: { checks: leakageChecks(task.kind, leaks) },
    limits: [...task.limits, ...limitsOf(fitted)],
  };
}

/** Every check that ran, with what it found, or that it found nothing. */
function leakageChecks(kind: 'binary' | 'amount', leaks: readonly Leak[]): Leakage['checks'] {
  return checksMade(kind).flatMap((id): Leakage['checks'] => {
    const { label } = LEAKAGE_CHECKS[id];
    const found = leaks.filter(({ check }) => check === id);
    if (found.length === 0) {
      return [
        {
          id,
          severity: 'good' as const,
          words: name(`looked for ${label.en}: none`, `检查“${label.zh}”：未发现`),
        },
      ];
    }
    return found.map(({ severity, words }) => ({
      id,
      severity: severity === 'refuse' ? ('problem' as const) : ('warning' as const),
      words,
    }));
  });
}

/** The stamp's sentences for a reader; the stamp itself stays as scripts read it. */
function protocolWordsOf(fitted: FittedTask, protocol: Protocol): NonNullable<TaskReport['protocolWords']> {
  const { plan } = fitted.horizon;
  return {
    split: name(protocol.split, '按时间划分，各阶段相隔一个完整预测期'),
    calibration: name(
      protocol.calibration,
      plan.calibrate === 'cross-fit'
        ? `训练时点中留出的客户（${plan.folds} 折），尚未在更晚的时期检验`
        : '更晚的时期',
    ),
    candidates: name(
      protocol.candidates,
      fitted.oneIn === 1
        ? `全部 ${protocol.examples} 个被询问的${COUNTED[fitted.task.entity].zh}`
        : `${protocol.examples} 个${COUNTED[fitted.task.entity].zh}，按种子每 ${fitted.oneIn} 位客户抽取 1 位`,
    ),
    ties: name(protocol.ties, '取中间名次'),
    interval: name(
      protocol.interval,
      protocol.interval.replace('bootstrap by user', '按客户自助抽样').replace('draws', '次'),
    ),
  };
}

/** Everything tried, measured where it was chosen: never on the test. */
function leaderboardOf(fitted: FittedTask, seed: number): Leaderboard {
  const sample = calibrationSample(fitted.samples);
  const metric = fitted.task.metrics[0];
  const score = fitted.question.kind === 'binary' ? scoreBinary : scoreAmount;
  const row = (trial: RankedTrial): LeaderboardRow[] => {
    const rows = { entities: sample.entities, actual: sample.target, predicted: trial.corrected };
    const { scores } = score(rows, { seed, draws: LEADERBOARD_DRAWS });
    const own = scores[metric];
    if (!own) return [];
    return [
      {
        id: trial.estimator.id,
        label: trial.estimator.label,
        role: trial.estimator.role,
        chosen: trial === fitted.chosen,
        score: own,
        ...(scores.bias ? { bias: scores.bias } : {}),
        fitSeconds: trial.fitSeconds,
        predictMs: trial.predictMs,
        ...(trial.settings && { settings: trial.settings }),
      },
    ];
  };
  return {
    metric,
    measuredOn: fitted.samples.calibrate
      ? name('the calibration period, before the test', '测试之前的校准期')
      : name('held-out customers of the training period', '训练期留出的客户'),
    rows: fitted.trials.flatMap(row),
    refused: fitted.refused,
  };
}

function limitsOf(fitted: FittedTask): Name[] {
  const { horizon, chosen } = fitted;
  const limits: Name[] = [];
  if (chosen.corrections.shape) {
    limits.push(
      name(
        'Amounts are the ones closest in absolute error at the right total: most customers, who usually spend nothing, get a small amount.',
        '金额在总额正确的前提下使绝对误差最小：多数通常不消费的客户会得到较小的金额。',
      ),
    );
  }
  if (horizon.horizonDays > horizon.checkedDays) {
    limits.push(
      name(
        `Checked over ${horizon.checkedDays} days; the ${horizon.horizonDays} days that are predicted are an extension nobody has checked yet.`,
        `检验期为 ${horizon.checkedDays} 天；所预测的 ${horizon.horizonDays} 天为外推，尚未经过检验。`,
      ),
    );
  }
  if (horizon.plan.calibrate === 'cross-fit') {
    limits.push(
      name(
        'Calibrated on customers of the training period: a change of level between periods shows as bias.',
        '以训练期客户校准：时期之间的水平变化会表现为偏差。',
      ),
    );
  }
  return limits;
}
