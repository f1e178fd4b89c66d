// Scores of every item for histories: grouped by length, run through the programs, the popular ones where there is no history.
import { type Sequences, sequenceCount } from '../../../core/sequences.ts';
import type { Batch } from '../../../nn/step/training-step.ts';
import { lengthBuckets } from '../../../nn/trainer/batches/length-buckets.ts';
import type { RunArray } from '../../../tensor/session/session.ts';
import { scoreProgram, stateProgram, vectorProgram } from './answers.ts';
import { lengthSteps, type TransformerSettings } from './settings.ts';
import { emptyTokens, type TokenPlan, tokenWriter } from './tokens.ts';
import { itemFeeds, tokenFeeds } from './trunk.ts';

/** The programs of one batch size, in the order `scoreHistories` names them by: a length each, vectors, scores. */
export function answerPrograms(plan: TokenPlan, settings: TransformerSettings, batch: number) {
  return [
    ...lengthSteps(settings.length).map((time) => stateProgram(plan, settings, { batch, time })),
    vectorProgram(plan, settings),
    scoreProgram(plan, settings, batch),
  ];
}

/** Runs one of the `answerPrograms`. */
export type Ask = (batch: Batch) => Promise<Readonly<Record<string, RunArray>>>;

export interface AskedBatch {
  /** Rows of the histories asked for. */
  readonly rows: Int32Array;
  /** [rows, items] */
  readonly scores: Float32Array;
}

/** All items as vectors by the weights as they are: [items, width]. */
export async function itemVectors(
  plan: TokenPlan,
  settings: TransformerSettings,
  ask: Ask,
): Promise<Float32Array> {
  const arrays = itemFeeds('item', { rows: plan.rowOf, columns: plan.columns.map(({ codes }) => codes) });
  const { vectors } = await ask({ bucket: lengthSteps(settings.length).length, arrays });
  return vectors as Float32Array;
}

export interface Asked {
  readonly plan: TokenPlan;
  readonly settings: TransformerSettings;
  /** Of the programs asked. */
  readonly batchSize: number;
  readonly vectors: Float32Array;
}

/** Scores a batch at a time; the arrays of one are good until the next is asked for. */
export async function* scoreHistories(
  before: Sequences,
  { plan, settings, batchSize, vectors }: Asked,
  ask: Ask,
): AsyncGenerator<AskedBatch, void> {
  const { offsets } = before;
  const steps = lengthSteps(settings.length);
  const items = plan.itemIds.length;
  const all = Int32Array.from({ length: sequenceCount(before) }, (_, row) => row);
  const isEmpty = (row: number): boolean => offsets[row] === offsets[row + 1];
  const silent = all.filter(isEmpty);
  if (silent.length > 0) {
    const popular = logPopularity(plan);
    for (const row of silent) yield { rows: Int32Array.of(row), scores: popular };
  }
  const heard = all.filter((row) => !isEmpty(row));
  const lengths = Array.from(heard, (row) => Math.min(settings.length, offsets[row + 1] - offsets[row]));
  const write = tokenWriter(plan, before);
  const planned = lengthBuckets(lengths, { buckets: steps, batchSize, seed: 0, shuffle: false });
  for (const { bucket, length: time, rows, count } of planned.epoch(0)) {
    const tokens = emptyTokens(plan, batchSize * time);
    const last = new Int32Array(batchSize);
    for (let r = 0; r < count; r++) {
      const row = heard[rows[r]];
      const to = offsets[row + 1];
      write({ from: to - lengths[rows[r]], to, start: offsets[row] }, tokens, r * time);
      last[r] = r * time + lengths[rows[r]] - 1;
    }
    const { states } = await ask({ bucket, arrays: { ...tokenFeeds(tokens), last } });
    const { scores } = await ask({
      bucket: steps.length + 1,
      arrays: { states: states as Float32Array, vectors },
    });
    yield {
      rows: Int32Array.from(rows.subarray(0, count), (r) => heard[r]),
      scores: (scores as Float32Array).subarray(0, count * items),
    };
  }
}

/** ln of each item's share of the training events, with half an event for those that have none. */
function logPopularity({ counts }: TokenPlan): Float32Array {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return Float32Array.from(counts, (count) => Math.log(Math.max(0.5, count) / Math.max(1, total)));
}
