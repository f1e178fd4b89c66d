// What happens between steps: an evaluation observed, a line recorded, the run saved, its weights copied out.

import { AppError } from '../../core/errors.ts';
import { observePlateau } from '../plateau.ts';
import type { MetricsRecord } from '../record/metrics-log.ts';
import type { TrainingStep } from '../step/training-step.ts';
import { observeScore } from './early-stopping.ts';
import { meanScores } from './evaluate.ts';
import type { EvaluationEvent, StepEvent } from './events.ts';
import { type LoopState, savedLoop } from './loop-state.ts';
import type { RunFiles } from './run-folder.ts';
import type { TrainOptions } from './train-options.ts';

export function isEvaluationDue(options: TrainOptions, step: number, isLast: boolean): boolean {
  const { validation, evaluate, evaluateEvery } = options;
  if (validation === undefined && evaluate === undefined) return false;
  return evaluateEvery === undefined ? isLast : step % evaluateEvery === 0;
}

/** Evaluates, with the averaged weights where there are any, and moves early stopping and plateau on. */
export async function evaluated(
  run: TrainingStep,
  state: LoopState,
  options: TrainOptions,
): Promise<{ readonly state: LoopState; readonly evaluation: EvaluationEvent }> {
  const { validation, evaluations = [], earlyStopping, schedule } = options;
  const evaluate = options.evaluate ?? meanScores(validation as NonNullable<typeof validation>, evaluations);
  const scores = await withAverages(run, options, () => evaluate(run.evaluate));
  const stopping =
    earlyStopping === undefined
      ? state.stopping
      : observeScore(
          state.stopping,
          scoreOf(scores, earlyStopping.metric ?? 'loss'),
          run.steps,
          earlyStopping,
        );
  const plateau =
    schedule.kind === 'plateau' && state.plateau !== undefined
      ? { plateau: observePlateau(state.plateau, scoreOf(scores, 'loss'), schedule) }
      : {};
  const isBest = earlyStopping !== undefined && stopping.bestStep === run.steps;
  return {
    state: { ...state, stopping, ...plateau },
    evaluation: { kind: 'evaluation', step: run.steps, epoch: state.epoch, scores, isBest },
  };
}

function scoreOf(scores: Readonly<Record<string, number>>, metric: string): number {
  const score = scores[metric];
  if (score === undefined)
    throw new AppError(
      'USAGE',
      `expected a score "${metric}" from the evaluation, got ${Object.keys(scores).join(', ')}`,
    );
  return score;
}

/** Runs with the averaged weights in place of the weights, where averages are kept. */
async function withAverages<T>(
  run: TrainingStep,
  { averageDecay }: TrainOptions,
  work: () => T | Promise<T>,
): Promise<T> {
  if (averageDecay === undefined) return work();
  run.swapAverages();
  try {
    return await work();
  } finally {
    run.swapAverages();
  }
}

/** A copy of the weights that answer best: averaged ones where they are kept. */
export function copyValues(
  run: TrainingStep,
  options: TrainOptions,
): Promise<Readonly<Record<string, Float32Array>>> {
  return withAverages(run, options, () =>
    Object.fromEntries(Object.entries(run.values()).map(([name, value]) => [name, value.slice()])),
  );
}

/**
 * Saves all of the run; the path, or undefined where nothing is kept.
 *
 * @throws AppError DIVERGED when a weight is not finite: the run could never go on from there
 */
export function save(run: TrainingStep, state: LoopState, files: RunFiles | undefined): string | undefined {
  if (files !== undefined) requireFinite(run);
  const { bestStep } = state.stopping;
  return files?.save({
    arrays: run.state(),
    loop: savedLoop(state),
    step: run.steps,
    ...(bestStep === undefined ? {} : { bestStep }),
  });
}

function requireFinite(run: TrainingStep): void {
  for (const [name, values] of Object.entries(run.values()))
    for (let i = 0; i < values.length; i++)
      if (!Number.isFinite(values[i]))
        throw new AppError(
          'DIVERGED',
          `step ${run.steps} left a number in parameter "${name}" that is not finite, so it is not saved; resume with a lower learning rate`,
          { step: run.steps, parameter: name },
        );
}

export function stepRecord(event: StepEvent, elapsedSeconds: number): MetricsRecord {
  return {
    step: event.step,
    epoch: event.epoch,
    loss: event.loss,
    ...event.metrics,
    gradient_norm: event.gradientNorm,
    learning_rate: event.learningRate,
    examples_per_second: event.examplesPerSecond,
    elapsed_seconds: elapsedSeconds,
  };
}

export function evaluationRecord({ step, epoch, scores }: EvaluationEvent): MetricsRecord {
  const named = Object.entries(scores).map(([name, score]) => [`validation_${name}`, score] as const);
  return { step, epoch, ...Object.fromEntries(named) };
}
