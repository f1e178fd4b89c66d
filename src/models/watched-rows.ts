// Rows a network learns from, and rows it only watches to know when to stop.
import { hash32 } from '../core/random.ts';
import type { Sample } from './estimator.ts';
import { customerFolds, foldRows, sortSample, takeSample } from './sample.ts';

/** A seventh of the customers is watched, where that is enough to tell when to stop; a later period serves as well. */
const FOLDS = 7;
const LEAST_WATCHED = 40;

export interface SplitRows {
  readonly taught: Sample;
  readonly watched?: Sample;
}

/** @param valid rows of a later period; watched where there are enough of them */
export function splitWatched(train: Sample, valid: Sample | undefined, seed: number): SplitRows {
  if (valid && valid.frame.rows >= LEAST_WATCHED) return { taught: train, watched: valid };
  const { inside, outside } = foldRows(customerFolds(train.entities, FOLDS, seed), 0);
  if (inside.length < LEAST_WATCHED || outside.length === 0) return { taught: train };
  return { taught: takeSample(train, outside), watched: takeSample(train, inside) };
}

/** Everybody, or as many customers, drawn by seed, as stay about under the limit. */
export function fewerRows(sample: Sample, most: number, seed: number): Sample {
  const { rows } = sample.frame;
  if (rows <= most) return sample;
  const salt = hash32(`behaviour ${seed}`);
  const limit = (most / rows) * 2 ** 32;
  const kept = Array.from(sample.entities.keys()).filter((row) => hash32(sample.entities[row], salt) < limit);
  return kept.length > 0 ? sortSample(takeSample(sample, kept)) : sample;
}
