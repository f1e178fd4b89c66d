// Texts as batches of masked-language modelling: like lengths together, other pieces hidden at each reading.
import { random } from '../../core/random.ts';
import type { BatchSource } from '../../nn/trainer/batches/batch-source.ts';
import {
  bucketedBatches,
  lengthBuckets,
  type PlannedBatch,
} from '../../nn/trainer/batches/length-buckets.ts';
import { joinPieces, type PieceRows } from '../text/piece-rows.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { type MaskingOptions, maskPieces } from './masking.ts';
import type { MlmPlaces } from './mlm-objective.ts';

/** Pieces asked about in a batch at most. */
export const askedIn = (batch: number, time: number, share: number): number =>
  batch * Math.max(1, Math.ceil(share * time));

/**
 * Cuts texts into pieces; one longer than `length` becomes several, each with its opening and closing pieces, so that all
 * of it is read. Texts of fewer than two pieces of their own teach nothing and are left out.
 */
export function cutTexts(texts: readonly string[], tokenizer: Tokenizer, length: number): PieceRows {
  const { opening, closing } = tokenizer.special;
  const [before, after] = [opening === undefined ? 0 : 1, closing === undefined ? 0 : 1];
  const inside = length - before - after;
  const parts: Int32Array[] = [];
  for (const text of texts) {
    const whole = tokenizer.encode(text, Number.MAX_SAFE_INTEGER);
    const body = whole.subarray(before, whole.length - after);
    for (let from = 0; from < body.length; from += inside) {
      const own = body.subarray(from, from + inside);
      if (own.length < 2) continue;
      const part = new Int32Array(own.length + before + after);
      if (before) part[0] = opening as number;
      part.set(own, before);
      if (after) part[part.length - 1] = closing as number;
      parts.push(part);
    }
  }
  return joinPieces(parts);
}

export interface MlmBatchOptions {
  readonly masking: MaskingOptions;
  readonly padId: number;
  readonly batch: number;
  /** Lengths batches are padded to, rising. */
  readonly buckets: readonly number[];
  readonly seed: number;
}

/** Every text once an epoch; what is hidden depends on seed, epoch and text alone. */
export function mlmBatches(
  { ids, offsets }: PieceRows,
  { masking, padId, batch, buckets, seed }: MlmBatchOptions,
): BatchSource & { readonly batchesPerEpoch: number } {
  const lengths = Int32Array.from({ length: offsets.length - 1 }, (_, i) => offsets[i + 1] - offsets[i]);
  const planned = lengthBuckets(lengths, { buckets, batchSize: batch, seed });
  const fill = (epoch: number, { rows, count, length: time }: PlannedBatch) => {
    const places: MlmPlaces = { batch, time, asked: askedIn(batch, time, masking.share) };
    const draws = random(seed).fork(`hidden in epoch ${epoch}, from text ${rows[0]} on`);
    const arrays = {
      ids: new Int32Array(batch * time).fill(padId),
      mask: new Float32Array(batch * time),
      places: new Int32Array(places.asked),
      targets: new Int32Array(places.asked),
      weight: new Float32Array(places.asked),
    };
    let at = 0;
    for (let r = 0; r < batch; r++) {
      // rows beyond the count only fill up: read, not asked about
      const text = ids.subarray(offsets[rows[r]], offsets[rows[r] + 1]);
      const masked = maskPieces(text, masking, draws, places.asked / batch);
      arrays.ids.set(masked.ids, r * time);
      arrays.mask.fill(1, r * time, r * time + text.length);
      if (r >= count) continue;
      for (let k = 0; k < masked.places.length; k++, at++) {
        arrays.places[at] = r * time + masked.places[k];
        arrays.targets[at] = masked.targets[k];
        arrays.weight[at] = 1;
      }
    }
    return arrays;
  };
  return {
    batchesPerEpoch: planned.batchesPerEpoch,
    batches: (epoch, from) => bucketedBatches(planned, (own) => fill(epoch, own)).batches(epoch, from),
  };
}
