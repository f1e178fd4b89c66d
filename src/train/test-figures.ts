// What the report draws of the test: reliability, rankings, deciles, residuals, coverage, tiers.
import { takeNumbers } from '../core/frame.ts';
import { type Name, name } from '../core/name.ts';
import { random } from '../core/random.ts';
import { quantile } from '../eval/bootstrap.ts';
import type { Calibrator } from '../eval/calibration/calibrator.ts';
import { type VennAbers, vennAbersWords } from '../eval/calibration/venn-abers.ts';
import type { AmountInterval } from '../eval/conformal.ts';
import {
  decileTable,
  gainCurve,
  precisionRecallCurve,
  reliabilityCurve,
  rocCurve,
  wilsonInterval,
} from '../eval/curves.ts';
import type { Score } from '../eval/score.ts';
import type { TierThresholds } from '../eval/tiers.ts';
import type { Forecast } from '../models/calibrated.ts';
import type { Estimator, Sample } from '../models/estimator.ts';
import type {
  Coverage,
  Deciles,
  RankingCurves,
  Reliability,
  Residuals,
  Tiers,
} from '../report/task-document.ts';

const CALIBRATION_WORDS: Readonly<Record<Calibrator['method'], Name>> = {
  identity: name('none needed', '无需校准'),
  platt: name('Platt', 'Platt'),
  beta: name('beta', 'Beta'),
  blend: name('beta and Venn–Abers, halfway', 'Beta 与 Venn–Abers 的中间值'),
  isotonic: name('isotonic', '保序回归'),
  'venn-abers': name('Venn–Abers', 'Venn–Abers'),
};

export function reliabilityPart(
  test: Sample,
  answers: Forecast,
  { calibrator, pair }: { calibrator: Calibrator; pair?: VennAbers },
): Reliability {
  const { low, high } = answers;
  return {
    method: CALIBRATION_WORDS[calibrator.method],
    bins: reliabilityCurve({ actual: test.target, predicted: answers.value }),
    ...(pair && low && high
      ? { pair: { words: vennAbersWords(pair), meanWidth: meanOf(high.map((end, i) => end - low[i])) } }
      : {}),
  };
}

export interface Ranked {
  readonly estimator: Estimator;
  readonly answers: Forecast;
}

export function rankingPart(test: Sample, predictors: readonly Ranked[]): RankingCurves {
  const positives = test.target.reduce((sum, value) => sum + value, 0);
  return {
    positiveShare: positives / test.target.length,
    curves: predictors.map(({ estimator, answers }) => {
      const rows = { actual: test.target, predicted: answers.value };
      return {
        label: estimator.label,
        role: estimator.role,
        roc: rocCurve(rows),
        precisionRecall: precisionRecallCurve(rows),
      };
    }),
  };
}

/** Rows by falling prediction, cut into ten; ties in the order of entities so that the cut is always the same. */
function decileRows(test: Sample, predicted: Float64Array): number[][] {
  const order = Array.from(predicted.keys()).sort((a, b) => predicted[b] - predicted[a] || a - b);
  const parts = Math.min(10, order.length);
  return Array.from({ length: parts }, (_, i) =>
    order.slice(
      Math.floor((i * test.target.length) / parts),
      Math.floor(((i + 1) * test.target.length) / parts),
    ),
  );
}

export function decilesPart(test: Sample, predictors: readonly Ranked[]): Deciles {
  const total = test.target.reduce((sum, value) => sum + value, 0);
  const [{ answers }] = predictors;
  const parts = decileRows(test, answers.value);
  return {
    overall: total / test.target.length,
    rows: decileTable({ actual: test.target, predicted: answers.value }).map((decile) => {
      if (test.question.kind === 'binary')
        return { ...decile, ...wilsonInterval(decile.meanActual, decile.count) };
      const rows = parts[decile.decile - 1] ?? [];
      const { low, high } = meanScore(takeNumbers(test.target, rows));
      return { ...decile, low, high };
    }),
    gain: predictors.map(({ estimator, answers: own }) => ({
      label: estimator.label,
      role: estimator.role,
      points: gainCurve({ actual: test.target, predicted: own.value }),
    })),
  };
}

