// Training batches: windows of like length together, their targets, and the negatives they share.
import { type Random, random } from '../../../../core/random.ts';
import type { Sequences } from '../../../../core/sequences.ts';
import type { Batch } from '../../../../nn/step/training-step.ts';
import type { BatchSource } from '../../../../nn/trainer/batches/batch-source.ts';
import { lengthBuckets, type PlannedBatch } from '../../../../nn/trainer/batches/length-buckets.ts';
import { writeVector } from '../fusion/plan-vectors.ts';
import { writeRepeats } from '../repeats.ts';
import { lengthSteps, type NetworkSettings } from '../settings.ts';
import { itemFeeds, tokenFeeds } from './event-vectors.ts';
import { negativeSampler } from './negatives.ts';
import {
  emptyTokens,
  hideToken,
  type ItemTokens,
  itemTokens,
  type TokenPlan,
  tokenWriter,
  UNKNOWN_ROW,
  windowsOf,
} from './tokens.ts';

/** Of the events of a masked plan: more are asked at once, and less is left to tell them by. BERT4Rec's choice for short histories is .4 to .6, BERT's .15. */
const HIDDEN_SHARE = 0.3;

export interface TrainingBatches extends BatchSource {
  readonly batchesPerEpoch: number;
  batches(epoch: number, from: number): Iterable<Batch>;
}

/**
 * Batches of an epoch in an order of its own, made as they are asked for: what is kept is a few numbers a window. Each
 * event but a sequence's first is a target once an epoch.
 */
export function trainingBatches(
  plan: TokenPlan,
  train: Sequences,
  settings: NetworkSettings,
  seed: number,
): TrainingBatches {
  const { length, batch: batchSize, negativePower, unknownRate, idDropout, vectorDropout } = settings;
  const isTold = plan.vectors.length > 0;
  // What is asked for at a place: the event after it, or, hidden, its own.
  const ahead = plan.masked ? 0 : 1;
  const windows = windowsOf(train, length + ahead, 2);
  const lengths = windows.map(({ from, to }) => to - from - ahead);
  const planned = lengthBuckets(lengths, { buckets: lengthSteps(length), batchSize, seed });
  const sampler = negativeSampler(plan.counts, negativePower, settings.negatives);
  const write = tokenWriter(plan, train);
  const draws = random(seed).fork('targets');
  /** With small chance an item is met as if it were new, by what is known of it: so the unknown row is learned. */
  const isForgotten = (item: number, chance: Random): boolean =>
    (unknownRate > 0 && chance.uniform() * plan.counts[item] < unknownRate) ||
    (isTold && chance.uniform() < idDropout);
  /** What is known of an item is left out at a place: its own row now and then, and each of its vectors. */
  const forget = (tokens: ItemTokens, place: number, item: number, chance: Random): void => {
    if (isForgotten(item, chance)) {
      tokens.rows[place] = UNKNOWN_ROW;
      if (tokens.levels) tokens.levels[place] = 0;
    }
    plan.vectors.forEach((own, v) => {
      if (chance.uniform() < vectorDropout) writeVector(own, -1, tokens.vectors[v], place);
    });
  };
  const biasOf = (item: number): number => plan.logShare[item] - sampler.logChance[item];

  const fill = ({ length: time, rows, count }: PlannedBatch, chance: Random): Batch['arrays'] => {
    const places = batchSize * time;
    const events = emptyTokens(plan, places);
    const targets = emptyTokens(plan, places);
    const targetBias = new Float32Array(places);
    const weight = new Float32Array(places);
    // Where items are told apart by their vectors, one without its own row is still itself.
    const named = isTold && { events: new Int32Array(places), targets: new Int32Array(places) };
    const met = { again: new Int32Array(places), back: new Int32Array(places).fill(-1) };
    // One place more than there are: the last target has no event of its own.
    const whole = emptyTokens(plan, time + 1);
    for (let r = 0; r < count; r++) {
      const window = windows[rows[r]];
      const size = window.to - window.from - ahead;
      write(window, whole, 0);
      for (let t = 0; t < size + ahead; t++) forget(whole, t, train.items[window.from + t], chance);
      const at = r * time;
      copyTokens(whole, events, { from: 0, to: size, at });
      copyTokens(whole, targets, { from: ahead, to: size + ahead, at });
      if (named) {
        writeNames(train.items, window.from, named.events.subarray(at, at + size));
        writeNames(train.items, window.from + ahead, named.targets.subarray(at, at + size));
      }
      if (settings.repeats) writeRepeats(train.items.subarray(window.from, window.to), time, met, at);
      for (let t = 0; t < size; t++) {
        const item = train.items[window.from + ahead + t];
        // What has no code is read and not asked for.
        if (!(item >= 0)) continue;
        // The last is always asked for, as it is of those who wait for an answer.
        if (plan.masked && t < size - 1 && chance.uniform() >= HIDDEN_SHARE) continue;
        if (plan.masked) hideToken(plan, events, at + t, t === 0);
        // What was met before is always a candidate.
        const isCertain = settings.repeats && met.back[at + t] >= 0;
        targetBias[at + t] = isCertain ? plan.logShare[item] : biasOf(item);
        weight[at + t] = 1;
      }
    }
    const drawn = sampler.draw(chance);
    const negative = itemTokens(plan, drawn);
    drawn.forEach((item, n) => void forget(negative, n, item, chance));
    const isOut = metNegatives(named ? drawn.map(nameOf) : negative.rows, {
      events: settings.repeats ? (named || { events: events.rows }).events : undefined,
      targets: (named || { targets: targets.rows }).targets,
      lengths: Array.from(rows.subarray(0, count), (row) => lengths[row]),
      time,
      places,
    });
    return {
      ...tokenFeeds(plan, events),
      ...itemFeeds('target', plan, targets),
      ...itemFeeds('negative', plan, negative),
      ...{ targetBias, weight, isOut, negativeBias: Float32Array.from(drawn, biasOf) },
      ...(settings.repeats && met),
      ...(targets.types && { nextType: targets.types }),
      ...(targets.gaps && { nextGap: targets.gaps }),
      ...Object.fromEntries(targets.marks.map((codes, m) => [`nextMark${m}`, codes] as const)),
    };
  };
  return {
    batchesPerEpoch: planned.batchesPerEpoch,
    *batches(epoch, from) {
      for (const [number, one] of planned.epoch(epoch).entries())
        if (number >= from)
          yield {
            bucket: one.bucket,
            arrays: fill(one, draws.fork(`batch ${number} of epoch ${epoch}`)),
            examples: one.count,
          };
    },
  };
}

