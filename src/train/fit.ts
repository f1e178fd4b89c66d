// From a shop's log to a chosen, calibrated model of one task: everything but the disk.
import { AppError } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import { DAY_MS } from '../core/time.ts';
import type { Engine } from '../data/engine.ts';
import { readCapabilities, viewFor } from '../data/features/capabilities.ts';
import { startingView, withEvents } from '../data/features/default-view.ts';
import type { FeatureDefinition, FeatureView } from '../data/features/definition.ts';
import { withFeatures } from '../data/features/yaml/read-features.ts';
import type { EventSource } from '../data/source.ts';
import { visitorLog } from '../data/visits/visits.ts';
import type { Season } from '../eval/season/season.ts';
import { onTrunk } from '../models/behaviour/behaviour.ts';
import { type CalibratedModel, seasonValues } from '../models/calibrated.ts';
import { ANY_HORIZON, modelOverHorizon } from '../models/catalogue.ts';
import type { EnsembleKind } from '../models/ensemble/mixing.ts';
import type { Question } from '../models/estimator.ts';
import { BASELINES } from '../tasks/recipes.ts';
import type { Task } from '../tasks/task.ts';
import type { Refusal } from './attempts.ts';
import { BLENDS } from './blends.ts';
import { boundView } from './bounded-view.ts';
import { chosenOf, type RankedTrial } from './choose.ts';
import { momentsOf } from './corrections.ts';
import { type FitCrew, fitCrew } from './crew/fit-crew.ts';
import { sampleCustomers } from './customer-sample.ts';
import { learningDeadline } from './expected-time.ts';
import { type HorizonPlan, planHorizon } from './horizon.ts';
import { learnAgain } from './learn-again.ts';
import { correctOverPast } from './past-moments.ts';
import { type PresetName, presetFor } from './preset.ts';
import { type PretrainedTrunk, refuseForesight } from './pretrained.ts';
import { buildSamples, questionFor, type Samples } from './samples.ts';
import { learnSeason, withoutCalendar, withoutSeason } from './season.ts';
import {
  holdTournament,
  type Recorded,
  repeatedCandidates,
  type TournamentOptions,
  type Tried,
} from './tournament.ts';
import { calibrationSample } from './trials.ts';

