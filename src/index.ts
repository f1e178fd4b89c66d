// The public API, every name by hand.

// Words shared by everything.
export { AppError, type ErrorCode } from './core/errors.ts';
export type { Column, Frame } from './core/frame.ts';
export type { Name } from './core/name.ts';
export { type Progress, silent } from './core/progress.ts';
export { type Random, random } from './core/random.ts';
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
export type { EventSource } from './data/source.ts';
export { planSplits, rollingOrigins, type SplitPlan } from './data/splits.ts';
export { simulateShop } from './data/synthetic.ts';
// Any table.
export { inferColumns } from './data/table/infer-columns.ts';
export { openTable } from './data/table/open-table.ts';
export { readColumns } from './data/table/read-columns.ts';
export { createWorkspace, openOrCreateWorkspace, openWorkspace, type Workspace } from './data/workspace.ts';
// Measuring.
export { comparePredictions } from './eval/compare-predictions.ts';
export { scoreAmount, scoreBinary } from './eval/evaluate-predictions.ts';
export { checkLeakage } from './eval/leakage/check-leakage.ts';
export type { MetricName, Protocol, Score, Scores } from './eval/score.ts';
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
// Models behind one contract.
export { estimatorById, fitModel, loadModel } from './models/catalogue.ts';
export type { Estimator, Model, Question, Sample, SavedModel } from './models/estimator.ts';
// The main job.
export { type Bundle, loadBundle } from './registry/bundle.ts';
export { promote, rollback } from './registry/promotion.ts';
export { loadTable, type TableBundle } from './registry/table-bundle.ts';
export { listVersions } from './registry/versions.ts';
export type { ReportDocument } from './report/document.ts';
export { renderReport } from './report/render.ts';
export { type Answer, type Answers, explainCustomer, predictTask } from './serve/ask.ts';
export { predictTable } from './serve/predict-table.ts';
export { TASKS, taskNamed } from './tasks/catalogue.ts';
export type { Task } from './tasks/task.ts';
export { type TrainingResult, type TrainOptions, trainTask } from './train/run.ts';
export { crossValidateTable, type OutOfFold } from './train/table/cross-validate.ts';
export { type FittedTable, fitTable } from './train/table/fit-table.ts';
export { cutFolds, type Folds, givenFolds } from './train/table/folds.ts';
export { runTable, type TableRun } from './train/table/run-table.ts';
export { tableRecipe } from './train/table/table-recipe.ts';
export { type TableRows, tableSample } from './train/table/table-sample.ts';
