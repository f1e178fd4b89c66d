// Online Retail: whether what several kinds of models say together, transformers among them, is ever worse than the best of them.
import { silent } from '../src/core/progress.ts';
import { comparePredictions } from '../src/eval/compare-predictions.ts';
import { ROW_METRICS, type RowMetricName } from '../src/eval/metrics/metric.ts';
import { evenWeights } from '../src/eval/metrics/predictions.ts';
import { forecast } from '../src/models/calibrated.ts';
import { taskNamed } from '../src/tasks/catalogue.ts';
import { BLENDS } from '../src/train/blends.ts';
import type { RankedTrial } from '../src/train/choose.ts';
import { type FittedTask, fitTask } from '../src/train/fit.ts';
import { atMost, type Bench, type Target } from './bench.ts';
import { concat, testMoments, withOnlineRetail } from './online-retail-shop.ts';

const MODELS = {
  purchase: ['logistic', 'elastic-net', 'gbdt', 'mbg-nbd', 'transformer:lora'],
  spend: ['tweedie', 'gbdt', 'gbdt:hurdle', 'transformer:lora'],
} as const;
const COMPARED: Readonly<Record<keyof typeof MODELS, readonly RowMetricName[]>> = {
  purchase: ['log_loss', 'roc_auc'],
  spend: ['mae', 'norm_gini'],
};
const ENSEMBLE = 'ensemble';
const isBlend = (id: string): boolean => (BLENDS as readonly string[]).includes(id);

/** Words: `purchase`, `spend`; both when none is given. `tests=5` of the newest moments. */
export const bench: Bench = ({ seed, threads, args, log }) =>
  withOnlineRetail(threads, async (engine, source) => {
    const named = args.filter((arg) => arg in MODELS) as (keyof typeof MODELS)[];
    const tests = Number(args.find((arg) => arg.startsWith('tests='))?.slice('tests='.length) ?? 5);
    const targets: Target[] = [];
    const figures: Record<string, unknown> = {};
    for (const task of named.length > 0 ? named : (['purchase', 'spend'] as const)) {
      const runs: FittedTask[] = [];
      const said = new Map<string, Float64Array[]>();
      for (const asOf of testMoments(source).slice(-tests)) {
        const fitted = await fitTask(engine, source, {
          ...{ task: taskNamed(task), horizonDays: 30, asOf, models: [...MODELS[task], ...BLENDS] },
          ...{ seed, threads, now: Date.now, progress: silent },
        });
        const models = fitted.trials.filter(({ estimator }) => estimator.role === 'model');
        // The best of the blends by what came before the test: the test chooses nothing.
        const blend = models.find(({ estimator }) => isBlend(estimator.id));
        const singles = models.filter(({ estimator }) => !isBlend(estimator.id));
        if (!blend) throw new Error('expected a blend of several models, got none');
        for (const [id, trial] of [
          ...singles.map((one) => [one.estimator.id, one] as const),
          [ENSEMBLE, blend] as const,
        ])
          said.set(id, [...(said.get(id) ?? []), await answersOf(trial, fitted)]);
        log(
          `${task} at ${new Date(asOf).toISOString().slice(0, 10)}: ${blend.estimator.id} of ${singles.map(({ estimator }) => estimator.id).join(', ')}`,
        );
        runs.push(fitted);
      }
      const samples = runs.map(({ samples: { test } }) => test);
      const rows = {
        entities: samples.flatMap(({ entities }) => entities),
        actual: concat(samples.map(({ target }) => target)),
      };
      const pooled = new Map(
        [...said]
          .filter(([, parts]) => parts.length === runs.length)
          .map(([id, parts]) => [id, concat(parts)]),
      );
      const first = pooled.get(ENSEMBLE) as Float64Array;
      const table: Record<string, unknown> = {};
      for (const [id, predicted] of pooled)
        table[id] = Object.fromEntries(
          COMPARED[task].map((metric) => [metric, measured(metric, { actual: rows.actual, predicted })]),
        );
      for (const metric of COMPARED[task]) {
        const { better } = ROW_METRICS[metric];
        const singles = [...pooled].filter(([id]) => id !== ENSEMBLE);
        const sign = better === 'higher' ? -1 : 1;
        const [best, second] = singles.toSorted(
          (a, b) =>
            sign *
            (measured(metric, { actual: rows.actual, predicted: a[1] }) -
              measured(metric, { actual: rows.actual, predicted: b[1] })),
        )[0];
        const { difference } = comparePredictions({ ...rows, first, second }, metric, { seed });
        const worst = sign > 0 ? difference.low : -difference.high;
        const note = `${difference.value.toPrecision(3)} (${difference.low.toPrecision(3)} … ${difference.high.toPrecision(3)}) to ${best}, the best in hindsight`;
        log(`${task} ${metric}: ${note}`);
        targets.push(
          atMost(
            `${task}: how much worse by ${metric} the ensemble is than the best single model, by its interval`,
            worst,
            0,
            note,
          ),
        );
        table[`less the best single model, ${metric}`] = { best, ...difference };
      }
      figures[task] = table;
    }
    return {
      bench: 'online-retail-ensemble',
      protocol:
        'rolling 30-day origins; every model is fitted, calibrated and blended on what came before its test; the blend that led on the ' +
        'calibration month against the single model that proves best on all tests pooled; paired bootstrap by customer, 95 %',
      targets,
      figures,
    };
  });

const answersOf = async (
  { model, corrections }: RankedTrial,
  { samples: { test } }: FittedTask,
): Promise<Float64Array> => (await forecast({ model, corrections }, test.frame, test.asOf)).value;

const measured = (
  metric: RowMetricName,
  { actual, predicted }: { readonly actual: Float64Array; readonly predicted: Float64Array },
): number => ROW_METRICS[metric].prepare({ actual, predicted })(evenWeights(actual.length));
