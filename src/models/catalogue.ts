// Every estimator by its id, and the two ways in: fit one on a sample, or load a saved model.
import { AppError, invariant } from '../core/errors.ts';
import { bestColumn } from './baseline/best-column.ts';
import { itemRate, lastTouched, popularity, visitLength } from './baseline/by-column.ts';
import { constantRate } from './baseline/constant-rate.ts';
import { lastPeriod } from './baseline/last-period.ts';
import { ownRate } from './baseline/own-rate.ts';
import { recency } from './baseline/recency.ts';
import { behaviourTransformer, fineTuned } from './behaviour/behaviour.ts';
import { bgNbd, mbgNbd, paretoNbd } from './customer-base/estimators.ts';
import { type EncodedOptions, encodedOf } from './encoding/encoded.ts';
import { ENCODED, loadEncoded } from './encoding/encoded-model.ts';
import { type Bagged, type BagOptions, bagOf, insideOf } from './ensemble/bag.ts';
import { ensembleOf } from './ensemble/ensemble.ts';
import { loadEnsemble } from './ensemble/ensemble-model.ts';
import type { EnsembleKind } from './ensemble/mixing.ts';
import type { Estimator, FitRun, Model, Question, Sample, SavedModel } from './estimator.ts';
import { gbdt, gbdtFine, gbdtRandom } from './gbdt/gbdt.ts';
import { gbdtHurdle } from './gbdt/gbdt-hurdle.ts';
import { hurdle } from './linear/hurdle.ts';
import { elasticNet, linear, logisticRegression, tweedie } from './linear/linear.ts';
import { oneVsRest } from './one-vs-rest.ts';
import { checkSample, sortSample } from './sample.ts';
import { textGrams, textTopics } from './text/grams/grams.ts';
import { TEXT_METHODS } from './text/methods.ts';
import { selfTaught } from './text/self-training/self-taught.ts';
import { type TextFitParts, textEstimator } from './text/text-estimator.ts';
import { textRate } from './text/text-rate.ts';
import { verbalised } from './text/verbalised/verbalised.ts';
import { decisionTree } from './tree/tree.ts';

/** What kind of animal a model is, for leaderboards. */
export type Family = 'baseline' | 'linear' | 'tree' | 'customer-base' | 'sequence' | 'text' | 'ensemble';

export interface CatalogueEntry {
  readonly family: Family;
  readonly estimator: Estimator;
}

/** Estimators that stand on their own; those of probabilities answer several classes one against the rest. */
const SINGLE: readonly CatalogueEntry[] = [
  { family: 'baseline', estimator: constantRate },
  { family: 'baseline', estimator: bestColumn },
  { family: 'baseline', estimator: lastPeriod },
  { family: 'baseline', estimator: recency },
  { family: 'baseline', estimator: ownRate },
  { family: 'baseline', estimator: popularity },
  { family: 'baseline', estimator: lastTouched },
  { family: 'baseline', estimator: itemRate },
  { family: 'baseline', estimator: visitLength },
  { family: 'linear', estimator: linear },
  { family: 'linear', estimator: oneVsRest(logisticRegression) },
  { family: 'linear', estimator: oneVsRest(elasticNet) },
  { family: 'linear', estimator: tweedie },
  { family: 'linear', estimator: hurdle },
  { family: 'tree', estimator: oneVsRest(decisionTree) },
  { family: 'tree', estimator: gbdt },
  { family: 'tree', estimator: gbdtFine },
  { family: 'tree', estimator: gbdtRandom },
  { family: 'tree', estimator: gbdtHurdle },
  { family: 'customer-base', estimator: bgNbd },
  { family: 'customer-base', estimator: mbgNbd },
  { family: 'customer-base', estimator: paretoNbd },
  { family: 'sequence', estimator: behaviourTransformer },
];

/** Who joins when nobody says: unlike one another, and each fast. Those that refuse the question stay out. */
const DEFAULT_MEMBERS: readonly Estimator[] = [logisticRegression, tweedie, hurdle, decisionTree, mbgNbd];

/** An ensemble of the given estimators; its models are loaded by `loadModel` like any other. */
export const ensemble = (kind: EnsembleKind, members: readonly Estimator[]): Estimator =>
  ensembleOf(kind, members, loadModel);

/** The mean of several fits of one estimator, `NAME:bagged`. */
export const bagged = (estimator: Estimator, options: BagOptions = BAG): Bagged =>
  bagOf(estimator, options, loadModel);

