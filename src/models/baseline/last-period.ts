// "They will do what they just did": the window of the horizon's length right before asOf, repeated.
import { throwIfAborted } from '../../core/errors.ts';
import { findColumn, numberColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import type { Estimator, Model } from '../estimator.ts';
import { clampToRate } from '../link.ts';
import { unitWeights, weightedMean } from '../sample.ts';
import { asJson, readState, type SavedState } from '../saved.ts';
import { fromPredictions, horizonDiscount } from './prediction.ts';

const ID = 'last-period';
const FORMAT = 1;

/** Orders in (asOf − horizon, asOf]. */
const PURCHASES = 'purchases_last_horizon';
/** Net money in (asOf − horizon, asOf], minor units. */
const REVENUE = 'revenue_last_horizon';

interface LastPeriodState extends SavedState {
  /** Training rate among customers without and with an order in the window; unused for amounts. */
  readonly rates: readonly [number, number];
}

/**
 * Amounts: the customer's own revenue of the last window, no less than zero, discounted as the question says. Binary: the training rate among those who
 * did, or did not, buy in it.
 */
export const lastPeriod: Estimator = {
  id: ID,
  label: name('Same as the last period', '与上一周期相同'),
  role: 'baseline',
  refuses(question, frame) {
    if (question.kind === 'classes')
      return 'it answers yes-or-no questions and amounts, the question has classes';
    if (question.kind === 'amount' && question.outcome !== 'revenue')
      return 'the last period is known for revenue only, the question asks for another amount';
    const column = question.kind === 'binary' ? PURCHASES : REVENUE;
    return findColumn(frame, column)?.kind === 'number' ? undefined : `needs the number column "${column}"`;
  },
  async fit(train, _valid, run) {
    throwIfAborted(run.signal);
    run.progress.step({ task: ID, done: 1, total: 1 });
    const { question } = train;
    if (question.kind === 'amount') return lastPeriodModel({ question, rates: [0, 0] });
    const bought = numberColumn(train.frame, PURCHASES).values;
    const weight = unitWeights(train);
    const overall = weightedMean(train.target, weight);
    const sums = [0, 0];
    const totals = [0, 0];
    for (let i = 0; i < bought.length; i++) {
      const side = bought[i] > 0 ? 1 : 0;
      sums[side] += weight[i] * train.target[i];
      totals[side] += weight[i];
    }
    const rate = (side: number) => clampToRate((sums[side] + overall) / (totals[side] + 1), bought.length);
    return lastPeriodModel({ question, rates: [rate(0), rate(1)] });
  },
  load: (saved) => lastPeriodModel(readState<LastPeriodState>(saved, ID, FORMAT, ['rates'])),
};

function lastPeriodModel(state: LastPeriodState): Model {
  const { question, rates } = state;
  const binary = question.kind === 'binary';
  const discount = horizonDiscount(question);
  return {
    ...fromPredictions(question, (frame) => {
      if (binary) return numberColumn(frame, PURCHASES).values.map((orders) => rates[orders > 0 ? 1 : 0]);
      return numberColumn(frame, REVENUE).values.map((money) => discount * Math.max(0, money || 0));
    }),
    estimator: ID,
    inputs: [binary ? PURCHASES : REVENUE],
    save: () => ({ estimator: ID, format: FORMAT, state: asJson(state) }),
  };
}
