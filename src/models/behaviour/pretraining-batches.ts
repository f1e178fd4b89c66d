// Batches of pretraining, turn about: what comes next in histories, and what comes after moments drawn in them.
import { type Random, random } from '../../core/random.ts';
import type { Batch } from '../../nn/step/training-step.ts';
import { lengthBuckets, type PlannedBatch } from '../../nn/trainer/batches/length-buckets.ts';
import type { TrainingBatches } from '../sequence/neural/events/batches.ts';
import type { TokenPlan } from '../sequence/neural/events/tokens.ts';
import { lengthSteps } from '../sequence/neural/settings.ts';
import { historyFeeds } from './feeds.ts';
import { askedHistories, drawMoments, type Moments } from './moments.ts';
import { LEAST_MS, noAnswers, type Outlook } from './outlook.ts';
import type { PastHistories } from './past-histories.ts';

export interface MomentTask {
  readonly plan: TokenPlan;
  readonly outlook: Outlook;
  /** Places of a history with the moment. */
  readonly length: number;
  readonly batch: number;
  readonly seed: number;
  /** Its programs stand from here on in the list of programs. */
  readonly firstBucket: number;
}

interface Planned {
  readonly planned: PlannedBatch;
  readonly moments: Moments;
}

/** A batch of moments after each of `next`, drawn anew whenever every history has been asked once. */
export function withMoments(next: TrainingBatches, past: PastHistories, task: MomentTask): TrainingBatches {
  const draws = random(task.seed).fork('moments');
  return {
    batchesPerEpoch: next.batchesPerEpoch,
    *batches(epoch, from) {
      const pairs = Math.floor(from / 2);
      const moments = plannedMoments(past, draws.fork(`epoch ${epoch}`), task);
      for (let pair = 0; pair < pairs; pair++) moments.next();
      let isFirst = true;
      for (const batch of next.batches(epoch, pairs)) {
        if (!isFirst || from % 2 === 0) yield batch;
        isFirst = false;
        const { value } = moments.next();
        if (value) yield momentBatch(past, value, task);
      }
    },
  };
}

/** Whether any history is long enough for a moment after which something is known. */
export const hasMoments = (past: PastHistories): boolean =>
  drawMoments(past, LEAST_MS, random(0)).rows.length > 0;

/** Without end. */
function* plannedMoments(past: PastHistories, draws: Random, task: MomentTask): Generator<Planned, void> {
  const { histories } = past;
  for (let round = 0; ; round++) {
    const own = draws.fork(`round ${round}`);
    const moments = drawMoments(past, LEAST_MS, own);
    const lengths = Array.from(moments.ends, (end, i) => 1 + end - histories.offsets[moments.rows[i]]);
    const { epoch } = lengthBuckets(lengths, {
      ...{ buckets: lengthSteps(task.length), batchSize: task.batch, seed: own.integer(2 ** 32) },
    });
    for (const planned of epoch(0)) yield { planned, moments };
  }
}

function momentBatch(past: PastHistories, { planned, moments }: Planned, task: MomentTask): Batch {
  const { plan, outlook, length, batch, firstBucket } = task;
  const chosen = planned.rows.subarray(0, planned.count);
  const asked = askedHistories(past, moments, { chosen, most: length });
  const answers = noAnswers(outlook.shape, batch);
  chosen.forEach((at, i) => {
    const moment = { row: moments.rows[at], ageMs: moments.agesMs[at], end: moments.ends[at] };
    outlook.tell(moment, answers, i);
  });
  const fill = historyFeeds(asked, plan, batch);
  return {
    bucket: firstBucket + planned.bucket,
    arrays: { ...fill(Int32Array.from(chosen.keys()), planned.length), ...answers },
    examples: planned.count,
  };
}
