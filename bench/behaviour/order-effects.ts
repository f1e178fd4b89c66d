// One task in one shop: trees on all features, the transformer, and both together, beside the truth nobody can see.
import { silent } from '../../src/core/progress.ts';
import { type Comparison, comparePredictions } from '../../src/eval/compare-predictions.ts';
import { ROW_METRICS, type RowMetricName } from '../../src/eval/metrics/metric.ts';
import { evenWeights } from '../../src/eval/metrics/predictions.ts';
import type { Score } from '../../src/eval/score.ts';
import { forecast } from '../../src/models/calibrated.ts';
import type { EnsembleKind } from '../../src/models/ensemble/mixing.ts';
import type { Sample, Settings } from '../../src/models/estimator.ts';
import { BASELINES } from '../../src/tasks/recipes.ts';
import type { RankedTrial } from '../../src/train/choose.ts';
import { presetFor } from '../../src/train/preset.ts';
import type { PretrainedTrunk } from '../../src/train/pretrained.ts';
import { holdTournament } from '../../src/train/tournament.ts';
import { type Distance, distanceTo, shareClosed } from './arithmetic.ts';
import { estimatorOn } from './fit-answers.ts';
import type { AskedTask } from './shop-samples.ts';

export const TREES = 'gbdt';

/** A transformer begins with a linear model, and two models are often better than one: neither is order's doing. */
const nameWithoutEvents = (id: string): string => (id === 'mean' ? 'mean without events' : id);

export interface Contestant {
  readonly metrics: Readonly<Partial<Record<RowMetricName, number>>>;
  /** This one less the trees, on the same draws of customers. */
  readonly less_trees?: Readonly<Partial<Record<RowMetricName, Score>>>;
  /** This one less the mean of the trees and a linear model, which both see features alone. */
  readonly less_without_events?: Readonly<Partial<Record<RowMetricName, Score>>>;
  /** Whether the interval of the deciding metric favours it over the trees. */
  readonly is_better?: boolean;
  readonly distance?: Distance;
  /** Of the distance the trees keep from the truth, in each of its measures. */
  readonly closed?: Distance;
  readonly seconds?: number;
}

export interface OrderEffects {
  readonly task: string;
  readonly examples: number;
  readonly tested: number;
  readonly deciding: RowMetricName;
  /** The first on the calibration examples of all that are not trees alone. */
  readonly chosen: string;
  readonly contestants: Readonly<Record<string, Contestant>>;
}

/** What is known beside the log: `truth`, and what the best possible observer would say. */
export type Known = Readonly<Partial<Record<'truth' | 'ideal observer', Float64Array>>>;

interface Run {
  readonly ids: readonly string[];
  readonly settings: Settings;
  /** Absent: each fit learns a trunk of its own. */
  readonly pretrained?: PretrainedTrunk;
  readonly seed: number;
  readonly threads: number;
  readonly log: (line: string) => void;
}

/** Calibrated, ranked and blended as training does it; the chosen model does not learn again, so that all know alike. */
export async function orderEffects(asked: AskedTask, known: Known, run: Run): Promise<OrderEffects> {
  const { task, samples } = asked;
  const { test } = samples;
  const [deciding] = task.metrics;
  const ranked = await tried(asked, run, {
    ids: [...(task.baselines ?? BASELINES), TREES, ...run.ids],
    blends: ['mean', 'stack'],
  });
  const linear = task.kind === 'amount' ? 'tweedie' : 'logistic';
  const withoutEvents = await tried(asked, run, { ids: [TREES, linear], blends: ['mean'] });
  const said = new Map<string, Float64Array>(Object.entries(known));
  for (const trial of ranked) said.set(trial.estimator.id, await answersOf(trial, test));
  for (const trial of withoutEvents)
    if (trial.estimator.id !== TREES)
      said.set(nameWithoutEvents(trial.estimator.id), await answersOf(trial, test));
  const chosen = ranked.find(({ estimator }) => estimator.role === 'model' && estimator.id !== TREES);
  const [trees, features] = [said.get(TREES), said.get(nameWithoutEvents('mean'))];
  if (!trees || !features || !chosen)
    throw new Error('expected trees and another model that answer the task');
  const beside = { trees, features, deciding, test, truth: known.truth, seed: run.seed };
  const seconds = new Map(ranked.map(({ estimator, totalSeconds }) => [estimator.id, totalSeconds]));
  const contestants: Record<string, Contestant> = {};
  for (const [id, own] of said) {
    contestants[id] = { ...contestant(own, beside), ...(seconds.has(id) && { seconds: seconds.get(id) }) };
    run.log(`${task.name} ${id}: ${JSON.stringify(contestants[id])}`);
  }
  return {
    ...{ task: task.name, examples: samples.train.target.length, tested: test.target.length },
    ...{ deciding, chosen: chosen.estimator.id, contestants },
  };
}

async function tried(
  { task, plan, samples }: AskedTask,
  { settings, pretrained, seed, threads }: Run,
  { ids, blends }: { readonly ids: readonly string[]; readonly blends: readonly EnsembleKind[] },
): Promise<readonly RankedTrial[]> {
  const { ranked } = await holdTournament(samples, {
    candidates: ids.map((id) => estimatorOn(id, settings, pretrained)),
    preset: presetFor(task.kind, 'fast'),
    ...{ blends, metrics: task.metrics },
    run: { plan, seed, threads, now: Date.now, progress: silent },
  });
  return ranked;
}

const answersOf = async ({ model, corrections }: RankedTrial, test: Sample): Promise<Float64Array> =>
  (await forecast({ model, corrections }, test.frame, test.asOf)).value;

interface Beside {
  readonly trees: Float64Array;
  /** Trees and the linear model together. */
  readonly features: Float64Array;
  readonly deciding: RowMetricName;
  readonly test: Sample;
  readonly truth?: Float64Array;
  readonly seed: number;
}

function contestant(predicted: Float64Array, beside: Beside): Contestant {
  const { trees, features, deciding, test, truth, seed } = beside;
  const { entities, target: actual } = test;
  const [compared, shown]: readonly (readonly RowMetricName[])[] =
    test.question.kind === 'amount'
      ? [
          ['mae', 'norm_gini'],
          ['mae', 'norm_gini'],
        ]
      : [
          ['log_loss', 'roc_auc'],
          ['log_loss', 'roc_auc', 'ece'],
        ];
  const metrics = Object.fromEntries(
    shown.map((metric) => [
      metric,
      ROW_METRICS[metric].prepare({ actual, predicted })(evenWeights(actual.length)),
    ]),
  );
  const distance = truth && distanceTo(truth, predicted);
  if (predicted === trees) return { metrics, ...(distance && { distance }) };
  const less = (second: Float64Array) =>
    compared.map((metric) =>
      comparePredictions({ entities, actual, first: predicted, second }, metric, { seed }),
    );
  const lessTrees = less(trees);
  const differences = (own: readonly Comparison[]) =>
    Object.fromEntries(own.map(({ metric, difference }) => [metric, difference]));
  return {
    metrics,
    less_trees: differences(lessTrees),
    is_better: lessTrees.some(({ metric, better }) => metric === deciding && better === 'first'),
    ...(predicted !== features && { less_without_events: differences(less(features)) }),
    ...(truth && distance && { distance, closed: closedOf(distanceTo(truth, trees), distance) }),
  };
}

const closedOf = (before: Distance, after: Distance): Distance => ({
  mean_absolute: shareClosed(before.mean_absolute, after.mean_absolute),
  root_mean_square: shareClosed(before.root_mean_square, after.root_mean_square),
});
