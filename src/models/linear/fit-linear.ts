// From a sample to a linear predictor: encode, choose the penalty, fit, and keep the level right.
import type { FitRun, Sample } from '../estimator.ts';
import { clampToRate, logit } from '../link.ts';
import { unitWeights, weightedMean } from '../sample.ts';
import { choosePenalty } from './choose-penalty.ts';
import { type DesignMatrix, encodeFrame, fitDesign } from './design.ts';
import type { LinearParts } from './linear-model.ts';
import type { Loss } from './loss.ts';
import { columnMeans, columnSums } from './matrix-products.ts';
import { fitRegression, type Linear, matrixMargin, type Penalty, type Regression } from './newton.ts';

export interface LinearRecipe {
  readonly task: string;
  readonly loss: Loss;
  /** Share of the penalty that is L1: 0 is ridge. */
  readonly lassoShare: number;
  /** Amounts above this share of the positive ones are pulled in for the shape; the level is restored after. */
  readonly capShare: number;
}

/** Prior precisions of a standardised coefficient, strongest first: from "almost flat" to "almost free". */
const RIDGE_PATH = [3000, 800, 200, 50, 12, 3, 0.8];
const LASSO_STEPS = 12;
/** Weakest L1 penalty of the path as a share of the one that silences every coefficient. */
const LASSO_END = 3e-3;
/** Fewer unseen examples than this say too little; folds of the training customers then choose. */
const MIN_VALID = 100;

/** @throws AppError NOT_ENOUGH_DATA, INTERRUPTED */
export async function fitLinear(
  recipe: LinearRecipe,
  train: Sample,
  valid: Sample | undefined,
  run: FitRun,
): Promise<LinearParts> {
  const { loss, task } = recipe;
  const weight = unitWeights(train);
  const design = fitDesign(train.frame, weight, (message) => run.progress.note(message));
  const matrix = encodeFrame(design, train.frame);
  const { y, scale } = scaledTarget(recipe, train);
  const problem: Regression = { matrix, y, weight, loss };
  const start = constantFit(problem);
  let linear = start;
  if (y.some((value) => value !== y[0]) && matrix.width > 0) {
    const unseen = valid &&
      usable(valid, train) && {
        matrix: encodeFrame(design, valid.frame),
        y: valid.target.map((value) => shapeTarget(loss, value / scale)),
        weight: unitWeights(valid),
      };
    const path = penaltyPath(recipe.lassoShare, problem, start);
    const penalty = await choosePenalty(problem, {
      path,
      start,
      entities: train.entities,
      ...(unseen && { unseen }),
      seed: run.seed,
      signal: run.signal,
      onFit: (done, total) => run.progress.step({ task, done, total: total + 1, unit: 'fits' }),
    });
    linear = await fitRegression(problem, { penalty, start, signal: run.signal });
  }
  run.progress.step({ task, done: 1, total: 1, unit: 'fits' });
  const means = columnMeans(matrix, weight);
  return {
    question: train.question,
    link: loss.link,
    design,
    means,
    ...restoreLevel(linear, matrix, train, { loss, scale }),
  };
}

/** A later period speaks for the penalty when it has enough examples and, for a binary question, both outcomes. */
function usable(valid: Sample, train: Sample): boolean {
  if (valid.frame.rows < MIN_VALID) return false;
  if (train.question.kind === 'amount') return true;
  return valid.target.includes(0) && valid.target.includes(1);
}

/** Log-link losses know no negative amounts: a customer who only returned things spent nothing. */
const shapeTarget = (loss: Loss, value: number): number => (loss.link === 'log' ? Math.max(0, value) : value);

/** The target capped and scaled to order one. */
function scaledTarget({ loss, capShare }: LinearRecipe, train: Sample): { y: Float64Array; scale: number } {
  if (loss.link === 'logit') return { y: train.target, scale: 1 };
  const positive = train.target.filter((value) => value > 0).sort();
  const cap = positive.length > 0 ? positive[Math.ceil(capShare * (positive.length - 1))] : 0;
  const capped = train.target.map((value) =>
    shapeTarget(loss, positive.length > 0 ? Math.min(cap, value) : value),
  );
  const size = weightedMean(capped.map(Math.abs), unitWeights(train));
  const scale = size > 0 ? size : 1;
  return { y: capped.map((value) => value / scale), scale };
}

/** The best constant: where every path starts, and all there is to say about a target that does not vary. */
function constantFit({ matrix, y, weight, loss }: Regression): Linear {
  const mean = weightedMean(y, weight);
  const intercept =
    loss.link === 'logit'
      ? logit(clampToRate(mean, y.length))
      : loss.link === 'log'
        ? Math.log(Math.max(mean, 1e-9))
        : mean;
  return { coefficients: new Float64Array(matrix.width), intercept };
}

function penaltyPath(lassoShare: number, problem: Regression, start: Linear): Penalty[] {
  if (lassoShare === 0) return RIDGE_PATH.map((ridge) => ({ ridge, lasso: 0 }));
  const strongest = Math.max(1e-9, silencingPenalty(problem, start) / lassoShare);
  return Array.from({ length: LASSO_STEPS }, (_, k) => {
    const size = strongest * LASSO_END ** (k / (LASSO_STEPS - 1));
    return { ridge: size * (1 - lassoShare), lasso: size * lassoShare };
  });
}

/** The smallest L1 penalty that keeps every coefficient at zero: the largest gradient at the constant fit. */
function silencingPenalty({ matrix, y, weight, loss }: Regression, start: Linear): number {
  const pull = y.map((value, i) => weight[i] * loss.slope(value, start.intercept));
  return columnSums(matrix, pull).reduce((largest, sum) => Math.max(largest, Math.abs(sum)), 0);
}

/** Back to the target's own unit, with the training total met again after capping. */
function restoreLevel(
  { coefficients, intercept }: Linear,
  matrix: DesignMatrix,
  train: Sample,
  { loss, scale }: { loss: Loss; scale: number },
): Linear {
  if (loss.link === 'logit') return { coefficients, intercept };
  const weight = unitWeights(train);
  const mean = weightedMean(train.target, weight);
  const margin = matrixMargin(matrix, { coefficients, intercept });
  if (loss.link === 'identity') {
    const scaled = coefficients.map((value) => value * scale);
    return {
      coefficients: scaled,
      intercept: intercept * scale + mean - weightedMean(margin, weight) * scale,
    };
  }
  const reached = weightedMean(margin.map(Math.exp), weight) * scale;
  return { coefficients, intercept: intercept + Math.log(scale) + Math.log(Math.max(mean, 1e-9) / reached) };
}
