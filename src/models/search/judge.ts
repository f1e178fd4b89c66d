// What settings are worth on customers they have not seen, beside the default on the same rows.
import { invariant } from '../../core/errors.ts';
import { takeNumbers } from '../../core/frame.ts';
import { hash32 } from '../../core/random.ts';
import { crossFit, type Folds, foldsOf } from '../cross-fit.ts';
import type { Estimator, FitRun, Sample, Settings } from '../estimator.ts';
import { type HeldOutLoss, lossFor, meanByCustomer, rowLosses } from '../held-out-loss.ts';
import { takeSample, unitWeights } from '../sample.ts';

/** A mean held-out loss less the default's on the same rows; 0 for the default. */
export interface Difference {
  readonly difference: number;
  /** By customer. */
  readonly standardError: number;
}

/** How settings did on a share of the rows. */
export interface Rung extends Difference {
  readonly share: number;
  /** Mean held-out loss. */
  readonly loss: number;
  /** What the difference is without each group in turn, where groups were given. */
  readonly without?: readonly Difference[];
}

/** @throws AppError NOT_ENOUGH_DATA, INTERRUPTED, or what the estimator throws at settings */
export type Judge = (settings: Settings, share: number) => Promise<Rung>;

export interface JudgeOptions {
  readonly loss?: HeldOutLoss;
  readonly folds?: number;
  readonly valid?: Sample;
  /** The group of every row of `train`; all rows of a customer stand in one. */
  readonly groups?: Folds;
}

/** More rows make each fold's answer surer, so that fewer folds will do. */
const foldsFor = (rows: number): number => (rows > 40_000 ? 2 : rows > 10_000 ? 3 : 4);

export function judgeOf(estimator: Estimator, train: Sample, options: JudgeOptions, run: FitRun): Judge {
  const { valid, groups, loss = lossFor(train) } = options;
  const parts = new Map<number, { sample: Sample; folds: Folds; group: number[] }>();
  const ofDefault = new Map<number, Float64Array>();

  const partOf = (share: number) => {
    const known = parts.get(share);
    if (known) return known;
    const rows = someCustomers(train, share, run.seed);
    const sample = rows.length < train.frame.rows ? takeSample(train, rows) : train;
    const count = options.folds ?? foldsFor(sample.frame.rows);
    const group = groups ? rows.map((row) => groups.of[row]) : [];
    const made = { sample, folds: foldsOf(sample.entities, count, run.seed), group };
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
    const paired = losses.map((own, i) => own - baseline[i]);
    return {
      share,
      loss: meanByCustomer(losses, rows).mean,
      ...differenceOf(paired, rows),
      ...(groups && !valid && { without: withoutEach(groups.count, partOf(share).group, paired, rows) }),
    };
  };
}

interface Rows {
  readonly entities: readonly string[];
  /** [rows] */
  readonly weight: Float64Array;
}

function differenceOf(paired: Float64Array, rows: Rows): Difference {
  const { mean, standardError } = meanByCustomer(paired, rows);
  return { difference: mean, standardError };
}

/** The difference without each group; of a group that is everybody nothing is left, and nothing is better. */
const withoutEach = (
  count: number,
  group: readonly number[],
  paired: Float64Array,
  { entities, weight }: Rows,
): readonly Difference[] =>
  Array.from({ length: count }, (_, own) => {
    const others = Array.from(group.keys()).filter((row) => group[row] !== own);
    if (others.length === 0) return { difference: 0, standardError: 0 };
    return differenceOf(takeNumbers(paired, others), {
      entities: others.map((row) => entities[row]),
      weight: takeNumbers(weight, others),
    });
  });

/** Rows of the customers a hash lets in, all of each: the same ones whoever else is there. */
function someCustomers({ entities }: Sample, share: number, seed: number): readonly number[] {
  const salt = hash32(`search ${seed}`);
  const all = Array.from(entities.keys());
  const rows = share < 1 ? all.filter((row) => hash32(entities[row], salt) < share * 2 ** 32) : all;
  return rows.length > 0 ? rows : all;
}
