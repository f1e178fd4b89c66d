// Everything a training run is told: settings that are plain data, and what is handed in beside them.

import type { Progress } from '../../core/progress.ts';
import type { Backend } from '../../tensor/session/session.ts';
import type { GradientTransform } from '../optimiser/gradient.ts';
import type { ScheduleSettings } from '../step/training-settings.ts';
import type { TrainingStep, TrainingStepSettings } from '../step/training-step.ts';
import type { BatchSource } from './batches/batch-source.ts';
import type { EarlyStoppingSettings } from './early-stopping.ts';
import type { Evaluate } from './evaluate.ts';
import type { RunFiles } from './run-folder.ts';

export interface Limits {
  readonly steps?: number;
  readonly epochs?: number;
  /** Of this process: what a run took before it was resumed is not counted. */
  readonly seconds?: number;
}

/** What can be saved and sent to a worker. */
export interface TrainingSettings extends TrainingStepSettings {
  readonly schedule: ScheduleSettings;
  /** Batches a step, 1 by default: the gradient is the mean of theirs. */
  readonly accumulate?: number;
  readonly limits?: Limits;
  /** Steps between evaluations; at the end of each epoch by default. */
  readonly evaluateEvery?: number;
  readonly earlyStopping?: EarlyStoppingSettings;
  /** Steps between checkpoints; at the end of each epoch by default. The best evaluation and the end are always saved. */
  readonly checkpointEvery?: number;
  /** Steps between lines of the record, 10 by default. */
  readonly recordEvery?: number;
}

/** A whole run: settings, and what is handed in beside them. */
export interface TrainOptions extends TrainingSettings {
  readonly backend: Backend;
  readonly batches: BatchSource;
  /** Read from its epoch 0 at every evaluation. */
  readonly validation?: BatchSource;
  /** Scores of one's own instead of means of the evaluation programs' outputs. */
  readonly evaluate?: Evaluate;
  readonly transform?: GradientTransform;
  /** Puts something around the training step, which must resume as it does: `withPruning`, say. */
  readonly around?: (step: TrainingStep) => TrainingStep;
  /** Without it nothing is kept and nothing resumed. */
  readonly files?: RunFiles;
  readonly progress?: Progress;
  /** Once it fires the run saves itself and stops. */
  readonly signal?: AbortSignal;
  /** Milliseconds, for rates and the time limit. */
  readonly now?: () => number;
}
