// "They keep their own pace": the customer's purchases or revenue per day so far, times the horizon.
import { throwIfAborted } from '../../core/errors.ts';
import { type Frame, findColumn, numberColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import type { Estimator, Model, Question } from '../estimator.ts';
import { asJson, readState, type SavedState } from '../saved.ts';
import { fromPredictions, horizonDiscount } from './prediction.ts';

const ID = 'own-rate';
const FORMAT = 1;

/** Repeat purchase days, days since the first purchase, mean value of repeat purchase days, value of the first. */
const COLUMNS = ['frequency', 'T', 'monetary', 'first_value'] as const;

/**
 * A customer's own pace, unlearned: revenue so far / max(T, horizon) × horizon, or 1 − exp(−purchases / max(T, horizon)
 * × horizon). T counts no less than the horizon, or yesterday's first order would be repeated every day; amounts are discounted as
 * the question says.
 */
export const ownRate: Estimator = {
  id: ID,
  label: name('Own pace continued', '按自身购买节奏'),
  role: 'baseline',
  refuses(question, frame) {
    if (question.kind === 'classes')
      return 'it answers yes-or-no questions and amounts, the question has classes';
    if (question.outcome === 'other') return 'a pace of buying answers questions about buying only';
    const missing = COLUMNS.find((column) => findColumn(frame, column)?.kind !== 'number');
    return missing && `needs the number column "${missing}"`;
  },
  async fit(train, _valid, run) {
    throwIfAborted(run.signal);
    run.progress.step({ task: ID, done: 1, total: 1 });
    return ownRateModel({ question: train.question });
  },
  load: (saved) => ownRateModel(readState<SavedState>(saved, ID, FORMAT, [])),
};

function ownRateModel(state: SavedState): Model {
  return {
    ...fromPredictions(state.question, (frame) => predictOwnRate(frame, state.question)),
    estimator: ID,
    inputs: [...COLUMNS],
    save: () => ({ estimator: ID, format: FORMAT, state: asJson({ question: state.question }) }),
  };
}

function predictOwnRate(frame: Frame, question: Question): Float64Array {
  const [frequency, T, monetary, firstValue] = COLUMNS.map((column) => numberColumn(frame, column).values);
  const discount = horizonDiscount(question);
  return frequency.map((repeats, i) => {
    const horizons = question.horizonDays / Math.max(T[i], question.horizonDays);
    if (question.outcome === 'revenue') {
      const revenue = (firstValue[i] || 0) + (repeats > 0 ? repeats * (monetary[i] || 0) : 0);
      return Number.isNaN(T[i]) ? 0 : Math.max(0, revenue * horizons * discount);
    }
    const purchases = Number.isNaN(T[i]) || Number.isNaN(repeats) ? 0 : (repeats + 1) * horizons;
    const stays = Math.exp(-purchases);
    return question.outcome === 'leaves' ? stays : 1 - stays;
  });
}