const RESIDUAL_POINTS = 600;

export function residualsPart(test: Sample, answers: Forecast, seed: number): Residuals {
  const rows = Array.from(test.target.keys());
  const drawn = random(seed).fork('residual points').shuffle(rows.slice()).slice(0, RESIDUAL_POINTS);
  return {
    points: drawn.map((row) => ({ predicted: answers.value[row], actual: test.target[row] })),
    customers: rows.length,
    byDecile: decileRows(test, answers.value).map((part) => {
      const errors = Float64Array.from(part, (row) => answers.value[row] - test.target[row]).sort();
      const [q10, q25, q50, q75, q90] = [0.1, 0.25, 0.5, 0.75, 0.9].map((share) => quantile(errors, share));
      return { customers: part.length, meanError: meanScore(errors), quantiles: [q10, q25, q50, q75, q90] };
    }),
  };
}

const INTERVAL_WORDS: Readonly<Record<AmountInterval['method'], Name>> = {
  'conformal-band': name('split conformal by size of the prediction', '按预测大小分组的分裂共形区间'),
  'conformal-groups': name(
    'split conformal on the residuals by size of the prediction',
    '按预测大小分组、基于残差的分裂共形区间',
  ),
  'conformal-residual': name('split conformal on the residuals', '基于残差的分裂共形区间'),
  'conformal-quantile': name('conformalised quantile regression', '共形分位数回归'),
};

/** @returns undefined when the answers have no intervals */
export function coveragePart(
  test: Sample,
  answers: Forecast,
  {
    covered,
    interval: { level: nominal, method },
    laterPeriod,
  }: { covered: Score; interval: AmountInterval; laterPeriod: boolean },
): Coverage | undefined {
  const { low, high } = answers;
  if (!low || !high) return undefined;
  const inside = test.target.map((value, i) => (value >= low[i] && value <= high[i] ? 1 : 0));
  return {
    method: INTERVAL_WORDS[method],
    checkedOn: laterPeriod
      ? name('a later period than the one it was fitted on', '晚于其拟合时期的测试期')
      : name(
          'the test period; fitted on held-out customers of the training period',
          '测试期；由训练期留出客户拟合',
        ),
    nominal,
    covered,
    meanWidth: meanOf(high.map((end, i) => end - low[i])),
    byDecile: decileRows(test, answers.value).map((rows) => ({
      customers: rows.length,
      covered: meanScore(takeNumbers(inside, rows)),
    })),
  };
}

export function tiersPart(test: Sample, answers: Forecast, tiers: TierThresholds): Tiers {
  const total = test.target.reduce((sum, value) => sum + value, 0);
  const bounds = {
    high: { from: tiers.highFrom ?? Number.POSITIVE_INFINITY },
    mid: { from: tiers.midFrom, to: tiers.highFrom ?? undefined },
    low: { from: 0, to: tiers.midFrom },
  };
  return {
    rows: (['high', 'mid', 'low'] as const).flatMap((tier) => {
      const rows = Array.from(test.target.keys()).filter((row) => answers.tier?.[row] === tier);
      if (rows.length === 0) return [];
      const actual = takeNumbers(test.target, rows);
      return [
        {
          tier,
          customers: rows.length,
          ...bounds[tier],
          predicted: meanOf(takeNumbers(answers.value, rows)),
          actual: meanScore(actual),
          ...(total > 0 ? { shareOfActual: actual.reduce((sum, value) => sum + value, 0) / total } : {}),
        },
      ];
    }),
  };
}

export const meanOf = (values: Float64Array): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean with its 95 % interval from the standard error. */
export function meanScore(values: Float64Array): Score {
  const value = meanOf(values);
  const variance = values.reduce((sum, x) => sum + (x - value) ** 2, 0) / Math.max(1, values.length - 1);
  const half = 1.96 * Math.sqrt(variance / Math.max(1, values.length));
  return { value, low: value - half, high: value + half };
}
