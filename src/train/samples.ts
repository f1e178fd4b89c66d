// From the lake to samples: one read of the log, cut into what each stage of the plan may see.
import { AppError } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import { DAY_MS, formatMoment } from '../core/time.ts';
import type { Engine } from '../data/engine.ts';
import type { ExampleSet, Subjects } from '../data/examples.ts';
import type { FeatureView } from '../data/features/definition.ts';
import { readExamples } from '../data/read-examples.ts';
import type { EventSource } from '../data/source.ts';
import type { SplitPlan } from '../data/splits.ts';
import type { Question, Sample } from '../models/estimator.ts';
import { takeSample } from '../models/sample.ts';
import type { Task } from '../tasks/task.ts';

export interface Samples {
  readonly train: Sample;
  /** Examples of a later period; absent when calibration uses held-out customers of `train`. */
  readonly calibrate?: Sample;
  readonly test: Sample;
  /** What rows are about besides their customers, where they are about more. */
  readonly subjects?: {
    readonly train: Subjects;
    readonly calibrate?: Subjects;
    readonly test: Subjects;
  };
}

export interface SampleRequest {
  readonly task: Task;
  readonly question: Question;
  readonly view: FeatureView;
  readonly plan: SplitPlan;
  /** Of items and visits: the customers asked about, as SQL over `user_id`; everybody when absent. */
  readonly drawn?: string;
  /** Draws the moments of visits. */
  readonly seed?: number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/**
 * Reads the log once and cuts it by moment.
 *
 * @throws AppError NOT_ENOUGH_DATA when a stage has nobody to ask about
 */
export async function buildSamples(
  engine: Engine,
  source: EventSource,
  request: SampleRequest,
): Promise<Samples> {
  const { task, plan, view, drawn, seed, progress, signal } = request;
  const calibrate = plan.calibrate === 'cross-fit' ? [] : plan.calibrate;
  const examples = await readExamples(engine, source, {
    entity: task.entity,
    drawn,
    seed,
    view,
    label: task.target,
    population: task.population,
    asOfs: [...plan.train, ...calibrate, ...plan.test],
    horizonMs: plan.horizonMs,
    progress,
    signal,
  });
  const stage = (moments: readonly number[]) => stageOf(examples, request.question, moments);
  return {
    train: stage(plan.train),
    test: stage(plan.test),
    ...(calibrate.length > 0 ? { calibrate: stage(calibrate) } : {}),
    ...(examples.subjects ? { subjects: subjectsOf(examples, plan) } : {}),
  };
}

function rowsAt({ asOf }: ExampleSet, moments: readonly number[]): number[] {
  const wanted = new Set(moments);
  return Array.from(asOf.keys()).filter((row) => wanted.has(asOf[row]));
}

function subjectsOf(examples: ExampleSet, { train, calibrate, test }: SplitPlan): Samples['subjects'] {
  const of = (moments: readonly number[]) => takeSubjects(examples.subjects ?? {}, rowsAt(examples, moments));
  return {
    train: of(train),
    test: of(test),
    ...(calibrate === 'cross-fit' ? {} : { calibrate: of(calibrate) }),
  };
}

const takeSubjects = ({ items, sessions, at }: Subjects, rows: readonly number[]): Subjects => ({
  ...(items ? { items: rows.map((row) => items[row]) } : {}),
  ...(sessions ? { sessions: rows.map((row) => sessions[row]) } : {}),
  ...(at ? { at: Float64Array.from(rows, (row) => at[row]) } : {}),
});

function stageOf(examples: ExampleSet, question: Question, moments: readonly number[]): Sample {
  const rows = rowsAt(examples, moments);
  if (rows.length === 0) {
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `nobody to ask about at ${moments.map(formatMoment).join(', ')}: import older events or use a later moment`,
    );
  }
  const all = { question, ...examples, target: examples.target as Float64Array };
  return takeSample(all, rows);
}

export const questionFor = (task: Task, horizonDays: number): Question => ({
  kind: task.kind,
  outcome: task.outcome,
  horizonDays,
  discountPerYear: task.target.discountPerYear ?? 0,
});

/** Days of history behind a moment. */
export const historyDays = (source: EventSource, asOf: number): number => (asOf - source.firstMs) / DAY_MS;
