// The plainest answer: everyone gets the training rate, or the training mean.
import { throwIfAborted } from '../../core/errors.ts';
import { name } from '../../core/name.ts';
import type { Estimator, Model, Question, SavedModel } from '../estimator.ts';
import { clampToRate } from '../link.ts';
import { unitWeights, weightedMean } from '../sample.ts';
import { asJson, readState, type SavedState } from '../saved.ts';
import { fromPredictions } from './prediction.ts';

const ID = 'rate';
const FORMAT = 1;

interface RateState extends SavedState {
  readonly value: number;
}

/** The constant training rate (binary) or mean (amount): what a model must beat to know anything at all. */
export const constantRate: Estimator = {
  id: ID,
  label: name('Average of everyone', '全体平均'),
  role: 'baseline',
  refuses: () => undefined,
  async fit(train, _valid, run) {
    throwIfAborted(run.signal);
    const mean = weightedMean(train.target, unitWeights(train));
    const value = train.question.kind === 'binary' ? clampToRate(mean, train.frame.rows) : mean;
    run.progress.step({ task: ID, done: 1, total: 1 });
    return rateModel({ question: train.question, value });
  },
  load: (saved: SavedModel) => rateModel(readState<RateState>(saved, ID, FORMAT, ['value'])),
};

function rateModel(state: RateState): Model {
  const question: Question = state.question;
  return {
    ...fromPredictions(question, (frame) => new Float64Array(frame.rows).fill(state.value)),
    estimator: ID,
    inputs: [],
    save: () => ({ estimator: ID, format: FORMAT, state: asJson(state) }),
  };
}
