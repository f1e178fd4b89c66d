// Several models of one question, each learned, calibrated and asked on parts that share nothing, and their answers pooled.
import { silent } from '../../src/core/progress.ts';
import { comparePredictions } from '../../src/eval/compare-predictions.ts';
import { scoreBinary } from '../../src/eval/evaluate-predictions.ts';
import type { RowMetricName } from '../../src/eval/metrics/metric.ts';
import type { Score } from '../../src/eval/score.ts';
import { estimatorById, fitModel } from '../../src/models/catalogue.ts';
import type { Sample } from '../../src/models/estimator.ts';
import { customerFolds, takeSample } from '../../src/models/sample.ts';
import { correctValues, fitCorrections } from '../../src/train/corrections.ts';

/** Row numbers; a test row stands in one split alone. */
export interface Split {
  readonly train: readonly number[];
  readonly calibrate: readonly number[];
  readonly test: readonly number[];
}

/** By time: each of the last days is a test once, the day before calibrates, all earlier days teach. */
export function splitByTime({ asOf }: Sample, days: readonly number[], tests: number): readonly Split[] {
  const rowsOn = (wanted: (day: number) => boolean) =>
    Array.from(asOf.keys()).filter((row) => wanted(asOf[row]));
  return days.slice(-tests).map((test, i) => {
    const at = days.length - tests + i;
    return {
      train: rowsOn((day) => day < days[at - 1]),
      calibrate: rowsOn((day) => day === days[at - 1]),
      test: rowsOn((day) => day === test),
    };
  });
}

/** By user: each fifth of the users is a test once, another fifth calibrates, three teach. */
export function splitByUser({ entities }: Sample, seed: number): readonly Split[] {
  const folds = 5;
  const own = customerFolds(entities, folds, seed);
  const rowsOf = (wanted: (fold: number) => boolean) =>
    Array.from(own.keys()).filter((row) => wanted(own[row]));
  return Array.from({ length: folds }, (_, fold) => ({
    test: rowsOf((each) => each === fold),
    calibrate: rowsOf((each) => each === (fold + 1) % folds),
    train: rowsOf((each) => each !== fold && each !== (fold + 1) % folds),
  }));
}

export interface ComparedModels {
  readonly examples: number;
  readonly users: number;
  readonly positives: number;
  /** The lowest log loss on what calibrated, which the test did not choose. */
  readonly chosen: string;
  readonly scores: Readonly<Record<string, Readonly<Partial<Record<RowMetricName, Score>>>>>;
  /** The chosen one less each other, users drawn together. */
  readonly differences: Readonly<Record<string, Readonly<Partial<Record<RowMetricName, Score>>>>>;
}

const SHOWN: readonly RowMetricName[] = ['roc_auc', 'average_precision', 'log_loss', 'brier', 'ece'];
const COMPARED: readonly RowMetricName[] = ['roc_auc', 'average_precision', 'log_loss'];
/** Half and half of these two, before it is calibrated. */
const BOTH = ['logistic', 'gbdt'] as const;
const MEAN = 'mean of both';

export async function compareModels(
  sample: Sample,
  splits: readonly Split[],
  {
    ids,
    seed,
    threads,
    log,
  }: { ids: readonly string[]; seed: number; threads: number; log: (line: string) => void },
): Promise<ComparedModels> {
  const rows = splits.flatMap(({ test }) => test);
  const withMean = BOTH.every((id) => ids.includes(id));
  const all = withMean ? [...ids, MEAN] : ids;
  const said = new Map(all.map((id) => [id, new Float64Array(rows.length)]));
  const losses = new Map(all.map((id) => [id, 0]));
  let at = 0;
  for (const split of splits) {
    const train = takeSample(sample, split.train);
    const calibrate = takeSample(sample, split.calibrate);
    const test = takeSample(sample, split.test);
    const raw = new Map<string, { calibrate: Float64Array; test: Float64Array }>();
    for (const id of ids) {
      const startedMs = performance.now();
      const model = await fitModel(estimatorById(id), train, undefined, { seed, threads, progress: silent });
      raw.set(id, { calibrate: await model.predict(calibrate.frame), test: await model.predict(test.frame) });
      log(`${id}: ${train.frame.rows} rows in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    }
    if (withMean) {
      const half = (part: 'calibrate' | 'test') => {
        const [first, second] = BOTH.map(
          (id) => (raw.get(id) as { calibrate: Float64Array; test: Float64Array })[part],
        );
        return first.map((value, row) => (value + second[row]) / 2);
      };
      raw.set(MEAN, { calibrate: half('calibrate'), test: half('test') });
    }
    for (const [id, own] of raw) {
      const { corrections, corrected } = fitCorrections(calibrate, own.calibrate, { seed });
      said.get(id)?.set(correctValues(corrections, own.test), at);
      losses.set(id, (losses.get(id) ?? 0) + logLoss(calibrate.target, corrected));
    }
    at += split.test.length;
  }
  const asked = takeSample(sample, rows);
  const examples = { entities: asked.entities, actual: asked.target };
  const scores: Record<string, Partial<Record<RowMetricName, Score>>> = {};
  let users = 0;
  for (const [id, predicted] of said) {
    const evaluation = scoreBinary({ ...examples, predicted }, { seed });
    users = evaluation.users;
    scores[id] = Object.fromEntries(SHOWN.map((metric) => [metric, evaluation.scores[metric]]));
  }
  const chosen = [...losses].sort((a, b) => a[1] - b[1])[0][0];
  const first = said.get(chosen) as Float64Array;
  const differences = Object.fromEntries(
    [...said]
      .filter(([id]) => id !== chosen)
      .map(([id, second]) => [
        id,
        Object.fromEntries(
          COMPARED.map((metric) => [
            metric,
            comparePredictions({ ...examples, first, second }, metric, { seed }).difference,
          ]),
        ),
      ]),
  );
  return {
    examples: rows.length,
    users,
    positives: asked.target.reduce((sum, value) => sum + value, 0),
    chosen,
    scores,
    differences,
  };
}

function logLoss(actual: Float64Array, predicted: Float64Array): number {
  let loss = 0;
  for (let row = 0; row < actual.length; row++) {
    const p = Math.min(1 - 1e-9, Math.max(1e-9, predicted[row]));
    loss -= actual[row] === 1 ? Math.log(p) : Math.log(1 - p);
  }
  return loss / actual.length;
}
