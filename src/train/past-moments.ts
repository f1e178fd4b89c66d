// How a model would have missed earlier moments, had it been learned before each: its corrections from them all.
import { throwIfAborted } from '../core/errors.ts';
import { takeNumbers } from '../core/frame.ts';
import { hash32 } from '../core/random.ts';
import type { LevelOrigin } from '../eval/level.ts';
import type { Sample } from '../models/estimator.ts';
import { takeSample } from '../models/sample.ts';
import type { RankedTrial } from './choose.ts';
import { fitCorrections } from './corrections.ts';
import { refitAll } from './refit.ts';
import type { Samples } from './samples.ts';
import type { Trial, TrialRun } from './trials.ts';

/** Each costs a fit on what came before it; the newest say most. */
const MOST_MOMENTS = 3;
/** Probabilities: a moment counts when at least the third part of the examples was known before it. */
const LEAST_PART = 3;
/** A total needs no more examples than this to be learned; it also bounds what the fits cost, whatever the clock says. */
const MOST_ROWS = 20_000;

/**
 * The trial with its corrections learned from earlier moments beside the calibration period: amounts brought to the level
 * they teach, probabilities calibrated on all of them.
 *
 * One calibration month cannot tell a model that is too low from a month that was high. Several can. Where there are none
 * the trial stays as it is.
 *
 * @param samples amounts of an ordinary season
 * @throws AppError INTERRUPTED
 */
export async function correctOverPast(
  trial: RankedTrial,
  samples: Samples,
  run: TrialRun,
): Promise<RankedTrial> {
  const { calibrate, train } = samples;
  if (!calibrate) return trial;
  const past = await pastMoments(trial, train, run);
  if (past.length === 0) return trial;
  const { onCalibration, bandOnCalibration: band } = trial;
  return { ...trial, ...fitCorrections(calibrate, onCalibration, { seed: run.seed, band, past }) };
}

/**
 * The newest training moments, each predicted by the trial's model learned anew from the moments before it alone.
 *
 * @returns oldest first; none of moments before which no outcome window ended, or nothing was spent
 */
export async function pastMoments(
  trial: Pick<Trial, 'estimator' | 'model' | 'blend' | 'fitSeconds'>,
  train: Sample,
  run: TrialRun,
): Promise<readonly LevelOrigin[]> {
  const some = fewer(train, run.seed);
  const moments = [...new Set(some.asOf)].sort((a, b) => a - b);
  const wanted = moments.slice(1).slice(-MOST_MOMENTS);
  const learned = wanted.flatMap((moment) => {
    const over = rowsWhere(some, (asOf) => asOf + run.plan.horizonMs <= moment);
    const teaches = over.some((row) => some.target[row] > 0) && over.length >= leastRows(some);
    return teaches ? [{ moment, sample: takeSample(some, over) }] : [];
  });
  const task = `${trial.estimator.id} before earlier moments`;
  const models = await refitAll(
    learned.map(({ sample }) => ({ trial, sample })),
    run,
    (done, total) => run.progress.step({ task, done, total, unit: 'fits' }),
  );
  const origins: LevelOrigin[] = [];
  for (const [i, { moment }] of learned.entries()) {
    throwIfAborted(run.signal);
    const now = rowsWhere(some, (asOf) => asOf === moment);
    const asked = takeSample(some, now);
    origins.push({
      asOf: moment,
      entities: asked.entities,
      actual: takeNumbers(some.target, now),
      predicted: await models[i].predict(asked.frame),
    });
  }
  return origins;
}

/** A total is learned from few; a model of far fewer rows is less sure of itself than the one whose surety is calibrated. */
const leastRows = ({ question, frame }: Sample): number =>
  question.kind === 'binary' ? frame.rows / LEAST_PART : 0;

const rowsWhere = ({ asOf }: Sample, wanted: (asOf: number) => boolean): number[] =>
  Array.from(asOf.keys()).filter((row) => wanted(asOf[row]));

/** Everybody, or as many customers, drawn by seed, as stay under the limit. */
function fewer(train: Sample, seed: number): Sample {
  const { rows } = train.frame;
  if (rows <= MOST_ROWS) return train;
  const salt = hash32(`past moments ${seed}`);
  const limit = (MOST_ROWS / rows) * 2 ** 32;
  return takeSample(
    train,
    Array.from(train.entities.keys()).filter((row) => hash32(train.entities[row], salt) < limit),
  );
}
