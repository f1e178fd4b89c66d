// The public API, every name by hand.

export { type CaseView, caseEntities, layOut, viewOf } from './core/case-view.ts';
// Words shared by everything.
export { AppError, type ErrorCode } from './core/errors.ts';
export {
  type Column,
  type Frame,
  findColumn,
  makeFrame,
  numberColumn,
  selectColumns,
  takeRows,
} from './core/frame.ts';
// Sequences of items: from text, from tables, from a workspace.
export type { ItemCatalogue } from './core/item-catalogue.ts';
export { type Name, name } from './core/name.ts';
export { type Progress, silent } from './core/progress.ts';
export { type Random, random } from './core/random.ts';
export type { ItemAttributes, NextItemCases, Sequences } from './core/sequences.ts';
export { parseMoment, parseSpan } from './core/time.ts';
// A shop's data: workspace, import, source, features, labels, examples, sequences, splits, erasure.
export { type Engine, openEngine } from './data/engine.ts';
export { type Erasure, eraseUser } from './data/erase/erase-user.ts';
export { EVENT_COLUMNS, EVENT_TYPES, type EventRow, type EventType } from './data/event.ts';
export { buildExamples, type ExampleSet } from './data/examples.ts';
export { defaultView } from './data/features/default-view.ts';
export type { FeatureDefinition, FeatureView } from './data/features/definition.ts';
export { featuresFromYaml } from './data/features/yaml/read-features.ts';
export { dryRun } from './data/import/dry-run.ts';
export { type ImportReport, importFiles } from './data/import/import-files.ts';
export { loadMapping, type Mapping } from './data/import/mapping.ts';
export { proposeMapping } from './data/import/propose.ts';
export { everyoneKnown, type LabelDefinition, type Population } from './data/labels.ts';
export { withLake } from './data/lake/open.ts';
export { measureQuality } from './data/quality.ts';
export { lakeAttributes, lakeSequences } from './data/sequences/lake-sequences.ts';
export { type CaseFile, readCases } from './data/sequences/read-cases.ts';
export { joinCatalogues, lakeCatalogue, readCatalogue } from './data/sequences/read-catalogue.ts';
export { readEventTable } from './data/sequences/read-event-table.ts';
export { readItems } from './data/sequences/read-items.ts';
export { readSequences, type SequenceFile } from './data/sequences/read-sequences.ts';
export type { EventSource } from './data/source.ts';
export { planSplits, rollingOrigins, type SplitPlan } from './data/splits.ts';
export { simulateShop } from './data/synthetic.ts';
// Any table.
export { inferColumns } from './data/table/infer-columns.ts';
export { openTable } from './data/table/open-table.ts';
export { readColumns } from './data/table/read-columns.ts';
export { type ReadTable, type ReadTableOptions, readTable } from './data/table/read-table.ts';
export { createWorkspace, openOrCreateWorkspace, openWorkspace, type Workspace } from './data/workspace.ts';
// Vectors of pictures, and where they are kept.
export { openVectorCache, type VectorCache, vectorKey } from './encoders/cache/vector-cache.ts';
// Text encoders: fetched, opened, learned from a shop's own texts, and what they make of texts.
export { openEncoder } from './encoders/folder/open-encoder.ts';
export { type LockedEncoder, lockedFolder, readLock } from './encoders/hub/encoder-lock.ts';
export type { Hub } from './encoders/hub/hub-request.ts';
export { type PulledEncoder, type PullOptions, pullEncoder } from './encoders/hub/pull-encoder.ts';
export {
  type EmbedImagesOptions,
  embedImages,
  embedImagesCached,
  type ImageVectors,
} from './encoders/image/embed-images.ts';
export type { DecodeImage } from './encoders/image/image-decoder.ts';
export { type ImageEncoder, openImageEncoder } from './encoders/image/image-encoder.ts';
export { type ImageSource, imageBytes, imageFile, imageFolder } from './encoders/image/image-source.ts';
export { openImageArchive } from './encoders/image/zip-images.ts';
export { openAnyEncoder, saveOwnEncoder } from './encoders/own/own-folder.ts';
export { OWN_DEFAULTS, type OwnSettings } from './encoders/own/own-settings.ts';
export {
  type PretrainedOwn,
  type PretrainOwnTask,
  pretrainOwn,
} from './encoders/own/pretrain-own.ts';
export {
  type EmbedderOptions,
  type EmbedRun,
  embedTexts,
  openEmbedder,
  type TextEmbedder,
} from './encoders/text/embed.ts';
export type { TextEncoder, TextPooling } from './encoders/text/text-encoder.ts';
export { openTokenizer } from './encoders/tokenizer/open-tokenizer.ts';
export type { Pieces, Tokenizer } from './encoders/tokenizer/tokenizer.ts';
export { type TrainTokenizerOptions, trainTokenizer } from './encoders/tokenizer/train-tokenizer.ts';
// Measuring, and making answers honest: calibrated probabilities, intervals that hold.
export { applyCalibrator, type Calibrator } from './eval/calibration/calibrator.ts';
export { type CalibrationChoice, chooseCalibrator } from './eval/calibration/choose-calibrator.ts';
export {
  fitVennAbers,
  type VennAbers,
  vennAbersInterval,
  vennAbersPair,
} from './eval/calibration/venn-abers.ts';
export { type BandedAmounts, chooseAmountInterval, type IntervalChoice } from './eval/choose-interval.ts';
export { comparePredictions } from './eval/compare-predictions.ts';
export { type AmountInterval, applyAmountInterval } from './eval/conformal.ts';
export { scoreAmount, scoreBinary, scoreClasses } from './eval/evaluate-predictions.ts';
export { checkLeakage } from './eval/leakage/check-leakage.ts';
export type { MetricName, Protocol, Score, Scores } from './eval/score.ts';
export { compareRanks } from './eval/sequences/compare-ranks.ts';
export { leaveOneOut } from './eval/sequences/leave-one-out.ts';
export { everyPrefix } from './eval/sequences/prefixes.ts';
export { rankTargets, type TargetRanks } from './eval/sequences/rank-targets.ts';
export { scoreRanks } from './eval/sequences/score-ranks.ts';
export { splitByTime } from './eval/sequences/split-by-time.ts';
// Why, and what would change the answer, for any model.
export type { ChangeLimits } from './explain/candidate-values.ts';
export type { Predictor } from './explain/contribution.ts';
export { type Counterfactual, type Goal, type WhatIf, whatWouldChange } from './explain/counterfactual.ts';
export {
  centredCurves,
  type JointDependence,
  jointDependence,
  type PartialDependence,
  partialDependence,
} from './explain/partial-dependence.ts';
export { tablePredictor } from './explain/table-predictor.ts';
export { type TextWord, wordsThatMattered } from './explain/text-words.ts';
// Models behind one contract.
export { bagged, encoded, ensemble, estimatorById, fitModel, loadModel } from './models/catalogue.ts';
export type { BagOptions } from './models/ensemble/bag.ts';
export type { EnsembleKind } from './models/ensemble/mixing.ts';
export type {
  Attribution,
  Band,
  Estimator,
  FitRun,
  Model,
  Question,
  Sample,
  SavedModel,
  SearchSpace,
  Settings,
} from './models/estimator.ts';
// Forests at rest: scored, explained, weighed, written as ONNX.
export { type AttributeOptions, attributeForest } from './models/forest/attribution/attribute-forest.ts';
export {
  attributeAgainst,
  attributePairs,
  type FrameAsked,
  type PairAttribution,
} from './models/forest/attribution/attribute-frame.ts';
export { interactionValues } from './models/forest/attribution/interactions.ts';
export {
  type InterventionalValues,
  interventionalShapley,
} from './models/forest/attribution/interventional.ts';
export { type Forest, type ForestInput, treeCount } from './models/forest/forest.ts';
export { forestImportance, type InputImportance } from './models/forest/importance.ts';
export { type ForestLink, forestToOnnx } from './models/forest/onnx.ts';
export { readInputs, UNKNOWN } from './models/forest/read-inputs.ts';
export { prepareForest, scoreForest } from './models/forest/score.ts';
export type { ForestScorer, ScoreOptions } from './models/forest/scorer.ts';
// Boosted trees with settings of one's own, or going on from an earlier model.
export { continueFrom, gbdtWith } from './models/gbdt/gbdt.ts';
export {
  defaultSettings,
  type GbdtSettings,
  LOSS_NAMES,
  type LossName,
  type RowSampling,
} from './models/gbdt/settings.ts';
export type { ToldSettings } from './models/gbdt/told-settings.ts';
// Classes told from frozen vectors.
export { vectorLogistic } from './models/heads/vector-logistic.ts';
export { modelToOnnx } from './models/model-onnx.ts';
// A catalogue searched and cleaned.
export { suggestCategories } from './models/retrieval/category-suggestions.ts';
export { type DuplicateGroup, findDuplicates } from './models/retrieval/duplicate-groups.ts';
export { type Neighbours, openVectorSearch, vectorTable } from './models/retrieval/vector-search.ts';
export { takeSample } from './models/sample.ts';
// Settings searched.
export {
  type SearchOptions,
  type SearchResult,
  type SearchTrial,
  searchSettings,
} from './models/search/search.ts';
export { searched } from './models/search/searched.ts';
export { withAddedItems } from './models/sequence/added-items.ts';
// What comes next.
export { loadNextItemModel, RECOMMENDERS, recommenderById } from './models/sequence/catalogue.ts';
export type { AddedItems, Compression, NextItemModel, Recommender } from './models/sequence/recommender.ts';
// A table's model made honest: what `loadTable` gives, asked about a frame.
export { answerTable, type TableAnswers, type TableModel } from './models/table-model.ts';
export { onEncoder } from './models/text/text-estimator.ts';
// The main job.
export { type Bundle, loadBundle } from './registry/bundle.ts';
export { promote, rollback } from './registry/promotion.ts';
export { loadSequence, type SequenceBundle } from './registry/sequence-bundle.ts';
export { loadTable, type TableBundle } from './registry/table-bundle.ts';
export { listVersions } from './registry/versions.ts';
export type { ReportDocument } from './report/document.ts';
export { renderReport } from './report/render.ts';
export { type Answer, type Answers, explainCustomer, predictTask } from './serve/ask.ts';
// Lists of what comes next.
export { catalogueAttributes } from './serve/next-item/catalogue-attributes.ts';
export { type Diversity, diversify, type Likeness } from './serve/next-item/diversify.ts';
export { likenessByAttributes, likenessByHistories } from './serve/next-item/item-likeness.ts';
export { type ItemLists, type ListOptions, listItems, MADE_BY } from './serve/next-item/list-items.ts';
export { codedBy, type OfferQuestion, offerItems } from './serve/next-item/offer-items.ts';
export { offerShop, type ShopLists } from './serve/next-item/offer-shop.ts';
export { type OfferRules, offeredItems } from './serve/next-item/offered-items.ts';
export { type PopularItems, popularItems } from './serve/next-item/popular-items.ts';
export { predictTable } from './serve/predict-table.ts';
export { TASKS, taskNamed } from './tasks/catalogue.ts';
export type { Task } from './tasks/task.ts';
// ONNX files; all of `foresell/tensor` has more.
export type { OnnxModel } from './tensor/onnx/model.ts';
export { writeModel } from './tensor/onnx/write.ts';
// Training, of a shop's questions and of any table.
export { type TrainingResult, type TrainOptions, trainTask } from './train/run.ts';
export { type EvaluatedSequence, evaluateSequence } from './train/sequence/evaluate-sequence.ts';
export { rankCases } from './train/sequence/rank-cases.ts';
export { runSequence, type SequenceRun } from './train/sequence/run-sequence.ts';
export { crossValidateTable, type OutOfFold } from './train/table/cross-validate.ts';
export { type FittedTable, fitTable } from './train/table/fit-table.ts';
export { cutFolds, type Folds, givenFolds } from './train/table/folds.ts';
export { runTable, type TableRun } from './train/table/run-table.ts';
export { tableRecipe } from './train/table/table-recipe.ts';
export { type TableRows, tableSample } from './train/table/table-sample.ts';
