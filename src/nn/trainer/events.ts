// What a training run tells its caller, as plain data.

import type { StepResult } from '../step/training-step.ts';

/** One step of the optimiser. */
export interface StepEvent extends StepResult {
  readonly kind: 'step';
  readonly epoch: number;
  readonly examplesPerSecond: number;
}

/** Scores on the validation batches: `loss` and metrics, means over examples. */
export interface EvaluationEvent {
  readonly kind: 'evaluation';
  readonly step: number;
  readonly epoch: number;
  readonly scores: Readonly<Record<string, number>>;
  /** Better than every one before. */
  readonly isBest: boolean;
}

/** All that came before this event survives a kill. */
export interface CheckpointEvent {
  readonly kind: 'checkpoint';
  readonly step: number;
  readonly path: string;
}

/** An epoch is over; `epoch` counts from 0. */
export interface EpochEvent {
  readonly kind: 'epoch';
  readonly step: number;
  readonly epoch: number;
}

export type StopReason = 'steps' | 'epochs' | 'seconds' | 'early-stopping' | 'aborted';

/** The last event of a run that was not cut off. */
export interface StoppedEvent {
  readonly kind: 'stopped';
  readonly step: number;
  readonly reason: StopReason;
  /** Step of the best evaluation, with early stopping. */
  readonly bestStep?: number;
  /** Parameters and statistics: of the best step with early stopping; averaged ones where averages are kept. */
  readonly values: Readonly<Record<string, Float32Array>>;
}

/** What a run yields, one after the other; `stopped` is the last and carries the weights. */
export type TrainingEvent = StepEvent | EvaluationEvent | CheckpointEvent | EpochEvent | StoppedEvent;
