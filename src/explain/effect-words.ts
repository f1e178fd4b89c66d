// What a reason does to the prediction, in the unit the prediction is shown in.
import type { Unit } from '../core/frame.ts';
import { type Name, name } from '../core/name.ts';
import type { Outcome } from '../models/estimator.ts';
import { amountWords, plainNumber } from './value-words.ts';

/** How predictions are shown. Probabilities are told in points of a hundred, amounts in their unit. */
export interface Shown {
  readonly unit: 'probability' | Unit;
  /** Of money in minor units. */
  readonly currency: string;
  readonly outcome: Outcome;
  /** What the number is called; by outcome when absent. */
  readonly noun?: Name;
}

const CHANCE: Readonly<Record<Outcome, Name>> = {
  buys: name('the chance', '购买概率'),
  leaves: name('the risk of leaving', '流失风险'),
  revenue: name('the probability', '概率'),
  other: name('the probability', '概率'),
};

/** Of one class among several, as a noun of effects. */
export const chanceOf = (own: string): Name => name(`the probability of ${own}`, `${own} 的概率`);

const AMOUNT: Name = name('the forecast', '预计值');
const MONEY: Name = name('the forecast', '预计金额');

/** Whether more of the outcome is good for the shop: it is not where the outcome is losing a customer. */
export const isGood = (effect: number, { outcome }: Shown): boolean =>
  outcome === 'leaves' ? effect < 0 : effect > 0;

/** `raises the chance by 8 points` / `购买概率 +8 个百分点`. */
export function effectWords(effect: number, shown: Shown): Name {
  const raises = effect > 0;
  const sign = raises ? '+' : '\u2212';
  const size = Math.abs(effect);
  if (shown.unit === 'probability') {
    const noun = shown.noun ?? CHANCE[shown.outcome];
    const verb = raises ? 'raises' : 'lowers';
    const points = plainNumber(size * 100, size < 0.0995 ? 1 : 0);
    if (points === '0')
      return name(
        `${verb} ${noun.en} by less than 0.1 points`,
        `${noun.zh}${raises ? '升' : '降'}不足 0.1 个百分点`,
      );
    const unit = points === '1' ? 'point' : 'points';
    return name(`${verb} ${noun.en} by ${points} ${unit}`, `${noun.zh} ${sign}${points} 个百分点`);
  }
  const noun = shown.noun ?? (shown.unit === 'money' ? MONEY : AMOUNT);
  const amount = amountWords(size, shown.unit, shown.currency);
  return raises
    ? name(`adds ${amount.en} to ${noun.en}`, `${noun.zh} ${sign}${amount.zh}`)
    : name(`takes ${amount.en} off ${noun.en}`, `${noun.zh} ${sign}${amount.zh}`);
}

/** A prediction in its unit: `32%`, `1,204.50 GBP`. */
export const predictionWords = (value: number, { unit, currency }: Shown): Name =>
  amountWords(value, unit === 'probability' ? 'share' : unit, currency);
