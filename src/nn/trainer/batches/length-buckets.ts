// Mixed batches by length: sequences of like length share a batch, so that little of it is padding.

import { AppError } from '../../../core/errors.ts';
import { random } from '../../../core/random.ts';
import type { Batch } from '../../step/training-step.ts';
import type { BatchSource } from './batch-source.ts';

export interface LengthBucketSettings {
  /** Lengths batches are padded to, growing: `[4, 8, 16, 50]`. A sequence longer than the last is cut by who fills. */
  readonly buckets: readonly number[];
  readonly batchSize: number;
  readonly seed: number;
  /** False: the order of the data, for validation. */
  readonly shuffle?: boolean;
}

/** Which rows make up one batch. */
export interface PlannedBatch {
  readonly bucket: number;
  /** What the batch is padded to. */
  readonly length: number;
  /** [batchSize]; past `count` the first row again, so that every number fed is a real one. */
  readonly rows: Int32Array;
  /** [batchSize]: 1 for a real example, 0 for padding. */
  readonly weights: Float32Array;
  /** Real examples. */
  readonly count: number;
}

export interface LengthBuckets {
  /** Bucket of each row. */
  readonly bucketOf: Uint8Array;
  readonly batchesPerEpoch: number;
  /** Batches of an epoch in order: every row comes once; buckets are mixed. */
  epoch(number: number): readonly PlannedBatch[];
}

/**
 * Plans batches over rows of these lengths. Each row goes to the shortest bucket that holds it.
 *
 * @param lengths [rows]
 * @throws AppError USAGE when buckets do not grow, or a batch would hold no row
 */
export function lengthBuckets(
  lengths: ArrayLike<number>,
  { buckets, batchSize, seed, shuffle = true }: LengthBucketSettings,
): LengthBuckets {
  if (buckets.length === 0 || buckets.some((length, i) => !(length > (buckets[i - 1] ?? 0))))
    throw new AppError('USAGE', `expected bucket lengths that grow from 1, got [${buckets.join(', ')}]`);
  if (!Number.isInteger(batchSize) || batchSize < 1 || buckets.length > 255)
    throw new AppError(
      'USAGE',
      `expected a whole batch size of at least 1 and at most 255 buckets, got ${batchSize} and ${buckets.length}`,
    );
  const bucketOf = Uint8Array.from({ length: lengths.length }, (_, row) => {
    const found = buckets.findIndex((length) => (lengths[row] as number) <= length);
    return found < 0 ? buckets.length - 1 : found;
  });
  const rowsOf = buckets.map((_, bucket) =>
    Int32Array.from(bucketOf.keys()).filter((row) => bucketOf[row] === bucket),
  );
  const planned = (bucket: number, chosen: Int32Array): PlannedBatch => {
    const rows = new Int32Array(batchSize).fill(chosen[0] as number);
    rows.set(chosen);
    const weights = new Float32Array(batchSize).fill(1, 0, chosen.length);
    return { bucket, length: buckets[bucket] as number, rows, weights, count: chosen.length };
  };
  return {
    bucketOf,
    batchesPerEpoch: rowsOf.reduce((sum, rows) => sum + Math.ceil(rows.length / batchSize), 0),
    epoch(number) {
      const draws = random(seed).fork(`batches of epoch ${number}`);
      const batches = rowsOf.flatMap((ordered, bucket) => {
        const rows = shuffle ? draws.fork(`bucket ${bucket}`).shuffle(ordered.slice()) : ordered;
        return Array.from({ length: Math.ceil(rows.length / batchSize) }, (_, i) =>
          planned(bucket, rows.subarray(i * batchSize, (i + 1) * batchSize)),
        );
      });
      return shuffle ? draws.fork('order').shuffle(batches) : batches;
    },
  };
}

/**
 * Batches of a plan.
 *
 * @param fill makes the arrays of one planned batch
 */
export function bucketedBatches(
  plan: LengthBuckets,
  fill: (planned: PlannedBatch) => Batch['arrays'],
): BatchSource {
  return {
    *batches(epoch, from) {
      for (const planned of plan.epoch(epoch).slice(from))
        yield { bucket: planned.bucket, arrays: fill(planned), examples: planned.count };
    },
  };
}
