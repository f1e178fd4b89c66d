// Training with weights that stay zero, all at once or more and more of them.

import { AppError } from '../../core/errors.ts';
import type { TrainingStep } from '../step/training-step.ts';
import { applyMasks, type Masks, magnitudeMasks, type PruningOptions } from './magnitude-pruning.ts';

/** Share of zeros wanted after so many steps. */
export type SparsitySchedule = (steps: number) => number;

export interface CubicSparsity {
  readonly to: number;
  readonly from?: number;
  /** Nothing is pruned before this step, 0 by default. */
  readonly firstStep?: number;
  /** From here on `to` holds; leave steps after it to recover. */
  readonly lastStep: number;
}

/**
 * s = to + (from − to)(1 − t)³ for t from 0 at the first to 1 at the last step: fast while much is superfluous.
 *
 * @throws AppError USAGE when the last step does not come after the first
 * @see Zhu and Gupta 2017, arXiv:1710.01878, eq. 1
 */
export function cubicSparsity({ from = 0, to, firstStep = 0, lastStep }: CubicSparsity): SparsitySchedule {
  if (!(lastStep > firstStep))
    throw new AppError('USAGE', `cubicSparsity: expected a last step after ${firstStep}, got ${lastStep}`);
  return (steps) => {
    if (steps < firstStep) return 0;
    const rest = 1 - Math.min(1, (steps - firstStep) / (lastStep - firstStep));
    return to + (from - to) * rest ** 3;
  };
}

export interface PrunedTrainingOptions extends PruningOptions {
  /** A share that holds from the start, or a schedule. */
  readonly sparsity: number | SparsitySchedule;
  /** Steps between two choices of what is pruned, 100 by default as in the paper. */
  readonly every?: number;
}

/** A training step that prunes. */
export interface PrunedTrainingStep extends TrainingStep {
  readonly masks: () => Masks;
}

/**
 * The same training step, with pruned weights zeroed again after each update: momentum would move them. Averaged
 * weights are zeroed when they are swapped in. What is pruned follows from the weights and the number of steps, so a
 * resumed run goes on as the one that was not stopped.
 *
 * A weight once zero takes no part, but its gradient still counts in the norm that clipping looks at.
 *
 * @throws AppError NOT_FOUND when no parameter fits; USAGE for a sparsity outside [0, 1)
 */
export function withPruning(step: TrainingStep, options: PrunedTrainingOptions): PrunedTrainingStep {
  const { sparsity, every = 100 } = options;
  const share = typeof sparsity === 'number' ? () => sparsity : sparsity;
  let masks: Masks = {};
  const choose = (): void => {
    const chosenAt = step.steps - (step.steps % every);
    masks = magnitudeMasks(step.values(), share(chosenAt), options);
  };
  const apply = (): void => applyMasks(step.values(), masks);
  choose();
  apply();
  return {
    ...step,
    get steps() {
      return step.steps;
    },
    async step(batches, moment) {
      const result = await step.step(batches, moment);
      if (step.steps % every === 0) choose();
      apply();
      return result;
    },
    swapAverages() {
      step.swapAverages();
      apply();
    },
    restore(state) {
      step.restore(state);
      choose();
      apply();
    },
    masks: () => masks,
  };
}
