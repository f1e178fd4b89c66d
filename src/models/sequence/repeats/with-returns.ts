// Any recommender, mended by what held-out cases show of people coming back to what they had.
import { AppError, throwIfAborted } from '../../../core/errors.ts';
import { name } from '../../../core/name.ts';
import type { Json, SavedModel, Settings } from '../../estimator.ts';
import { asJson } from '../../saved.ts';
import { fitWithCases } from '../fit-with-cases.ts';
import { learnAgain, type NextItemModel, type Recommender } from '../recommender.ts';
import { checkTrain } from '../refusal.ts';
import { readSavedState, readValues } from '../saved-recommender.ts';
import { learnReturns } from './learn-returns.ts';
import { CHOICE_FEATURES, RETURN_FEATURES, returnLogits } from './own-items.ts';
import { mendScores, type Returns } from './returns.ts';

const FORMAT = 1;
const SUFFIX = ':repeats';
const BASE_ARRAYS = 'base.';

interface ReturnsState {
  readonly returns: Returns;
  readonly base: { readonly estimator: string; readonly format: number; readonly state: Json };
}

/** The id inside `ID:repeats`, or `undefined`. */
export const baseIdOf = (id: string): string | undefined =>
  id.endsWith(SUFFIX) ? id.slice(0, -SUFFIX.length) : undefined;

/**
 * Scores are log probabilities: P(own) · softmax over own items, and (1 − P(own)) · softmax(base / temperature) over the
 * others. P(own) and the choice among own items are two small logistic models of the base's own opinion, the length of
 * the history, recency, counts, and how readily people come back to each item. Weights are held to those that leave the base
 * as it is: without cases nothing is mended.
 *
 * @param load of any saved model, the base's among them
 * @see Anderson et al. 2014, "The dynamics of repeat consumption"; Ren et al. 2019, "RepeatNet", arXiv:1812.02646, for the split
 */
export function withReturns(base: Recommender, load: (saved: SavedModel) => NextItemModel): Recommender {
  const id = `${base.id}${SUFFIX}`;
  const over = (changed: Recommender): Recommender => withReturns(changed, load);
  const recommender: Recommender = {
    id,
    label: name(`${base.label.en}, repeats learned`, `${base.label.zh}（含重复行为）`),
    role: base.role,
    ...(base.space && { space: base.space }),
    ...(base.withSettings && { withSettings: (told: Settings) => over(base.withSettings!(told)) }),
    ...(base.knowing && { knowing: (attributes) => over(base.knowing!(attributes)) }),
    ...(base.within && { within: (seconds) => over(base.within!(seconds)) }),
    refuses: base.refuses,
    async fit(train, valid, run) {
      throwIfAborted(run.signal);
      checkTrain(recommender, train);
      const logits = returnLogits(train);
      const [model, returns] = await fitWithCases(train, valid, {
        refuses: base.refuses,
        fit: (sequences, cases) => base.fit(sequences, cases, run),
        learn: (fitted, cases, from) =>
          learnReturns(fitted, cases, from === train ? logits : returnLogits(from), run),
        close: async (fitted) => fitted.close?.(),
      });
      return {
        ...modelWithReturns(id, model, returns, logits),
        again: async (known, over) =>
          modelWithReturns(id, await learnAgain(base, model, known, over), returns, returnLogits(known)),
      };
    },
    load: (saved) => loadWithReturns(id, saved, load),
  };
  return recommender;
}

function modelWithReturns(
  id: string,
  base: NextItemModel,
  returns: Returns,
  logits: Float32Array,
): NextItemModel {
  return {
    recommender: id,
    itemIds: base.itemIds,
    isLogarithm: true,
    score: async (before) => mendScores(await base.score(before), before, returns, logits),
    save() {
      const { estimator, format, state, arrays = {} } = base.save();
      const own = Object.entries(arrays).map(([key, array]) => [`${BASE_ARRAYS}${key}`, array] as const);
      return {
        estimator: id,
        format: FORMAT,
        state: asJson({ returns, base: { estimator, format, state } }),
        arrays: { ...Object.fromEntries(own), returnLogits: logits },
      };
    },
    ...(base.compressed && {
      compressed: (how) => modelWithReturns(id, base.compressed!(how), returns, logits),
    }),
    ...(base.withItems && {
      withItems: (added) => {
        const longer = new Float32Array(logits.length + added.itemIds.length);
        longer.set(logits);
        return modelWithReturns(id, base.withItems!(added), returns, longer);
      },
    }),
    ...(base.close && { close: base.close }),
  };
}

/** @throws AppError BAD_FILE, VERSION */
function loadWithReturns(
  id: string,
  saved: SavedModel,
  load: (saved: SavedModel) => NextItemModel,
): NextItemModel {
  const { returns, base } = readSavedState<ReturnsState>(saved, id, FORMAT, ['returns', 'base']);
  const arrays = Object.entries(saved.arrays ?? {})
    .filter(([key]) => key.startsWith(BASE_ARRAYS))
    .map(([key, array]) => [key.slice(BASE_ARRAYS.length), array] as const);
  const model = load({ ...base, arrays: Object.fromEntries(arrays) });
  const logits = readValues(saved, 'returnLogits', 'float32', model.itemIds.length);
  const { returnWeights, choiceWeights } = returns;
  if (returnWeights?.length !== RETURN_FEATURES || choiceWeights?.length !== CHOICE_FEATURES)
    throw new AppError('BAD_FILE', `a saved "${id}" model has other weights than it needs; fit it again`);
  return modelWithReturns(id, model, returns, logits);
}
