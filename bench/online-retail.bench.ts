// Online Retail: one 90-day test, and rolling origins with a 30-day horizon, by the product's own training run.
import { silent } from '../src/core/progress.ts';
import { comparePredictions } from '../src/eval/compare-predictions.ts';
import { scoreAmount, scoreBinary } from '../src/eval/evaluate-predictions.ts';
import type { RowMetricName } from '../src/eval/metrics/metric.ts';
import type { Scores } from '../src/eval/score.ts';
import { taskNamed } from '../src/tasks/catalogue.ts';
import { type Assessment, assess } from '../src/train/assess.ts';
import { type FittedTask, fitTask } from '../src/train/fit.ts';
import { atMost, type Bench, type Target, within } from './bench.ts';
import { compareOthers } from './online-retail-others.ts';
import { concat, testMoments, withOnlineRetail } from './online-retail-shop.ts';

interface Origin {
  readonly fitted: FittedTask;
  readonly assessment: Assessment;
  /** Baselines as they come, without the corrections the model and they share, by id. */
  readonly raw: Readonly<Record<string, Float64Array>>;
}

export const bench: Bench = ({ seed, threads, args, log }) =>
  withOnlineRetail(threads, async (engine, source) => {
    const run = async (task: string, horizonDays: number, asOf?: number): Promise<Origin> => {
      const fitted = await fitTask(engine, source, {
        task: taskNamed(task),
        horizonDays,
        asOf,
        models: 'auto',
        seed,
        threads,
        now: Date.now,
        progress: silent,
      });
      const assessment = await assess(fitted, source, seed);
      const own = assessment.chosen.evaluation.scores;
      log(
        `${task} ${horizonDays} d at ${assessment.protocol.test_as_of[0]}: ${fitted.chosen.estimator.id}  ${shortly(own)}`,
      );
      return { fitted, assessment, raw: await rawBaselines(fitted) };
    };
    const targets: Target[] = [];
    const figures: Record<string, unknown> = {};
    if (!args.includes('rolling')) {
      for (const task of ['purchase', 'churn', 'spend'])
        figures[`${task}_90d`] = figuresOf(await run(task, 90));
    }
    if (!args.includes('90d')) {
      const moments = testMoments(source);
      for (const task of ['purchase', 'spend'] as const) {
        const origins: Origin[] = [];
        for (const asOf of moments) origins.push(await run(task, 30, asOf));
        const pooled = poolOrigins(origins, seed);
        figures[`${task}_30d`] = { origins: origins.map(figuresOf), pooled };
        targets.push(...targetsOf(task, pooled));
        const others = await compareOthers(task, origins, { threads, seed, log });
        figures[`${task}_30d_others`] = others.figures;
        targets.push(...others.targets);
      }
    }
    return {
      bench: 'online-retail',
      protocol:
        'models chosen and calibrated before each test, no settings; 30-day origins a horizon apart; paired bootstrap by customer across origins, 1000 draws, 95 %; baselines both corrected the same way as the model and as they come',
      targets,
      figures,
    };
  });

async function rawBaselines({ trials, samples }: FittedTask): Promise<Record<string, Float64Array>> {
  const raw: Record<string, Float64Array> = {};
  for (const { estimator, model } of trials) {
    if (estimator.role === 'baseline') raw[estimator.id] = await model.predict(samples.test.frame);
  }
  return raw;
}

const shortly = (scores: Scores): string =>
  Object.entries(scores)
    .map(([metric, score]) => `${metric} ${score?.value.toPrecision(4)}`)
    .join('  ');

function figuresOf({ fitted, assessment }: Origin) {
  const { chosen, baselines, protocol } = assessment;
  return {
    test_as_of: protocol.test_as_of[0],
    examples: protocol.examples,
    positives: protocol.positives,
    model: chosen.estimator.id,
    metrics: chosen.evaluation.scores,
    baselines: Object.fromEntries(
      baselines.map(({ estimator, evaluation }) => [estimator.id, evaluation.scores]),
    ),
    trials: fitted.trials.map(({ estimator, values }) => ({ model: estimator.id, ...values })),
    protocol,
  };
}

interface Pooled {
  readonly examples: number;
  readonly metrics: Scores;
  readonly differences: readonly {
    readonly against: string;
    readonly metric: RowMetricName;
    readonly value: number;
    readonly low: number;
    readonly high: number;
    readonly better: string;
  }[];
}

function poolOrigins(origins: readonly Origin[], seed: number): Pooled {
  const tests = origins.map(({ fitted }) => fitted.samples.test);
  const rows = {
    entities: tests.flatMap((test) => test.entities),
    actual: concat(tests.map((test) => test.target)),
    asOf: concat(tests.map((test) => test.asOf)),
  };
  const chosen = concat(origins.map(({ assessment }) => assessment.chosen.answers.value));
  const binary = tests[0].question.kind === 'binary';
  const ends = origins.map(({ assessment }) => assessment.chosen.answers);
  const metrics = binary
    ? scoreBinary({ ...rows, predicted: chosen }, { seed }).scores
    : scoreAmount(
        {
          ...rows,
          predicted: chosen,
          low: concat(ends.map(({ low }) => low as Float64Array)),
          high: concat(ends.map(({ high }) => high as Float64Array)),
        },
        { seed },
      ).scores;
  const ids = origins[0].assessment.baselines.map(({ estimator }) => estimator.id).sort();
  const compared: readonly RowMetricName[] = binary ? ['roc_auc', 'log_loss'] : ['mae', 'norm_gini'];
  const against = (name: string, second: Float64Array) =>
    compared.map((metric) => {
      const { difference, better } = comparePredictions({ ...rows, first: chosen, second }, metric, { seed });
      return { against: name, metric, ...difference, better };
    });
  const differences = ids.flatMap((id) => [
    ...against(
      id,
      concat(
        origins.map(
          ({ assessment }) =>
            assessment.baselines.find(({ estimator }) => estimator.id === id)?.answers.value as Float64Array,
        ),
      ),
    ),
    ...against(`${id} as it comes`, concat(origins.map(({ raw }) => raw[id]))),
  ]);
  return { examples: rows.actual.length, metrics, differences };
}

function targetsOf(task: 'purchase' | 'spend', { metrics, differences }: Pooled): Target[] {
  const targets: Target[] = differences
    .filter(({ metric }) => metric !== 'log_loss')
    .map(({ against, metric, low, high, better }) => ({
      name: `${task}: ${metric} better than ${against}, interval without zero`,
      target: 'model',
      got: metric === 'mae' ? high : low,
      met: better === 'first',
      note: `difference ${low.toPrecision(3)} … ${high.toPrecision(3)}`,
    }));
  if (task === 'purchase') return targets;
  const { coverage, bias } = metrics;
  return [
    ...targets,
    within('spend: pooled coverage of 90 % intervals', coverage?.value ?? Number.NaN, 0.86, 0.94),
    atMost('spend: pooled |bias|', Math.abs(bias?.value ?? Number.NaN), 0.15),
  ];
}
