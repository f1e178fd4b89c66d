// Scores of a model on validation batches.

import { AppError } from '../../core/errors.ts';
import type { RunArray } from '../../tensor/session/session.ts';
import type { EvaluationProgram } from '../program/evaluation-program.ts';
import type { Batch } from '../step/training-step.ts';
import type { BatchSource } from './batches/batch-source.ts';

/** Runs an evaluation program; its outputs by name. */
export type Examine = (batch: Batch) => Promise<Readonly<Record<string, RunArray>>>;

/** Scores by name, as early stopping and the record see them; a plateau schedule reads `loss`. */
export type Evaluate = (examine: Examine) => Promise<Readonly<Record<string, number>>>;

/**
 * Means of the scalar outputs over the source's first epoch, each batch weighing as many as its real examples.
 *
 * @throws AppError NOT_ENOUGH_DATA when there is no example
 */
export function meanScores(source: BatchSource, programs: readonly EvaluationProgram[]): Evaluate {
  return async (examine) => {
    const sums: Record<string, number> = {};
    let examples = 0;
    for await (const batch of source.batches(0, 0)) {
      const outputs = await examine(batch);
      const { scalars = [], inputs = {} } = programs[batch.bucket] ?? {};
      const count = batch.examples ?? Object.values(inputs)[0]?.shape[0] ?? 1;
      for (const output of scalars) {
        const name = output.replace(/^metric\./, '');
        sums[name] = (sums[name] ?? 0) + count * Number(outputs[output]?.[0]);
      }
      examples += count;
    }
    if (examples === 0)
      throw new AppError('NOT_ENOUGH_DATA', 'expected validation batches with examples, got none');
    return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / examples]));
  };
}
