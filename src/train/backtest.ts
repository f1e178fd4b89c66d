// A saved model held against what happened: at given moments, beside baselines fitted on the time before each.
import { AppError } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import { DAY_MS, formatMoment } from '../core/time.ts';
import type { Engine } from '../data/engine.ts';
import { readExamples } from '../data/read-examples.ts';
import type { EventSource } from '../data/source.ts';
import type { Protocol, Scores } from '../eval/score.ts';
import { type Forecast, forecast } from '../models/calibrated.ts';
import { estimatorById, fitModel } from '../models/catalogue.ts';
import type { Sample } from '../models/estimator.ts';
import { takeSample } from '../models/sample.ts';
import type { LoadedBundle } from '../registry/bundle.ts';
import { BASELINES } from '../tasks/recipes.ts';
import { COUNTED } from '../tasks/task.ts';
import { score } from './assess.ts';
import { fitCorrections } from './corrections.ts';
import { questionFor } from './samples.ts';

export interface BacktestOptions {
  /** UTC ms. */
  readonly moments: readonly number[];
  readonly seed: number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

export interface Measured {
  readonly examples: number;
  readonly positives: number;
  readonly scores: Scores;
  /** By estimator id; fitted and corrected one horizon before the moment, where there is history. */
  readonly baselines: Readonly<Record<string, Scores>>;
}

export interface BacktestResult {
  readonly origins: readonly (Measured & { readonly asOf: string })[];
  readonly pooled: Measured;
  /** Moments whose outcomes the model has seen, in part or whole, while it was learned, calibrated or chosen. */
  readonly inSample: readonly string[];
  readonly protocol: Protocol;
}

/** @throws AppError NOT_ENOUGH_DATA when the log does not cover a moment's horizon */
export async function backtest(
  engine: Engine,
  source: EventSource,
  bundle: LoadedBundle,
  options: BacktestOptions,
): Promise<BacktestResult> {
  const { task, view, calibrated, checkedDays } = bundle;
  const { seed, progress, signal } = options;
  const horizonMs = Math.round(checkedDays * DAY_MS);
  const ids = task.baselines ?? BASELINES;
  const moments = [...new Set(options.moments)].sort((a, b) => a - b);
  for (const moment of moments) {
    if (moment + horizonMs > source.lastMs) {
      throw new AppError(
        'NOT_ENOUGH_DATA',
        `the log ends at ${formatMoment(source.lastMs)}: what happens in the ${checkedDays} days after ${formatMoment(moment)} is not known yet; ` +
          `use ${formatMoment(source.lastMs - horizonMs)} or earlier`,
      );
    }
  }
  const before = moments.map((moment) => moment - horizonMs).filter((moment) => moment > source.firstMs);
  const examples = await readExamples(engine, source, {
    entity: task.entity,
    seed,
    view,
    label: task.target,
    population: task.population,
    asOfs: [...moments, ...before],
    horizonMs,
    progress,
    signal,
  });
  const all: Sample = {
    question: questionFor(task, checkedDays),
    ...examples,
    target: examples.target as Float64Array,
  };
  const at = (moment: number) =>
    takeSample(
      all,
      Array.from(all.asOf.keys()).filter((row) => all.asOf[row] === moment),
    );
  const checked = { model: calibrated.model, corrections: calibrated.corrections };
  const { threshold } = calibrated.corrections;
  const origins = [];
  const said: { sample: Sample; model: Forecast; baselines: Record<string, Forecast> }[] = [];
  for (const moment of moments) {
    const sample = at(moment);
    if (sample.frame.rows === 0) {
      throw new AppError(
        'NOT_ENOUGH_DATA',
        `nobody to ask about at ${formatMoment(moment)} (${task.about.en}); the log begins at ${formatMoment(source.firstMs)}: use a later moment`,
      );
    }
    const model = await forecast(checked, sample.frame, sample.asOf);
    const baselines = before.includes(moment - horizonMs)
      ? await baselineAnswers(at(moment - horizonMs), sample, { ...options, ids })
      : {};
    said.push({ sample, model, baselines });
    origins.push({ asOf: formatMoment(moment), ...measure(sample, model, baselines, { seed, threshold }) });
  }
  const whole = pool(said, ids);
  const pooled = measure(whole.sample, whole.model, whole.baselines, { seed, threshold });
  return {
    origins,
    pooled,
    inSample: moments.filter((moment) => moment < bundle.seenUntilMs).map(formatMoment),
    protocol: {
      ...bundle.protocol,
      test_as_of: moments.map(formatMoment),
      examples: pooled.examples,
      positives: pooled.positives,
      users: new Set(whole.sample.entities).size,
      candidates: `all ${COUNTED[task.entity].en} asked about at each moment`,
      interactions: source.rows,
      seeds: [seed],
      data_fingerprint: source.fingerprint,
    },
  };
}

async function baselineAnswers(
  train: Sample,
  test: Sample,
  { ids, seed, progress, signal }: BacktestOptions & { readonly ids: readonly string[] },
): Promise<Record<string, Forecast>> {
  const answers: Record<string, Forecast> = {};
  for (const id of ids) {
    const estimator = estimatorById(id);
    if (train.frame.rows === 0 || estimator.refuses(train.question, train.frame)) continue;
    const model = await fitModel(estimator, train, undefined, { seed, threads: 1, progress, signal });
    // A baseline has too few parameters to remember its own examples: they correct it as fairly as unseen ones would.
    const { corrections } = fitCorrections(train, await model.predict(train.frame), { seed });
    answers[id] = await forecast({ model, corrections }, test.frame, test.asOf);
  }
  return answers;
}

function measure(
  sample: Sample,
  model: Forecast,
  baselines: Readonly<Record<string, Forecast>>,
  options: { seed: number; threshold?: number },
): Measured {
  const { scores, examples, positives } = score(sample, model, options);
  return {
    examples,
    positives,
    scores,
    baselines: Object.fromEntries(
      Object.entries(baselines).map(([id, answers]) => [id, score(sample, answers, options).scores]),
    ),
  };
}

function pool(
  parts: readonly { sample: Sample; model: Forecast; baselines: Readonly<Record<string, Forecast>> }[],
  tried: readonly string[],
): { sample: Sample; model: Forecast; baselines: Record<string, Forecast> } {
  const join = (pick: (part: (typeof parts)[number]) => Float64Array) => {
    const arrays = parts.map(pick);
    const joined = new Float64Array(arrays.reduce((sum, array) => sum + array.length, 0));
    let offset = 0;
    for (const array of arrays) {
      joined.set(array, offset);
      offset += array.length;
    }
    return joined;
  };
  const ids = tried.filter((id) => parts.every(({ baselines }) => id in baselines));
  const withEnds = parts.every(({ model }) => model.low && model.high);
  return {
    sample: {
      ...parts[0].sample,
      entities: parts.flatMap(({ sample }) => sample.entities),
      asOf: join(({ sample }) => sample.asOf),
      target: join(({ sample }) => sample.target),
    },
    model: {
      value: join(({ model }) => model.value),
      raw: join(({ model }) => model.raw),
      ...(withEnds
        ? {
            low: join(({ model }) => model.low as Float64Array),
            high: join(({ model }) => model.high as Float64Array),
          }
        : {}),
    },
    baselines: Object.fromEntries(
      ids.map((id) => [
        id,
        {
          value: join(({ baselines }) => baselines[id].value),
          raw: join(({ baselines }) => baselines[id].raw),
        },
      ]),
    ),
  };
}
