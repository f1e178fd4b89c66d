// Any estimator on any table: text, dates and categories of many levels become numbers inside its fit.
import type { Estimator, Model, SavedModel } from '../estimator.ts';
import { ENCODED, encodedModel, loadEncoded } from './encoded-model.ts';
import { applyEncoders, fitEncoders, sketchEncoding } from './encoders.ts';
import { type EncodingMemory, encodingMemory } from './memory.ts';
import { type EncodingOptions, isEmptyPlan, planEncoding } from './plan.ts';

export interface EncodedOptions extends EncodingOptions {
  readonly memory?: EncodingMemory;
}

/**
 * The same estimator, id and all, behind encoders that are learned inside `fit` from the training rows alone: any
 * cross-validation around it is free of leakage, and the training rows themselves are encoded across folds of customers.
 * Where a table has nothing to encode, it is the estimator itself.
 *
 * @param options the memory may be shared with other estimators of the same tables; each has its own otherwise
 * @param loadInner how a saved model comes back (`loadModel`)
 */
export function encodedOf(
  estimator: Estimator,
  options: EncodedOptions,
  loadInner: (saved: SavedModel) => Model,
): Estimator {
  const memory = options.memory ?? encodingMemory();
  return {
    id: estimator.id,
    label: estimator.label,
    role: estimator.role,
    refuses: (question, frame) =>
      estimator.refuses(question, sketchEncoding(planEncoding(frame, options), frame)),
    async fit(train, valid, run) {
      const plan = planEncoding(train.frame, options);
      if (isEmptyPlan(plan)) return estimator.fit(train, valid, run);
      const { encoders, frame } = await fitEncoders(plan, train, run, memory);
      const unseen = valid && { ...valid, frame: await applyEncoders(encoders, valid.frame) };
      return encodedModel({ inner: await estimator.fit({ ...train, frame }, unseen, run), encoders });
    },
    load: (saved) => (saved.estimator === ENCODED ? loadEncoded(saved, loadInner) : loadInner(saved)),
    ...(estimator.space && { space: estimator.space }),
    ...(estimator.settings && { settings: (rows) => estimator.settings!(rows) }),
    ...(estimator.withSettings && {
      withSettings: (settings) =>
        encodedOf(estimator.withSettings!(settings), { ...options, memory }, loadInner),
    }),
  };
}