/** What an item is told apart by where rows do not: its code, from 1. */
const nameOf = (item: number): number => item + 1;

function writeNames(items: Int32Array, from: number, into: Int32Array): void {
  for (let t = 0; t < into.length; t++) into[t] = nameOf(items[from + t]);
}

interface Windows {
  /** Rows (or names) read, row after row of [batch, time]; given where what was met before is a candidate of its own. */
  readonly events: Int32Array | undefined;
  readonly targets: Int32Array;
  readonly lengths: readonly number[];
  readonly time: number;
  /** batch · time */
  readonly places: number;
}

/** 1 where a negative is the item asked for at a place, or was met up to there: [batch, time, samples]. */
function metNegatives(negatives: Int32Array, windows: Windows): Uint8Array {
  const { events, targets, lengths, time, places } = windows;
  const isOut = new Uint8Array(places * negatives.length);
  const samplesOf = new Map<number, number[]>();
  negatives.forEach((row, n) => {
    const known = samplesOf.get(row);
    if (known) known.push(n);
    else samplesOf.set(row, [n]);
  });
  const mark = (row: number, from: number, to: number): void => {
    for (const n of samplesOf.get(row) ?? [])
      for (let place = from; place < to; place++) isOut[place * negatives.length + n] = 1;
  };
  lengths.forEach((length, r) => {
    for (let place = r * time; place < r * time + length; place++) {
      mark(targets[place], place, place + 1);
      if (events && events[place] !== UNKNOWN_ROW) mark(events[place], place, r * time + length);
    }
  });
  return isOut;
}

interface Part {
  readonly from: number;
  readonly to: number;
  readonly at: number;
}

type Written = ReturnType<typeof emptyTokens>;

function copyTokens(source: Written, into: Written, { from, to, at }: Part): void {
  into.rows.set(source.rows.subarray(from, to), at);
  if (source.types) into.types?.set(source.types.subarray(from, to), at);
  if (source.gaps) into.gaps?.set(source.gaps.subarray(from, to), at);
  if (source.seconds) into.seconds?.set(source.seconds.subarray(from, to), at);
  if (source.present) into.present?.set(source.present.subarray(from, to), at);
  if (source.levels) into.levels?.set(source.levels.subarray(from, to), at);
  source.vectors.forEach((values, v) => {
    const wide = values.length / source.rows.length;
    into.vectors[v].set(values.subarray(from * wide, to * wide), at * wide);
  });
  source.columns.forEach((codes, c) => void into.columns[c].set(codes.subarray(from, to), at));
  source.marks.forEach((codes, m) => void into.marks[m].set(codes.subarray(from, to), at));
}
