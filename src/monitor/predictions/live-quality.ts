// How good the answers were, now that their horizon has passed: by model version, every number with its interval.
import { clustersOf, intervalOf, onSample, resample } from '../../eval/bootstrap.ts';
import { scoreAmount, scoreBinary } from '../../eval/evaluate-predictions.ts';
import { bias } from '../../eval/metrics/amount.ts';
import type { Score, Scores } from '../../eval/score.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { PredictionRecord } from './prediction-record.ts';

/** Predicted and observed among answers of about the same height. */
export interface CalibrationBin {
  readonly rows: number;
  /** Mean of the answers. */
  readonly predicted: number;
  /** Mean of the outcomes with its 95 % interval: Wilson's for shares, of the bootstrap by customer for amounts. */
  readonly observed: Score;
}

export interface LiveQuality {
  readonly task: string;
  readonly modelVersion: string;
  readonly arm: PredictionRecord['arm'];
  readonly examples: number;
  readonly users: number;
  readonly positives: number;
  /** First and last `as_of`, UTC ms. */
  readonly fromMs: number;
  readonly toMs: number;
  /** The metrics of the task's kind; `bias`, (Σ predicted − Σ actual) / Σ actual, of probabilities too. */
  readonly scores: Scores;
  readonly calibration: readonly CalibrationBin[];
  readonly interval: string;
}

export interface LiveQualityOptions {
  readonly kind: 'binary' | 'amount';
  readonly seed: number;
  /** Minor units in one of the answers' unit: 100 for euros, 1 for probabilities. */
  readonly perUnit: number;
}

/** Fewer customers than this say nothing. */
const LEAST_USERS = 30;
const BINS = 10;

/**
 * @param actual [records], as `outcomesOf` gives them
 * @returns one entry a model version and arm that has answered enough customers
 */
export function liveQuality(
  records: readonly PredictionRecord[],
  actual: Float64Array,
  options: LiveQualityOptions,
): readonly LiveQuality[] {
  const groups = new Map<string, number[]>();
  records.forEach((record, i) => {
    const key = `${record.model_version}\u0000${record.arm}`;
    const rows = groups.get(key);
    if (rows) rows.push(i);
    else groups.set(key, [i]);
  });
  return [...groups.values()].flatMap((rows) => {
    const own = rows.map((row) => records[row]);
    const users = new Set(own.map(({ user_id }) => user_id)).size;
    return users < LEAST_USERS
      ? []
      : [
          measureGroup(
            own,
            Float64Array.from(rows, (row) => actual[row]),
            options,
          ),
        ];
  });
}

function measureGroup(
  own: readonly PredictionRecord[],
  outcomes: Float64Array,
  { kind, seed, perUnit }: LiveQualityOptions,
): LiveQuality {
  const actual = outcomes.map((value) => value / perUnit);
  const predicted = Float64Array.from(own, ({ value }) => value);
  const examples = { entities: own.map(({ user_id }) => user_id), actual, predicted };
  const isRanged = own.every(({ low, high }) => low !== undefined && high !== undefined);
  const ranges = isRanged && {
    low: Float64Array.from(own, ({ low }) => low as number),
    high: Float64Array.from(own, ({ high }) => high as number),
  };
  const evaluation =
    kind === 'binary' ? scoreBinary(examples, { seed }) : scoreAmount({ ...examples, ...ranges }, { seed });
  const biasScore = kind === 'binary' ? measuredBias(examples, seed) : evaluation.scores.bias;
  return {
    task: own[0].task,
    modelVersion: own[0].model_version,
    arm: own[0].arm,
    examples: evaluation.examples,
    users: evaluation.users,
    positives: evaluation.positives,
    fromMs: own.reduce((least, { as_of }) => Math.min(least, as_of), Infinity),
    toMs: own.reduce((most, { as_of }) => Math.max(most, as_of), -Infinity),
    scores: { ...evaluation.scores, ...(biasScore && { bias: biasScore }) },
    calibration: calibrationBins(examples, kind, seed),
    interval: evaluation.interval,
  };
}

interface Examples {
  readonly entities: readonly string[];
  readonly actual: Float64Array;
  readonly predicted: Float64Array;
}

function measuredBias(examples: Examples, seed: number): Score | undefined {
  const measure = bias(examples);
  const value = onSample(measure, examples.actual.length);
  if (Number.isNaN(value)) return undefined;
  return intervalOf(value, resample([measure], clustersOf(examples.entities), { seed })[0]);
}

function calibrationBins(
  examples: Examples,
  kind: LiveQualityOptions['kind'],
  seed: number,
): CalibrationBin[] {
  const { actual, predicted, entities } = examples;
  const order = Uint32Array.from(predicted.keys()).sort((a, b) => predicted[a] - predicted[b] || a - b);
  const bins: CalibrationBin[] = [];
  for (let start = 0; start < order.length; ) {
    let end = Math.round(((bins.length + 1) * order.length) / BINS);
    if (end <= start) end = start + 1;
    // Equal answers stay together.
    while (end < order.length && predicted[order[end]] === predicted[order[end - 1]]) end++;
    const rows = Array.from(order.subarray(start, end));
    const mean = (values: Float64Array) => rows.reduce((sum, row) => sum + values[row], 0) / rows.length;
    const value = mean(actual);
    bins.push({
      rows: rows.length,
      predicted: mean(predicted),
      observed:
        kind === 'binary'
          ? wilson(value, rows.length)
          : meanWithin(
              Float64Array.from(rows, (row) => actual[row]),
              rows.map((row) => entities[row]),
              seed,
            ),
    });
    start = end;
  }
  return bins;
}

const Z = 1.959963984540054;

/** @see Wilson 1927: the interval of a share that stays inside [0, 1] */
export function wilson(share: number, rows: number): Score {
  const middle = (share + (Z * Z) / (2 * rows)) / (1 + (Z * Z) / rows);
  const half =
    (Z / (1 + (Z * Z) / rows)) * Math.sqrt((share * (1 - share)) / rows + (Z * Z) / (4 * rows * rows));
  return { value: share, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

function meanWithin(actual: Float64Array, entities: readonly string[], seed: number): Score {
  const mean = (weight: Float64Array): number => {
    let sum = 0;
    let total = 0;
    for (let i = 0; i < actual.length; i++) {
      sum += weight[i] * actual[i];
      total += weight[i];
    }
    return sum / total;
  };
  const value = onSample(mean, actual.length);
  const clusters = clustersOf(entities);
  if (clusters.count < 2) return { value, low: Number.NaN, high: Number.NaN };
  return intervalOf(value, resample([mean], clusters, { seed, draws: 200 })[0]);
}

/** Shows the measured scores among the server's figures. Of models on trial too: their version tells them apart. */
export function showQuality(metrics: Metrics, workspace: string, found: readonly LiveQuality[]): void {
  for (const { task, modelVersion, scores, examples } of found) {
    const labels = {
      'foresell.workspace': workspace,
      'foresell.task': task,
      'foresell.model.version': modelVersion,
    };
    metrics.record('foresell.quality.examples', examples, labels);
    for (const [metric, { value, low, high }] of Object.entries(scores) as [string, Score][]) {
      const own = { ...labels, 'foresell.metric': metric };
      metrics.record('foresell.quality.value', value, own);
      metrics.record('foresell.quality.low', low, own);
      metrics.record('foresell.quality.high', high, own);
    }
  }
}
