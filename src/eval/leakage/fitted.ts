// Preparation that saw the test: scalers, vocabularies and calibrators whose statistics are the test's own.
import { findColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import type { LeakageCheck, LeakageInput, Suspicion } from './finding.ts';

interface Moments {
  readonly mean: number;
  readonly stdDev: number;
  readonly rows: number;
}

/** Scalers and vocabularies must be those of the training rows, not of all rows or of the test. */
export const fittedOnTest: LeakageCheck = (input) =>
  (input.fitted ?? []).flatMap((statistic): Suspicion[] => [
    ...scalerOf(input, statistic),
    ...vocabularyOf(input, statistic),
  ]);

type Statistic = NonNullable<LeakageInput['fitted']>[number];

function scalerOf(input: LeakageInput, { feature, mean, stdDev }: Statistic): Suspicion[] {
  const known = [input.train, input.test].map(({ frame }) => {
    const column = findColumn(frame, feature);
    return column?.kind === 'number' ? momentsOf(column.values) : undefined;
  });
  const [train, test] = known;
  if (!train || !test || mean === undefined) return [];
  const scale = Math.max(train.stdDev, test.stdDev, 1e-12);
  const near = (other: Moments) =>
    Math.abs(mean - other.mean) <= 1e-6 * scale &&
    (stdDev === undefined || Math.abs(stdDev - other.stdDev) <= 1e-3 * scale);
  // Stages that look alike cannot be told apart by their statistics.
  if (near(train)) return [];
  const culprit = near(test) ? 'test' : near(pooled(train, test)) ? 'all' : undefined;
  if (!culprit) return [];
  return [
    {
      severity: 'refuse',
      feature,
      words: name(
        `the scaler of "${feature}" has the mean of ${culprit === 'test' ? 'the test rows' : 'training and test rows together'}; fit it on training rows only`,
        `“${feature}”的缩放使用了${culprit === 'test' ? '测试行' : '训练与测试行合并'}的均值；请只用训练行拟合`,
      ),
      evidence: { mean, trainMean: train.mean, testMean: test.mean },
    },
  ];
}

function vocabularyOf({ train, test }: LeakageInput, { feature, levels }: Statistic): Suspicion[] {
  if (!levels) return [];
  const used = [train, test].map(({ frame }) => {
    const column = findColumn(frame, feature);
    if (column?.kind === 'text') return new Set(column.values.flatMap((text) => text.split(/\s+/)));
    if (column?.kind !== 'category' && column?.kind !== 'sequence') return undefined;
    return new Set(
      Array.from(new Set(column.codes)).flatMap((code) => (code < 0 ? [] : [column.levels[code]])),
    );
  });
  const [inTrain, inTest] = used;
  if (!inTrain || !inTest) return [];
  const strangers = levels.filter((level) => inTest.has(level) && !inTrain.has(level)).length;
  if (strangers === 0) return [];
  return [
    {
      severity: 'refuse',
      feature,
      words: name(
        `the vocabulary of "${feature}" knows ${strangers} values that only the test has; build it from training rows only`,
        `“${feature}”的词表含有 ${strangers} 个只在测试中出现的取值；请只用训练行建立词表`,
      ),
      evidence: { strangers, levels: levels.length },
    },
  ];
}

/** Probabilities that match the test's own share too exactly to be chance were calibrated on it. */
export const calibratedOnTest: LeakageCheck = ({ kind, test, predicted }) => {
  if (kind !== 'binary' || !predicted || predicted.length < 50) return [];
  const varies = predicted.some((value) => value !== predicted[0]);
  if (!varies) return [];
  const rows = predicted.length;
  const gap = predicted.reduce((sum, value, i) => sum + value - test.target[i], 0) / rows;
  const expected = Math.sqrt(predicted.reduce((sum, p) => sum + p * (1 - p), 0)) / rows;
  // Chance lands this near once in 1,250 honest runs.
  if (!(expected > 0) || Math.abs(gap) > 1e-3 * expected) return [];
  return [
    {
      severity: Math.abs(gap) <= 1e-6 * expected ? 'refuse' : 'warn',
      words: name(
        'the mean probability equals the share of positives in the test to many digits: was the calibration fitted on the test?',
        '平均概率与测试正样本占比在多位小数上一致：校准是否在测试集上拟合？',
      ),
      evidence: { gap, expectedGap: expected },
    },
  ];
};

function momentsOf(values: Float64Array): Moments | undefined {
  const known = values.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return undefined;
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const square = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length;
  return { mean, stdDev: Math.sqrt(square), rows: known.length };
}

function pooled(a: Moments, b: Moments): Moments {
  const rows = a.rows + b.rows;
  const mean = (a.mean * a.rows + b.mean * b.rows) / rows;
  const square =
    (a.rows * (a.stdDev ** 2 + (a.mean - mean) ** 2) + b.rows * (b.stdDev ** 2 + (b.mean - mean) ** 2)) /
    rows;
  return { mean, stdDev: Math.sqrt(square), rows };
}
