// One task in one shop: trees on all features, the transformer, and both together, beside the truth nobody can see.
import { silent } from '../../src/core/progress.ts';
import { comparePredictions } from '../../src/eval/compare-predictions.ts';
import { ROW_METRICS, type RowMetricName } from '../../src/eval/metrics/metric.ts';
import { evenWeights } from '../../src/eval/metrics/predictions.ts';
import type { Score } from '../../src/eval/score.ts';
import { forecast } from '../../src/models/calibrated.ts';
import type { Settings } from '../../src/models/estimator.ts';
import { BASELINES } from '../../src/tasks/recipes.ts';
import { presetFor } from '../../src/train/preset.ts';
import type { PretrainedTrunk } from '../../src/train/pretrained.ts';
import { holdTournament } from '../../src/train/tournament.ts';
import { type Distance, distanceTo, shareClosed } from './arithmetic.ts';
import { estimatorOn } from './fit-answers.ts';
import type { AskedTask } from './shop-samples.ts';

export const TREES = 'gbdt';

export interface Contestant {
  readonly metrics: Readonly<Partial<Record<RowMetricName, number>>>;
  /** This one less the trees, on the same draws of customers. */
  readonly less_trees?: Readonly<Partial<Record<RowMetricName, Score>>>;
  /** Whom the interval of the deciding metric favours. */
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
  const { task, plan, samples } = asked;
  const { settings, pretrained, seed, threads, log } = run;
  const { test } = samples;
  const { ranked } = await holdTournament(samples, {
    candidates: [...(task.baselines ?? BASELINES), TREES, ...run.ids].map((id) =>
      estimatorOn(id, settings, pretrained),
    ),
    preset: presetFor(task.kind, 'fast'),
    blends: ['mean', 'stack'],
    metrics: task.metrics,
    run: { plan, seed, threads, now: Date.now, progress: silent },
  });
  const [deciding] = task.metrics;
  const shown: readonly RowMetricName[] =
    task.kind === 'amount' ? ['mae', 'norm_gini'] : ['log_loss', 'roc_auc', 'ece'];
  const models = ranked.filter(({ estimator }) => estimator.role === 'model');
  const said = new Map<string, Float64Array>(Object.entries(known));
  const seconds = new Map(ranked.map(({ estimator, totalSeconds }) => [estimator.id, totalSeconds]));
  for (const { estimator, model, corrections } of ranked)
    said.set(estimator.id, (await forecast({ model, corrections }, test.frame, test.asOf)).value);
  const trees = said.get(TREES);
  const chosen = models.find(({ estimator }) => estimator.id !== TREES)?.estimator.id;
  if (!trees || !chosen) throw new Error('expected trees and another model that answer the task');
  const { truth } = known;
  const treesDistance = truth && distanceTo(truth, trees);
  const contestants: Record<string, Contestant> = {};
  for (const [id, predicted] of said) {
    const paired = { entities: test.entities, actual: test.target, first: predicted, second: trees };
    const compared = shown
      .filter((metric) => metric !== 'ece' && id !== TREES)
      .map((metric) => comparePredictions(paired, metric, { seed }));
    const distance = truth && distanceTo(truth, predicted);
    contestants[id] = {
      metrics: Object.fromEntries(
        shown.map((metric) => [
          metric,
          ROW_METRICS[metric].prepare({ actual: test.target, predicted })(evenWeights(predicted.length)),
        ]),
      ),
      ...(id !== TREES && {
        less_trees: Object.fromEntries(compared.map(({ metric, difference }) => [metric, difference])),
        is_better: compared.some(({ metric, better }) => metric === deciding && better === 'first'),
      }),
      ...(distance && { distance }),
      ...(distance && treesDistance && id !== TREES && { closed: closedOf(treesDistance, distance) }),
      ...(seconds.has(id) && { seconds: seconds.get(id) }),
    };
    log(`${task.name} ${id}: ${JSON.stringify(contestants[id])}`);
  }
  return {
    ...{ task: task.name, examples: samples.train.target.length, tested: test.target.length },
    ...{ deciding, chosen, contestants },
  };
}

const closedOf = (before: Distance, after: Distance): Distance => ({
  mean_absolute: shareClosed(before.mean_absolute, after.mean_absolute),
  root_mean_square: shareClosed(before.root_mean_square, after.root_mean_square),
});
