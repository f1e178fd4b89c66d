// A training run taken to its end: the weights it stops with, whatever it told on the way.
import { AppError, throwIfAborted } from '../../core/errors.ts';
import { pause } from '../../core/pause.ts';
import type { Progress } from '../../core/progress.ts';
import type { EvaluationEvent } from './events.ts';
import { train } from './train.ts';
import type { TrainOptions } from './train-options.ts';

export interface Learned {
  readonly values: Readonly<Record<string, Float32Array>>;
  /** Oldest first. */
  readonly evaluations: readonly EvaluationEvent[];
  /** Of each step taken. */
  readonly losses: readonly number[];
}

/** @throws AppError INTERRUPTED, DIVERGED */
export async function trainToEnd(options: TrainOptions): Promise<Learned> {
  const evaluations: EvaluationEvent[] = [];
  const losses: number[] = [];
  for await (const event of train(options)) {
    if (event.kind === 'evaluation') evaluations.push(event);
    if (event.kind === 'step') losses.push(event.loss);
    if (event.kind === 'stopped') {
      if (event.reason === 'aborted') throwIfAborted(options.signal);
      return { values: event.values, evaluations, losses };
    }
    await pause(undefined);
  }
  throw new AppError('INTERRUPTED', 'training ended before it said why');
}

/** Steps under a name of their own; notes are kept. */
export const named = (progress: Progress, task: string): Progress => ({
  step: (step) => progress.step({ ...step, task }),
  note: (line) => progress.note(line),
});
