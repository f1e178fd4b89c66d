// Two things learned one after the other: models from sequences, then something about the models from cases they have not seen.
import type { NextItemCases, Sequences } from '../../core/sequences.ts';
import { holdOutNewest, someCases } from './held-out-cases.ts';

/** Each case costs a scoring of the whole catalogue, and the few weights learned here need no more. */
const MOST_CASES = 4000;
/** Held out where no cases are given. */
const HELD_OUT_SHARE = 0.05;

export interface TwoStages<Fitted, Learned> {
  readonly refuses: (train: Sequences) => string | undefined;
  readonly fit: (train: Sequences, valid: NextItemCases | undefined) => Promise<Fitted>;
  /** @param train what `fitted` was fitted on */
  readonly learn: (fitted: Fitted, cases: NextItemCases, train: Sequences) => Promise<Learned>;
  readonly close: (fitted: Fitted) => Promise<void>;
}

/**
 * With cases given, one fit. Without any, the newest sequences are held out: models are fitted on the rest to learn from,
 * and once more on everything to keep, since the newest say most. Too few sequences to hold any out: nothing is learned
 * from cases, `learn` gets none.
 */
export async function fitWithCases<Fitted, Learned>(
  train: Sequences,
  valid: NextItemCases | undefined,
  stages: TwoStages<Fitted, Learned>,
): Promise<readonly [Fitted, Learned]> {
  if (valid) {
    const fitted = await stages.fit(train, valid);
    return [fitted, await stages.learn(fitted, someCases(valid, MOST_CASES), train)];
  }
  const { learn: older, cases } = holdOutNewest(train, HELD_OUT_SHARE, MOST_CASES);
  if (stages.refuses(older) !== undefined || cases.targets.length === 0) {
    const fitted = await stages.fit(train, undefined);
    return [fitted, await stages.learn(fitted, holdOutNewest(train, 0, 0).cases, train)];
  }
  const trial = await stages.fit(older, undefined);
  const learned = await stages.learn(trial, cases, older);
  await stages.close(trial);
  return [await stages.fit(train, undefined), learned];
}
