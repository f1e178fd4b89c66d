// All encoders of a plan: fitted one after another on the same folds of customers, applied together, brought back from disk.
import { AppError } from '../../core/errors.ts';
import { type Column, type Frame, makeFrame } from '../../core/frame.ts';
import { pause } from '../../core/pause.ts';
import type { FitRun, Sample } from '../estimator.ts';
import { customerFolds, unitWeights } from '../sample.ts';
import { fitDateEncoder, loadDateEncoder } from './dates.ts';
import {
  type CrossFitted,
  type Encoder,
  inputColumn,
  type Lesson,
  lessonTargets,
  type SavedEncoder,
} from './encoder.ts';
import { type EncodingMemory, encodingMemory, type Learned, lessonKey } from './memory.ts';
import type { EncodingPlan } from './plan.ts';
import { crossFitTargetEncoding, loadTargetEncoder } from './target-encoding.ts';
import { crossFitTextScores, loadTextEncoder } from './text-scores.ts';

/** Folds of customers behind every encoding that learns from the target: each row is encoded by four fifths of the others. */
const FOLDS = 5;

export interface FittedEncoders {
  readonly encoders: readonly Encoder[];
  /** The training rows encoded, each without its own customer. */
  readonly frame: Frame;
}

/** Learns what the plan asks for, or recalls it. @throws AppError INTERRUPTED */
export async function fitEncoders(
  plan: EncodingPlan,
  train: Sample,
  run: FitRun,
  memory: EncodingMemory = encodingMemory(),
): Promise<FittedEncoders> {
  const key = lessonKey(plan, train, run.seed);
  const learned = memory.recall(key) ?? (await learnEncoders(plan, train, run));
  memory.keep(key, learned);
  return {
    encoders: learned.encoders,
    frame: replaceSources(train.frame, learned.encoders, learned.training),
  };
}

async function learnEncoders(plan: EncodingPlan, train: Sample, run: FitRun): Promise<Learned> {
  const { frame } = train;
  const lesson: Lesson = {
    targets: lessonTargets(train.question, train.target),
    isBinary: train.question.kind !== 'amount',
    weight: unitWeights(train),
    entities: train.entities,
    folds: customerFolds(train.entities, FOLDS, run.seed),
    foldCount: FOLDS,
    seed: run.seed,
    signal: run.signal,
  };
  const lessons: (() => CrossFitted | Promise<CrossFitted>)[] = [
    ...plan.categories.map(
      (name) => () => crossFitTargetEncoding(inputColumn(frame, name, 'category'), lesson),
    ),
    ...plan.dates.map((name, k) => async () => {
      // Of each pair of dates one difference is enough.
      const encoder = fitDateEncoder(frame, name, plan.dates.slice(0, k));
      return { encoder, training: await encoder.encode(frame) };
    }),
    ...plan.text.map((name) => () => crossFitTextScores(inputColumn(frame, name, 'text'), lesson)),
  ];
  const fitted: CrossFitted[] = [];
  for (const [done, learn] of lessons.entries()) {
    await pause(run.signal);
    run.progress.step({ task: 'encoding', done, total: lessons.length, unit: 'columns' });
    fitted.push(await learn());
  }
  return {
    encoders: fitted.map(({ encoder }) => encoder),
    training: fitted.flatMap(({ training }) => training),
  };
}

/** The frame with every encoder's source taken out and its columns put at the end. */
export async function applyEncoders(encoders: readonly Encoder[], frame: Frame): Promise<Frame> {
  const made = await Promise.all(encoders.map((encoder) => encoder.encode(frame)));
  return replaceSources(frame, encoders, made.flat());
}

/** As `applyEncoders`, with nothing in the new columns: enough to ask which columns there would be. */
export function sketchEncoding(plan: EncodingPlan, frame: Frame): Frame {
  const gone = new Set([...plan.text, ...plan.categories, ...plan.dates]);
  const blank = new Float64Array(frame.rows);
  const columns = frame.columns.map((column): Column => {
    if (!gone.has(column.name)) return column;
    const { name, label, group } = column;
    return { kind: 'number', name, label, group, unit: 'none', values: blank };
  });
  return makeFrame(columns, { rows: frame.rows, currency: frame.currency });
}

function replaceSources(frame: Frame, encoders: readonly Encoder[], made: readonly Column[]): Frame {
  const gone = new Set(encoders.map(({ source }) => source));
  return makeFrame([...frame.columns.filter(({ name }) => !gone.has(name)), ...made], {
    rows: frame.rows,
    currency: frame.currency,
  });
}

const LOADERS: Readonly<Record<Encoder['kind'], (saved: SavedEncoder) => Encoder>> = {
  text: loadTextEncoder,
  target: loadTargetEncoder,
  date: loadDateEncoder,
};

/** @throws AppError BAD_FILE for a kind this version does not know */
export function loadEncoder(saved: SavedEncoder): Encoder {
  const load = Object.hasOwn(LOADERS, saved.kind) ? LOADERS[saved.kind] : undefined;
  if (load) return load(saved);
  throw new AppError('BAD_FILE', 'expected an encoder of this version; train the model again');
}