/** The estimator behind encoders for text, dates and categories of many levels; see `encodedOf`. */
export const encoded = (estimator: Estimator, options: EncodedOptions = {}): Estimator =>
  encodedOf(estimator, options, loadModel);

/** Five fits cost five times one and take most of what there is to gain. */
export const BAG: BagOptions = { bags: 5, kind: 'folds' };

/** All estimators that fit with no settings, baselines first. */
export const CATALOGUE: readonly CatalogueEntry[] = [
  ...SINGLE,
  { family: 'ensemble', estimator: ensemble('mean', DEFAULT_MEMBERS) },
  { family: 'ensemble', estimator: ensemble('stack', DEFAULT_MEMBERS) },
  { family: 'ensemble', estimator: ensemble('greedy', DEFAULT_MEMBERS) },
];

/** What text encoders find here; words beside them are read out of every column as encoders do. */
const TEXT_PARTS: TextFitParts = {
  words: (kind) => encoded(kind === 'amount' ? linear : oneVsRest(logisticRegression)),
  loadInner: loadModel,
};

/** Text encoders by method, each to be handed its encoder, a history told in words, and the counts of texts they are held against. */
const TEXT: readonly Estimator[] = [
  ...TEXT_METHODS.map((method) => textEstimator(method, {}, TEXT_PARTS)),
  verbalised(TEXT_PARTS),
  selfTaught({}, TEXT_PARTS),
  textGrams,
  textTopics(),
  textRate,
];

/** These, and the other ways of fine-tuning, which keep the promises of the first: checked beside their own files. */
const KNOWN: readonly CatalogueEntry[] = [
  ...CATALOGUE,
  ...fineTuned.map((estimator): CatalogueEntry => ({ family: 'sequence', estimator })),
  ...TEXT.map((estimator): CatalogueEntry => ({ family: 'text', estimator })),
];

/** By its id, or `ID:bagged`. @throws AppError USAGE naming the ids there are */
export function estimatorById(id: string): Estimator {
  const inside = insideOf(id);
  if (inside !== undefined) return bagged(estimatorById(inside));
  const entry = KNOWN.find(({ estimator }) => estimator.id === id);
  if (entry) return entry.estimator;
  const known = KNOWN.map(({ estimator }) => estimator.id).join(', ');
  throw new AppError('USAGE', `expected one of the models ${known}, got "${id.slice(0, 40)}"`);
}

/** @throws AppError BAD_FILE for an estimator this version does not know, VERSION for another format */
export function loadModel(saved: SavedModel): Model {
  if (saved.estimator === ENCODED) return loadEncoded(saved, loadModel);
  if (insideOf(saved.estimator) !== undefined) return loadEnsemble(saved.estimator, saved, loadModel);
  const entry = KNOWN.find(({ estimator }) => estimator.id === saved.estimator);
  if (!entry) {
    throw new AppError(
      'BAD_FILE',
      `expected a model of this version, got one made by "${saved.estimator}"; train again`,
    );
  }
  return entry.estimator.load(saved);
}

/**
 * The one way to fit: checks both samples, asks the estimator whether it can, and sorts rows by entity and asOf first,
 * so that the order they came in never matters.
 *
 * @throws AppError BAD_DATA or SHAPE for samples that do not hold together, USAGE when the estimator refuses,
 *   NOT_ENOUGH_DATA, INTERRUPTED
 */
export async function fitModel(
  estimator: Estimator,
  train: Sample,
  valid: Sample | undefined,
  run: FitRun,
): Promise<Model> {
  checkSample(train);
  if (valid) checkSample(valid);
  const refusal = estimator.refuses(train.question, train.frame);
  if (refusal) throw new AppError('USAGE', `"${estimator.id}" cannot answer this: ${refusal}`);
  return estimator.fit(sortSample(train), valid && sortSample(valid), run);
}

/** Models of how customers behave over time: fitted once, they may be asked about any horizon. */
export const ANY_HORIZON: ReadonlySet<string> = new Set(['bg-nbd', 'mbg-nbd', 'pareto-nbd']);

/** The same model asked about another horizon; only for estimators in {@link ANY_HORIZON}. */
export function modelOverHorizon(model: Model, horizonDays: number): Model {
  invariant(ANY_HORIZON.has(model.estimator), `"${model.estimator}" answers over its own horizon only`);
  const saved = model.save();
  const state = saved.state as unknown as { readonly question: Question };
  const question = { ...state.question, horizonDays };
  return loadModel({ ...saved, state: { ...state, question } as unknown as SavedModel['state'] });
}