export interface FitOptions {
  readonly task: Task;
  /** Days; the task's own when absent. */
  readonly horizonDays?: number;
  /** Moment of the test, UTC ms; the latest possible when absent. */
  readonly asOf?: number;
  /** `auto`, or estimator ids in the order to be tried. */
  readonly models: 'auto' | readonly string[];
  /** How much is tried; `good` when absent. */
  readonly preset?: PresetName;
  /** What an earlier run recorded of what it tried: the run repeats it, whatever `models` and `preset` say. */
  readonly repeat?: Recorded;
  /** What behaviour transformers build on instead of a trunk learned in each fit. */
  readonly pretrained?: PretrainedTrunk;
  /** Of the whole run, the test and the report included. */
  readonly timeLimitMs?: number;
  /** Features of the shop's own, added to the default view or standing in for a feature of the same name. */
  readonly features?: readonly FeatureDefinition[];
  readonly maxTrainOrigins?: number;
  /** Examples over all moments; a larger shop is sampled by customer. */
  readonly maxExamples?: number;
  readonly seed: number;
  readonly threads: number;
  readonly now: () => number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** Of one thread: a model nobody named may take so long, and is left out where it would take longer. */
const MOST_SECONDS_UNASKED = 900;

export interface FittedTask {
  readonly task: Task;
  /** Over the horizon that was checked. */
  readonly question: Question;
  readonly horizon: HorizonPlan;
  readonly view: FeatureView;
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
  readonly samples: Samples;
  /** One in this many customers was drawn; 1 = everyone. */
  readonly oneIn: number;
  /** Best first, baselines among them. */
  readonly trials: readonly RankedTrial[];
  readonly refused: readonly Refusal[];
  readonly tried: Tried;
  /** Whether the chosen model has learned from the calibration examples, too, after they had their say. */
  readonly again: boolean;
  readonly chosen: RankedTrial;
  readonly calibrated: CalibratedModel;
}

/**
 * Plans, reads, fits, calibrates and chooses. The test sample is built but not looked at.
 *
 * @throws AppError NOT_ENOUGH_DATA, USAGE for an unknown model, INTERRUPTED
 */
export async function fitTask(engine: Engine, source: EventSource, options: FitOptions): Promise<FittedTask> {
  const crew = fitCrew(options.threads);
  try {
    return await fitWithCrew(engine, source, { ...options, crew });
  } finally {
    crew.close();
  }
}

async function fitWithCrew(
  engine: Engine,
  source: EventSource,
  options: FitOptions & { readonly crew: FitCrew },
): Promise<FittedTask> {
  const { task, seed, progress, signal, repeat } = options;
  const startedMs = options.now();
  const horizon = planHorizon(task, source, options);
  const known = task.entity === 'session' ? visitorLog(source) : source;
  const question = questionFor(task, horizon.checkedDays);
  const capabilities = await readCapabilities(engine, known, signal);
  const historyMs = horizon.plan.train[0] - source.firstMs;
  const starting = startingView(task.entity, {
    horizonDays: horizon.checkedDays,
    historyDays: historyMs / DAY_MS,
  });
  const entries = entriesOf(options, horizon);
  if (options.pretrained) refuseForesight(options.pretrained, horizon.plan, source.zone);
  const told = readEvents(entries) ? withEvents(starting, task.entity) : starting;
  const fed = viewFor(withFeatures(told, options.features ?? []), capabilities);
  const bounded = boundView(fed.view, historyMs);
  const { train, calibrate, test } = horizon.plan;
  const season = await learnSeason(engine, source, { question, untilMs: test[0], signal });
  const timeless = season
    ? withoutCalendar(bounded.view, options.features)
    : { view: bounded.view, leftOut: [] };
  const { view } = timeless;
  const leftOut = [...fed.leftOut, ...bounded.leftOut, ...timeless.leftOut];
  for (const { name, reason } of leftOut) {
    // The default view has many that need data a shop may not have; one asked for by name must not vanish in silence.
    if (options.features?.some((own) => own.name === name))
      progress.note(`feature "${name}" is left out: ${reason}`);
  }
  const moments = train.length + (calibrate === 'cross-fit' ? 0 : calibrate.length) + test.length;
  const most = options.maxExamples;
  const drawn = await sampleCustomers(engine, source, { task, moments, seed, signal, most });
  if (drawn.oneIn > 1) progress.note(`learning from one in ${drawn.oneIn} customers, drawn by seed ${seed}`);
  const built = await buildSamples(engine, drawn.source, {
    task,
    question,
    view,
    plan: horizon.plan,
    drawn: drawn.drawn,
    seed,
    progress,
    signal,
  });
  const samples = season ? ordinarySamples(built, season) : built;
  const run = {
    ...{ ...options, plan: horizon.plan, ...learningDeadline(startedMs, options.timeLimitMs) },
    ...(options.models === 'auto' && !repeat && { mostSeconds: MOST_SECONDS_UNASKED }),
  };
  const {
    ranked: compared,
    refused,
    trials,
    searches,
  } = await holdTournament(samples, {
    ...entries,
    metrics: task.metrics,
    run,
  });
  const winner = chosenOf(compared);
  const { trial: final, again } = await learnAgain(winner, samples, { run, repeated: repeat?.again });
  const ranked: RankedTrial[] = [];
  for (const trial of compared) {
    const answers = trial === winner || trial.estimator.role === 'baseline';
    const corrected = answers ? await correctOverPast(trial === winner ? final : trial, samples, run) : trial;
    ranked.push(inSeason(corrected, built, season));
  }
  const chosen = ranked[compared.indexOf(winner)];
  return {
    task,
    question,
    horizon,
    view,
    leftOut,
    samples: built,
    oneIn: drawn.oneIn,
    trials: ranked,
    refused,
    tried: { trials, searches },
    again,
    chosen,
    calibrated: {
      model: chosen.model,
      corrections: chosen.corrections,
      ...(horizon.horizonDays > horizon.checkedDays
        ? { extended: modelOverHorizon(chosen.model, horizon.horizonDays) }
        : {}),
    },
  };
}

/** What models learn from, the season taken out of it; the test stays as it came. */
const ordinarySamples = ({ train, calibrate, test }: Samples, season: Season): Samples => ({
  train: withoutSeason(train, season),
  ...(calibrate ? { calibrate: withoutSeason(calibrate, season) } : {}),
  test,
});

/** A trial whose answers are in their own season again. */
function inSeason(trial: RankedTrial, samples: Samples, season: Season | undefined): RankedTrial {
  if (!season) return trial;
  const corrections = { ...trial.corrections, season };
  const corrected = seasonValues(corrections, trial.corrected, momentsOf(calibrationSample(samples)));
  return { ...trial, corrections, corrected };
}

type Entries = Pick<TournamentOptions, 'candidates' | 'preset' | 'blends' | 'repeated'>;

/** Who takes part: baselines always; then what is repeated, was asked for, or stands in the preset. */
function askedFor({ task, models, preset: named = 'good', repeat, pretrained }: FitOptions): Entries {
  const preset = presetFor(task.kind, named, task.recipe);
  const costly = task.entity === 'user_item' ? [] : preset.costly;
  const auto = [...preset.models, ...costly, ...preset.blends];
  const wanted = repeat ? repeat.trials : models === 'auto' ? auto : models;
  const blends = blendsAmong(wanted);
  const searches = repeat?.searches ?? {};
  const ids = [...new Set([...(task.baselines ?? BASELINES), ...wanted])].filter(
    (id) => !blends.some((blend) => blend === id),
  );
  const asked = repeatedCandidates(ids, searches);
  const candidates = pretrained ? asked.map((each) => onTrunk(each, pretrained.trunk)) : asked;
  if (pretrained && candidates.every((each, at) => each === asked[at]))
    throw new AppError(
      'USAGE',
      `--pretrained: expected a behaviour transformer among the models, such as --model transformer:lora, got ${wanted.join(', ')}: none of them builds on a trunk`,
    );
  return { candidates, preset, blends, ...(repeat && { repeated: searches }) };
}

/**
 * Asks whether models of these names can take part: call it before long work.
 *
 * @throws AppError USAGE for a name that is none, and for a trunk that none of them builds on
 */
export const checkModels = (options: FitOptions): void => void askedFor(options);

/** Over a horizon longer than can be checked, those alone that take part at any. */
function entriesOf(options: FitOptions, { horizonDays, checkedDays }: HorizonPlan): Entries {
  const asked = askedFor(options);
  if (horizonDays === checkedDays) return asked;
  return {
    ...asked,
    candidates: asked.candidates.filter(({ id, role }) => role === 'baseline' || ANY_HORIZON.has(id)),
    blends: [],
  };
}

/** Whether anyone who takes part wants what was done in order: it takes as much memory as all the rest. */
const readEvents = ({ candidates }: Entries): boolean => candidates.some((each) => each.readsEvents);

/** Blends to make of what is tried; a blend asked for alone is an estimator with members of its own. */
function blendsAmong(wanted: readonly string[]): readonly EnsembleKind[] {
  const blends = BLENDS.filter((id) => wanted.includes(id));
  return wanted.length > blends.length ? blends : [];
}
