// What would change a saved model's answer about one customer, and the same in words.
import { takeRows } from '../core/frame.ts';
import type { Name } from '../core/name.ts';
import { calibratedPredictor } from '../explain/calibrated-predictor.ts';
import type { ChangeLimits } from '../explain/candidate-values.ts';
import { type Goal, type WhatIf, whatWouldChange } from '../explain/counterfactual.ts';
import type { Shown } from '../explain/effect-words.ts';
import { shownValue } from '../explain/margin.ts';
import { counterfactualWords, whatIfHeading } from '../explain/what-if-words.ts';
import type { LoadedBundle } from '../registry/bundle.ts';
import type { Predictions } from './batch.ts';

export interface WhatIfAsked {
  /** Row of the predictions. */
  readonly row: number;
  /** Across the middle answer of the background when absent, from wherever the customer is. */
  readonly goal?: Goal;
  readonly limits?: ChangeLimits;
  readonly mostChanges?: number;
  readonly signal?: AbortSignal;
}

export interface ToldWhatIf {
  readonly found: WhatIf;
  readonly heading: Name;
  /** One an answer. */
  readonly words: readonly Name[];
}

/** Changes are to values that customers of the bundle's background have. @throws AppError as `whatWouldChange` */
export async function whatIfPredictions(
  bundle: LoadedBundle,
  predictions: Predictions,
  { row, goal, ...asked }: WhatIfAsked,
): Promise<ToldWhatIf> {
  const { background, calibrated, task } = bundle;
  const predictor = calibratedPredictor(calibrated, predictions.asOf);
  const shown: Shown = {
    unit: task.kind === 'binary' ? 'probability' : 'money',
    currency: background.frame.currency,
    outcome: task.outcome,
  };
  const customer = takeRows(predictions.frame, [row]);
  const found = await whatWouldChange(predictor, customer, {
    ...asked,
    goal: goal ?? (await acrossTheMiddle(bundle, predictions, row)),
    background: background.frame,
  });
  return {
    found,
    heading: whatIfHeading(found, shown),
    words: found.answers.map((answer) => counterfactualWords(answer, shown)),
  };
}

/** The median prediction of the background, to be met from the other side. */
async function acrossTheMiddle(
  { background, calibrated }: LoadedBundle,
  { asOf, forecast: { value } }: Predictions,
  row: number,
): Promise<Goal> {
  const predictor = calibratedPredictor(calibrated, asOf);
  const margins = (await predictor.margin(background.frame)).sort();
  const middle = margins[Math.floor(margins.length / 2)];
  const typical = shownValue(predictor.link, middle);
  return value[row] < typical ? { over: typical } : { under: typical };
}
