// The plainest answer: everyone gets the training rate, the training mean, or the shares of the classes.
import { throwIfAborted } from '../../core/errors.ts';
import { name } from '../../core/name.ts';
import type { Estimator, Model, Sample, SavedModel } from '../estimator.ts';
import { clampToRate } from '../link.ts';
import { unitWeights, weightedMean } from '../sample.ts';
import { asJson, readState, type SavedState } from '../saved.ts';
import { fromPredictions } from './prediction.ts';

const ID = 'rate';
const FORMAT = 1;

interface RateState extends SavedState {
  readonly value: number;
  /** Of each class, for the kind `classes` alone; `value` is then the largest. */
  readonly shares?: readonly number[];
}

/**
 * The constant training rate (binary), mean (amount) or class shares: what a model must beat to know anything at all.
 */
export const constantRate: Estimator = {
  id: ID,
  label: name('Average of everyone', '全体平均'),
  role: 'baseline',
  refuses: () => undefined,
  async fit(train, _valid, run) {
    throwIfAborted(run.signal);
    if (train.question.kind === 'classes') {
      const shares = classShares(train);
      run.progress.step({ task: ID, done: 1, total: 1 });
      return rateModel({ question: train.question, value: Math.max(...shares), shares });
    }
    const mean = weightedMean(train.target, unitWeights(train));
    const value = train.question.kind === 'binary' ? clampToRate(mean, train.frame.rows) : mean;
    run.progress.step({ task: ID, done: 1, total: 1 });
    return rateModel({ question: train.question, value });
  },
  load: (saved: SavedModel) => rateModel(readState<RateState>(saved, ID, FORMAT, ['value'])),
};

/** Shares never claimed nearer to 0 than half an example allows, Σ = 1. */
function classShares(train: Sample): number[] {
  const { rows } = train.frame;
  const weight = unitWeights(train);
  const shares = Array.from({ length: train.question.classes ?? 2 }, (_, own) =>
    clampToRate(
      weightedMean(
        train.target.map((y) => Number(y === own)),
        weight,
      ),
      rows,
    ),
  );
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / total);
}

function rateModel(state: RateState): Model {
  const { question, value, shares = [value] } = state;
  const width = shares.length;
  return {
    ...fromPredictions(question, (frame) =>
      Float64Array.from({ length: frame.rows * width }, (_, i) => shares[i % width]),
    ),
    estimator: ID,
    inputs: [],
    save: () => ({ estimator: ID, format: FORMAT, state: asJson(state) }),
  };
}
