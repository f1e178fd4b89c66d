// Everybody predicted by a fit that never saw them: fitted once, and shared by all who need unseen predictions.
import { AppError } from '../core/errors.ts';
import { pause } from '../core/pause.ts';
import { silent } from '../core/progress.ts';
import type { QuantileBand } from '../eval/conformal-quantile.ts';
import type { Estimator, FitRun, Model, Sample } from './estimator.ts';
import { customerFolds, foldRows, sortSample, takeSample } from './sample.ts';

/** A fold of every row; rows of one customer stand in one fold. */
export interface Folds {
  /** [rows], each in 0 … count − 1 */
  readonly of: ArrayLike<number>;
  readonly count: number;
}

export interface CrossFit {
  /** One a fold that has rows, in the order of folds. */
  readonly models: readonly Model[];
  /** What the model of the other folds says of each row: [rows], or [rows, classes]. */
  readonly unseen: Float64Array;
  /** The quantiles that go with it, [rows]; absent unless every model has them. */
  readonly unseenBand?: QuantileBand;
}

/**
 * An estimator whose settings were chosen on the very examples it is scored on: of a fold it speaks with the settings that
 * were chosen without that fold.
 */
export interface ChosenByFold extends Estimator {
  inFold(fold: number): Estimator;
}

/** Whom to fit where this fold is held out. */
export const inFold = (estimator: Estimator | ChosenByFold, fold: number): Estimator =>
  'inFold' in estimator ? estimator.inFold(fold) : estimator;

export interface CrossFitOptions {
  readonly folds: Folds;
  /** Lets each fit watch its held-out fold to know when to stop; what it then says of that fold is a little too good. */
  readonly watch?: boolean;
  readonly run: FitRun;
  readonly onFit?: () => void;
  /** Fits the folds side by side, where none watches; one after the other when absent. Says itself what it has done. */
  readonly fitAll?: (fits: readonly FoldFit[]) => Promise<readonly Model[]>;
}

export interface FoldFit {
  readonly estimator: Estimator;
  readonly sample: Sample;
}

export const foldsOf = (entities: readonly string[], count: number, seed: number): Folds => ({
  of: customerFolds(entities, count, seed),
  count,
});

/**
 * Fits the estimator once a fold, on all rows outside it.
 *
 * @throws AppError NOT_ENOUGH_DATA when a fold holds all rows, or leaves too little to fit; INTERRUPTED
 */
export async function crossFit(
  estimator: Estimator,
  sample: Sample,
  { folds, watch, run, onFit, fitAll }: CrossFitOptions,
): Promise<CrossFit> {
  const { rows } = sample.frame;
  const parts = Array.from({ length: folds.count }, (_, fold) => ({
    estimator: inFold(estimator, fold),
    ...foldRows(folds.of, fold),
  })).filter(({ inside }) => inside.length > 0);
  if (parts.some(({ outside }) => outside.length === 0))
    throw new AppError(
      'NOT_ENOUGH_DATA',
      'expected examples of more than one customer, to hold some of them out',
    );
  const seenBy = (outside: readonly number[]): Sample => sortSample(takeSample(sample, outside));
  const together = watch
    ? undefined
    : await fitAll?.(parts.map(({ estimator, outside }) => ({ estimator, sample: seenBy(outside) })));
  const models: Model[] = [];
  let unseen = new Float64Array(0);
  const band = { low: new Float64Array(rows), high: new Float64Array(rows) };
  for (const [part, { estimator: own, inside, outside }] of parts.entries()) {
    await pause(run.signal);
    const held = takeSample(sample, inside);
    const valid = watch ? sortSample(held) : undefined;
    const model = together?.[part] ?? (await own.fit(seenBy(outside), valid, { ...run, progress: silent }));
    const said = await model.predict(held.frame);
    const width = said.length / inside.length;
    if (unseen.length === 0) unseen = new Float64Array(rows * width);
    inside.forEach((row, i) => {
      unseen.set(said.subarray(i * width, (i + 1) * width), row * width);
    });
    const ends = await model.band?.(held.frame);
    inside.forEach((row, i) => {
      band.low[row] = ends ? ends.low[i] : Number.NaN;
      band.high[row] = ends ? ends.high[i] : Number.NaN;
    });
    models.push(model);
    if (!together) onFit?.();
  }
  const banded = models.every((model) => model.band);
  return { models, unseen, ...(banded && { unseenBand: band }) };
}
