// Where batches come from: an order that is a function of the epoch alone, so that a run can be taken up anywhere.

import { AppError } from '../../../core/errors.ts';
import type { Batch } from '../../step/training-step.ts';

/** Batches of an epoch, in an order that depends on the epoch alone. */
export interface BatchSource {
  /**
   * The batches of an epoch, from batch number `from` on. Asked again for the same epoch it gives the same batches.
   * Each has arrays of its own: the loop looks ahead.
   */
  batches(epoch: number, from: number): Iterable<Batch> | AsyncIterable<Batch>;
}

/** Groups of `size` batches, a step each; the last of an epoch may hold fewer. */
export async function* groupsOf(
  batches: Iterable<Batch> | AsyncIterable<Batch>,
  size: number,
): AsyncGenerator<readonly Batch[], void> {
  let group: Batch[] = [];
  for await (const batch of batches) {
    group.push(batch);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/** A group, and whether the epoch ends with it: known by looking one group ahead. */
export interface Ahead {
  readonly group: readonly Batch[];
  readonly isLast: boolean;
}

/** Steps of an epoch. @throws AppError NOT_ENOUGH_DATA when a whole epoch holds no batch */
export async function* stepsOf(
  source: BatchSource,
  { epoch, position }: { readonly epoch: number; readonly position: number },
  size: number,
): AsyncGenerator<Ahead, void> {
  let held: readonly Batch[] | undefined;
  for await (const group of groupsOf(source.batches(epoch, position), size)) {
    if (held !== undefined) yield { group: held, isLast: false };
    held = group;
  }
  if (held !== undefined) yield { group: held, isLast: true };
  else
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `epoch ${epoch}: expected batches from number ${position} on, got none; is the data set empty or shorter than at the checkpoint?`,
    );
}

/** The same batches in every epoch. */
export function fixedBatches(batches: readonly Batch[]): BatchSource {
  return { batches: (_epoch, from) => batches.slice(from) };
}
