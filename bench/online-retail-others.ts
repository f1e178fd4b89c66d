// Online Retail's months against LightGBM on the same rows and features, and against the customer-base models.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { comparePredictions } from '../src/eval/compare-predictions.ts';
import { measure, type RowMetricName } from '../src/eval/metrics/metric.ts';
import { forecast } from '../src/models/calibrated.ts';
import type { Assessment } from '../src/train/assess.ts';
import type { FittedTask } from '../src/train/fit.ts';
import type { Target } from './bench.ts';
import { tableOfRuns } from './tables/origin-table.ts';
import { type PeerLoss, peerPredictions, peersInstalled } from './tables/peer-predictions.ts';

interface Run {
  readonly fitted: FittedTask;
  readonly assessment: Assessment;
}

const LOSSES: Readonly<Record<'purchase' | 'spend', readonly PeerLoss[]>> = {
  purchase: ['binary'],
  spend: ['tweedie', 'mae', 'hurdle'],
};
const METRICS: Readonly<Record<'purchase' | 'spend', readonly RowMetricName[]>> = {
  purchase: ['roc_auc'],
  spend: ['mae', 'norm_gini'],
};
const CUSTOMER_BASE = ['bg-nbd', 'mbg-nbd', 'pareto-nbd'];

/**
 * Learns medians: nearest in absolute error to most customers and half the money short in total. Beside it stand our own
 * medians, the typical amounts; the amounts of a forecast are made to add up, and are held against it all the same.
 */
const MEDIANS = 'lightgbm mae';

/** LightGBM learns from all a run knew, its calibration month included, tuned on the last fifth of those months. */
export async function compareOthers(
  task: 'purchase' | 'spend',
  runs: readonly Run[],
  { threads, seed, log }: { threads: number; seed: number; log: (line: string) => void },
) {
  const others: Record<string, Float64Array> = {};
  for (const id of CUSTOMER_BASE) {
    const said = await Promise.all(runs.map((run) => answersOf(run, id)));
    if (said.every((part) => part !== undefined)) others[id] = joined(said as Float64Array[]);
  }
  if (peersInstalled()) {
    const set = tableOfRuns(
      runs.map(({ fitted }) => fitted.samples),
      {
        name: `online-retail-runs-${task}`,
        loss: task === 'purchase' ? 'binary' : 'mae',
        metrics: METRICS[task],
      },
    );
    const folder = join(tmpdir(), 'foresell-tables', set.name);
    for (const loss of LOSSES[task]) {
      const { said } = await peerPredictions(set, { library: 'lightgbm', loss, folder, threads, seed, log });
      others[`lightgbm ${loss}`] = said;
    }
  } else log('LightGBM is left out: not installed (bench/peers/README.md)');
  const tests = runs.map(({ fitted }) => fitted.samples.test);
  const rows = {
    entities: tests.flatMap((test) => test.entities),
    actual: joined(tests.map(({ target }) => target)),
  };
  const answers = runs.map(({ assessment }) => assessment.chosen.answers);
  const first = joined(answers.map(({ value }) => value));
  const figures: Record<string, unknown> = {};
  const targets: Target[] = [];
  const compare = (against: string, metric: RowMetricName, own: Float64Array, what: string) => {
    const { difference, better } = comparePredictions(
      { ...rows, first: own, second: others[against] },
      metric,
      { seed },
    );
    targets.push({
      name: `${task}: ${what} better than ${against}, interval without zero`,
      target: 'model',
      got: difference.value,
      met: better === 'first',
      note: `difference ${difference.low.toPrecision(3)} … ${difference.high.toPrecision(3)}`,
    });
    return {
      value: measure(metric, { actual: rows.actual, predicted: others[against] }),
      difference,
      better,
    };
  };
  for (const against of Object.keys(others)) {
    const own: Record<string, unknown> = {};
    for (const metric of METRICS[task]) own[metric] = compare(against, metric, first, metric);
    if (task === 'spend') own.bias = measure('bias', { actual: rows.actual, predicted: others[against] });
    figures[against] = own;
    log(`${task} against ${against}: ${JSON.stringify(own)}`);
  }
  if (MEDIANS in others && answers.every(({ typical }) => typical)) {
    const typical = joined(answers.map(({ typical }) => typical as Float64Array));
    figures.typical = {
      mae: measure('mae', { actual: rows.actual, predicted: typical }),
      bias: measure('bias', { actual: rows.actual, predicted: typical }),
      against: compare(MEDIANS, 'mae', typical, 'mae of typical amounts'),
    };
  }
  return { figures, targets };
}

/** A trial's answers about the test, corrected as the chosen model's are. */
async function answersOf({ fitted }: Run, id: string): Promise<Float64Array | undefined> {
  const trial = fitted.trials.find(({ estimator }) => estimator.id === id);
  if (!trial) return undefined;
  const { frame, asOf } = fitted.samples.test;
  return (await forecast({ model: trial.model, corrections: trial.corrections }, frame, asOf)).value;
}

const joined = (parts: readonly Float64Array[]): Float64Array =>
  Float64Array.from(parts.flatMap((part) => Array.from(part)));
