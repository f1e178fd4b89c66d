// A recommender that remembers what it was last fitted on: one asked for alone and inside a mixture is fitted once.
import type { ItemAttributes, NextItemCases, Sequences } from '../../core/sequences.ts';
import type { FitRun } from '../estimator.ts';
import type { NextItemModel, Recommender } from './recommender.ts';

/** What a fit depends on, and what came of it. */
interface Fitted {
  readonly train: Sequences;
  readonly valid: NextItemCases | undefined;
  readonly attributes: ItemAttributes | undefined;
  readonly seed: number;
  readonly model: NextItemModel;
}

/** The last fit of a recommender, whatever limit of time it was told. */
interface Memory {
  fitted?: Fitted;
}

/**
 * The same recommender; a fit on the same data with the same seed is handed out again, whatever time it may take by then.
 * Those who hold such a model share it: closed by one it opens anew for the next.
 */
export const remembered = (recommender: Recommender): Recommender => remembering(recommender, {}, undefined);

function remembering(
  recommender: Recommender,
  memory: Memory,
  attributes: ItemAttributes | undefined,
): Recommender {
  const { knowing, within, withSettings } = recommender;
  return {
    ...recommender,
    ...(knowing && { knowing: (told: ItemAttributes) => remembering(knowing(told), memory, told) }),
    ...(within && { within: (seconds: number) => remembering(within(seconds), memory, attributes) }),
    ...(withSettings && { withSettings: (told) => remembering(withSettings(told), {}, attributes) }),
    async fit(train, valid, run) {
      const last = memory.fitted;
      const isKnown =
        last?.train === train &&
        last.valid === valid &&
        last.attributes === attributes &&
        last.seed === run.seed;
      if (last && isKnown) return last.model;
      const model = rememberingAgain(await recommender.fit(train, valid, run));
      memory.fitted = { train, valid, attributes, seed: run.seed, model };
      return model;
    },
  };
}

function rememberingAgain(model: NextItemModel): NextItemModel {
  const { again } = model;
  if (!again) return model;
  let last: { readonly known: Sequences; readonly seed: number; readonly model: NextItemModel } | undefined;
  return {
    ...model,
    async again(known: Sequences, run: FitRun) {
      if (last?.known !== known || last.seed !== run.seed)
        last = { known, seed: run.seed, model: await again(known, run) };
      return last.model;
    },
  };
}
