// Scores of every item for histories: grouped by length, run through the programs, the popular ones where there is no history.
import { type Sequences, sequenceCount } from '../../../core/sequences.ts';
import type { Batch } from '../../../nn/step/training-step.ts';
import { lengthBuckets } from '../../../nn/trainer/batches/length-buckets.ts';
import type { RunArray } from '../../../tensor/session/session.ts';
import { scoreProgram, stateProgram, vectorProgram } from './answers.ts';
import { itemFeeds, tokenFeeds } from './events/event-vectors.ts';
import { emptyTokens, hideToken, itemTokens, type TokenPlan, tokenWriter } from './events/tokens.ts';
import type { Network } from './network.ts';
import { repeatLevel } from './repeats.ts';
import { lengthSteps } from './settings.ts';

/** The programs of one batch size, in the order `scoreHistories` names them by: a length each, vectors, scores. */
export function answerPrograms(network: Network, batch: number) {
  return [
    ...lengthSteps(network.settings.length).map((time) => stateProgram(network, { batch, time })),
    vectorProgram(network),
    scoreProgram(network, batch),
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
export async function itemVectors({ plan, settings }: Network, ask: Ask): Promise<Float32Array> {
  const arrays = itemFeeds('item', plan, itemTokens(plan, Int32Array.from(plan.rowOf.keys())));
  const { vectors } = await ask({ bucket: lengthSteps(settings.length).length, arrays });
  return vectors as Float32Array;
}

export interface Asked {
  readonly network: Network;
  /** Of the programs asked. */
  readonly batchSize: number;
  readonly vectors: Float32Array;
}

/** Scores a batch at a time; the arrays of one are good until the next is asked for. */
export async function* scoreHistories(
  before: Sequences,
  { network, batchSize, vectors }: Asked,
  ask: Ask,
): AsyncGenerator<AskedBatch, void> {
  const { plan, settings } = network;
  const { offsets } = before;
  const items = plan.itemIds.length;
  const silent = Int32Array.from({ length: sequenceCount(before) }, (_, row) => row).filter(
    (row) => offsets[row] === offsets[row + 1],
  );
  if (silent.length > 0) {
    const popular = logPopularity(plan);
    for (const row of silent) yield { rows: Int32Array.of(row), scores: popular };
  }
  for await (const { rows, states, bonus } of askStates(before, { network, batchSize }, ask)) {
    const { scores } = await ask({
      bucket: lengthSteps(settings.length).length + 1,
      arrays: { states, vectors },
    });
    const own = (scores as Float32Array).subarray(0, rows.length * items);
    rows.forEach((_, r) => {
      for (const [item, more] of bonus(r)) own[r * items + item] += more;
    });
    yield { rows, scores: own };
  }
}

/** What a history comes to, before items are looked at. */
export interface AskedStates {
  /** Rows of the histories asked for. */
  readonly rows: Int32Array;
  /** [batch size, width], the first of them those of the rows */
  readonly states: Float32Array;
  /** What items of the history of the r-th of the rows have on top of their products, by when each was met last. */
  readonly bonus: (r: number) => ReadonlyMap<number, number>;
}

const NO_BONUS: ReadonlyMap<number, number> = new Map();

/** Histories with an event, a batch at a time; the arrays of one are good until the next is asked for. */
export async function* askStates(
  before: Sequences,
  { network, batchSize }: Omit<Asked, 'vectors'>,
  ask: Ask,
): AsyncGenerator<AskedStates, void> {
  const { plan, settings } = network;
  const { offsets } = before;
  const steps = lengthSteps(settings.length);
  const heard = Int32Array.from({ length: sequenceCount(before) }, (_, row) => row).filter(
    (row) => offsets[row] < offsets[row + 1],
  );
  // The place at which a masked plan is asked comes after the events.
  const asking = plan.masked ? 1 : 0;
  const most = settings.length - asking;
  const lengths = Array.from(heard, (row) => Math.min(most, offsets[row + 1] - offsets[row]));
  const write = tokenWriter(plan, before);
  const places = lengths.map((length) => length + asking);
  const planned = lengthBuckets(places, { buckets: steps, batchSize, seed: 0, shuffle: false });
  for (const { bucket, length: time, rows, count } of planned.epoch(0)) {
    const tokens = emptyTokens(plan, batchSize * time);
    const last = new Int32Array(batchSize);
    const age = new Int32Array(batchSize * time);
    for (let r = 0; r < count; r++) {
      const row = heard[rows[r]];
      const to = offsets[row + 1];
      write({ from: to - lengths[rows[r]], to, start: offsets[row] }, tokens, r * time);
      last[r] = r * time + places[rows[r]] - 1;
      if (plan.masked) hideToken(plan, tokens, last[r], false);
      for (let place = r * time; place <= last[r]; place++) age[place] = repeatLevel(last[r] - place);
    }
    const arrays = { ...tokenFeeds(plan, tokens), last, ...(settings.repeats && { age }) };
    const { states, bonus } = await ask({ bucket, arrays });
    const asked = Int32Array.from(rows.subarray(0, count), (r) => heard[r]);
    yield {
      rows: asked,
      states: states as Float32Array,
      bonus: (r) => {
        if (!settings.repeats) return NO_BONUS;
        const end = offsets[asked[r] + 1];
        const history = before.items.subarray(end - lengths[rows[r]], end);
        const own = (bonus as Float32Array).subarray(r * time, r * time + history.length);
        return bonusOf(history, own, plan.itemIds.length);
      },
    };
  }
}

/** Of items met before, each once, by when it was met last. @param bonus of each place of the history */
function bonusOf(history: Int32Array, bonus: Float32Array, items: number): ReadonlyMap<number, number> {
  const of = new Map<number, number>();
  for (let place = history.length - 1; place >= 0; place--) {
    const item = history[place];
    if (item >= 0 && item < items && !of.has(item)) of.set(item, bonus[place]);
  }
  return of;
}

/** ln of each item's share of the training events, with half an event for those that have none. */
function logPopularity({ counts }: TokenPlan): Float32Array {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return Float32Array.from(counts, (count) => Math.log(Math.max(0.5, count) / Math.max(1, total)));
}
