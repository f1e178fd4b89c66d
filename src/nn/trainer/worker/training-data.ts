// What a module that a training worker imports has to export.

import { AppError } from '../../../core/errors.ts';
import type { GradientTransform } from '../../optimiser/gradient.ts';
import type { BatchSource } from '../batches/batch-source.ts';
import type { Evaluate } from '../evaluate.ts';

/** Batches and hooks of a run, made where they are used. */
export interface TrainingData {
  readonly batches: BatchSource;
  readonly validation?: BatchSource;
  readonly evaluate?: Evaluate;
  readonly transform?: GradientTransform;
}

/** A module exporting `createTrainingData(settings)`, which returns `TrainingData` or a promise of it. */
export interface TrainingDataModule {
  /** URL of a file, as `import.meta.url` gives it. */
  readonly url: string;
  /** Handed to `createTrainingData`; anything that can be sent to a worker. */
  readonly settings?: unknown;
}

/** @throws AppError USAGE when the module exports no such function */
export async function importTrainingData({ url, settings }: TrainingDataModule): Promise<TrainingData> {
  const module = (await import(url)) as { readonly createTrainingData?: unknown };
  const { createTrainingData } = module;
  if (typeof createTrainingData !== 'function')
    throw new AppError(
      'USAGE',
      'expected a module that exports createTrainingData(settings), got one without; add the export',
    );
  return (await createTrainingData(settings)) as TrainingData;
}
