// What a log tells of itself: which kinds of things happened after a moment, how many, and for how much, within days that are over.
import { DAY_MS } from '../../core/time.ts';
import { linear } from '../../nn/layers/linear.ts';
import { binaryCrossEntropy } from '../../nn/losses/binary.ts';
import { huber } from '../../nn/losses/regression.ts';
import { weightedMean } from '../../nn/losses/weighted.ts';
import { defineModule, type Module } from '../../nn/module.ts';
import type { InputSpec, Objective, SymbolicBatch } from '../../nn/program/training-program.ts';
import { add, mul } from '../../tensor/ops/arithmetic.ts';
import { slice } from '../../tensor/ops/structure.ts';
import type { TokenPlan } from '../sequence/neural/events/tokens.ts';
import type { Trunk } from '../sequence/neural/network.ts';
import { type Places, pooledStates, stateSpecs } from './head.ts';
import { moneyOf } from './histories.ts';
import type { PastHistories } from './past-histories.ts';

/** From a day to a year: what is asked later lies between them. */
const HORIZONS_MS = [1, 7, 14, 30, 90, 180, 365].map((days) => days * DAY_MS);
export const LEAST_MS = HORIZONS_MS[0];
/** Rarer kinds are told together with all others alone. */
const MOST_KINDS = 12;
const SPENT_BY = 'purchase';
/** How much what comes after a moment weighs in pretraining beside what comes next. */
export const OUTLOOK_WEIGHT = 4;

/** How many answers there are to a moment. */
export interface OutlookShape {
  /** Whether: anything, and each kind, within each horizon. */
  readonly flags: number;
  /** How much: events, and money where there is any, within each horizon, as logarithms. */
  readonly numbers: number;
}

export interface OutlookAnswers {
  /** [moments, flags] and [moments, numbers]; where a horizon is not over yet the weight is 0. */
  readonly flags: Float32Array;
  readonly flagWeights: Float32Array;
  readonly numbers: Float32Array;
  readonly numberWeights: Float32Array;
}

export interface Outlook {
  readonly shape: OutlookShape;
  /** @param end first event after the moment among all events */
  readonly tell: (
    moment: { readonly row: number; readonly ageMs: number; readonly end: number },
    into: OutlookAnswers,
    at: number,
  ) => void;
}

export function outlookOf({ histories, agesMs }: PastHistories): Outlook {
  const { offsets, types, typeLevels = [], marks = [] } = histories;
  const kinds = typeLevels.length > 1 ? Math.min(MOST_KINDS, typeLevels.length) : 0;
  const spending = typeLevels.indexOf(SPENT_BY);
  const amounts = spending >= 0 ? marks.find(({ name }) => name === 'amount')?.codes : undefined;
  const moneyAt = (event: number): number =>
    amounts && amounts[event] > 0 && types?.[event] === spending ? moneyOf(amounts[event]) : 0;
  const unit = amounts ? usual(amounts.length, moneyAt) : 1;
  const perFlag = 1 + kinds;
  const perNumber = amounts ? 2 : 1;
  const shape = { flags: HORIZONS_MS.length * perFlag, numbers: HORIZONS_MS.length * perNumber };
  return {
    shape,
    tell({ row, ageMs, end }, into, at) {
      let event = end;
      let money = 0;
      const seen = new Uint8Array(perFlag);
      HORIZONS_MS.forEach((horizon, h) => {
        if (horizon > ageMs) return;
        for (; event < offsets[row + 1] && agesMs[event] >= ageMs - horizon; event++) {
          seen[0] = 1;
          if (types && types[event] < kinds) seen[1 + types[event]] = 1;
          money += moneyAt(event);
        }
        const flag = at * shape.flags + h * perFlag;
        into.flags.set(seen, flag);
        into.flagWeights.fill(1, flag, flag + perFlag);
        const number = at * shape.numbers + h * perNumber;
        into.numbers[number] = Math.log1p(event - end);
        if (amounts) into.numbers[number + 1] = Math.log1p(money / unit);
        into.numberWeights.fill(1, number, number + perNumber);
      });
    },
  };
}

/** Mean of what is above 0; 1 where nothing is. */
function usual(count: number, valueAt: (i: number) => number): number {
  let [sum, positive] = [0, 0];
  for (let i = 0; i < count; i++) {
    const value = valueAt(i);
    sum += value;
    if (value > 0) positive++;
  }
  return positive > 0 ? sum / positive : 1;
}

export const noAnswers = ({ flags, numbers }: OutlookShape, moments: number): OutlookAnswers => ({
  flags: new Float32Array(moments * flags),
  flagWeights: new Float32Array(moments * flags),
  numbers: new Float32Array(moments * numbers),
  numberWeights: new Float32Array(moments * numbers),
});

/** All a batch of moments holds. */
export function outlookSpecs(
  plan: TokenPlan,
  { flags, numbers }: OutlookShape,
  places: Places,
): Record<string, InputSpec> {
  const { batch } = places;
  return {
    ...stateSpecs(plan, places),
    flags: { dtype: 'float', axes: { batch, flags } },
    flagWeights: { dtype: 'float', axes: { batch, flags } },
    numbers: { dtype: 'float', axes: { batch, numbers } },
    numberWeights: { dtype: 'float', axes: { batch, numbers } },
  };
}

/** The same states that fine-tuning reads, asked by a linear map for all answers at once. */
export function outlook(
  trunk: Trunk,
  { flags, numbers }: OutlookShape,
  { places, weight }: { readonly places: Places; readonly weight: number },
): Module<SymbolicBatch, Objective> {
  return defineModule('outlook', (scope, inputs) => {
    const states = pooledStates(trunk, places).build(scope, inputs);
    const said = scope.apply('outlook', linear({ width: flags + numbers }), states);
    const whether = weightedMean(
      binaryCrossEntropy(slice(said, 1, 0, flags), inputs.flags),
      inputs.flagWeights,
    );
    const much = weightedMean(
      huber(slice(said, 1, flags, flags + numbers), inputs.numbers),
      inputs.numberWeights,
    );
    return {
      loss: mul(add(whether, much), weight),
      metrics: { whether_later: whether, how_much_later: much },
    };
  });
}
