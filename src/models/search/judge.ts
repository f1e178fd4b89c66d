// What settings are worth on customers they have not seen, beside the default on the same rows.
import { invariant } from '../../core/errors.ts';
import { hash32 } from '../../core/random.ts';
import { crossFit, type Folds, foldsOf } from '../cross-fit.ts';
import type { Estimator, FitRun, Sample, Settings } from '../estimator.ts';
import { type HeldOutLoss, lossFor, meanByCustomer, rowLosses } from '../held-out-loss.ts';
import { takeSample, unitWeights } from '../sample.ts';

/** How settings did on a share of the rows. */
export interface Rung {
  readonly share: number;
  /** Mean held-out loss. */
  readonly loss: number;
  /** That loss less the default's on the same rows; 0 for the default. */
  readonly difference: number;
  /** Of the difference, by customer. */
  readonly standardError: number;
}

/** @throws AppError NOT_ENOUGH_DATA, INTERRUPTED, or what the estimator throws at settings */
export type Judge = (settings: Settings, share: number) => Promise<Rung>;

export interface JudgeOptions {
  readonly loss?: HeldOutLoss;
  readonly folds?: number;
  readonly valid?: Sample;
}

/** More rows make each fold's answer surer, so that fewer folds will do. */
const foldsFor = (rows: number): number => (rows > 40_000 ? 2 : rows > 10_000 ? 3 : 4);

export function judgeOf(estimator: Estimator, train: Sample, options: JudgeOptions, run: FitRun): Judge {
  const { valid, loss = lossFor(train) } = options;
  const parts = new Map<number, { sample: Sample; folds: Folds }>();
  const ofDefault = new Map<number, Float64Array>();

  const partOf = (share: number) => {
    const known = parts.get(share);
    if (known) return known;
    const sample = share < 1 ? someCustomers(train, share, run.seed) : train;
    const count = options.folds ?? foldsFor(sample.frame.rows);
    const made = { sample, folds: foldsOf(sample.entities, count, run.seed) };
    parts.set(share, made);
    return made;
  };

  const lossesOf = async (told: Estimator, share: number): Promise<Float64Array> => {
    const { sample, folds } = partOf(share);
    if (valid) {
      const model = await told.fit(sample, valid, run);
      return rowLosses(loss, { ...valid, predicted: await model.predict(valid.frame) });
    }
    const { unseen } = await crossFit(told, sample, { folds, watch: true, run });
    return rowLosses(loss, { ...sample, predicted: unseen });
  };

  return async (settings, share) => {
    const asItIs = Object.keys(settings).length === 0;
    const baseline = ofDefault.get(share) ?? (await lossesOf(estimator, share));
    ofDefault.set(share, baseline);
    const told = asItIs ? estimator : estimator.withSettings?.(settings);
    invariant(told, 'an estimator with a space takes its settings');
    const losses = asItIs ? baseline : await lossesOf(told, share);
    const judged = valid ?? partOf(share).sample;
    const rows = { entities: judged.entities, weight: unitWeights(judged) };
    const paired = meanByCustomer(
      losses.map((own, i) => own - baseline[i]),
      rows,
    );
    return {
      share,
      loss: meanByCustomer(losses, rows).mean,
      difference: paired.mean,
      standardError: paired.standardError,
    };
  };
}

/** The customers a hash lets in, with all their rows: the same ones whoever else is there. */
function someCustomers(sample: Sample, share: number, seed: number): Sample {
  const salt = hash32(`search ${seed}`);
  const rows = Array.from(sample.entities.keys()).filter(
    (row) => hash32(sample.entities[row], salt) < share * 2 ** 32,
  );
  return rows.length > 0 ? takeSample(sample, rows) : sample;
}
