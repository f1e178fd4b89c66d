// Two kinds of batches, turn about: taken up anywhere they go on as they would have, and each history is asked in turn.
import { expect, it } from 'vitest';
import { makeFrame } from '../../core/frame.ts';
import { random } from '../../core/random.ts';
import { DAY_MS } from '../../core/time.ts';
import type { Batch } from '../../nn/step/training-step.ts';
import { eventColumnsOf } from '../made-up-events.ts';
import { trainingBatches } from '../sequence/neural/events/batches.ts';
import { planTokens } from '../sequence/neural/events/tokens.ts';
import { learnVocabulary } from './histories.ts';
import { outlookOf } from './outlook.ts';
import { pastHistories } from './past-histories.ts';
import { hasMoments, withMoments } from './pretraining-batches.ts';
import { behaviourSettings, trunkSettings } from './settings.ts';

const AS_OF = Date.UTC(2024, 0, 1);
const CUSTOMERS = 20;
const FIRST = 100;

function batchesOf() {
  const draws = random(2);
  const events = Array.from({ length: CUSTOMERS }, () =>
    Array.from({ length: 3 + draws.integer(12) }, (_, at) => ({
      ...{ type: 'view', item: `item ${draws.integer(5)}`, category: 'x', priceMinor: 100 },
      timeMs: AS_OF - (40 - at) * DAY_MS,
    })),
  );
  const frame = makeFrame(eventColumnsOf(events, new Float64Array(CUSTOMERS).fill(AS_OF)));
  const rows = Int32Array.from(events.keys());
  const past = pastHistories(frame, learnVocabulary(frame), { rows, most: 32 });
  const settings = trunkSettings(behaviourSettings('test', { length: 16, pretrainBatch: 4 }));
  const plan = planTokens(past.histories, { ...settings, masked: false });
  const next = trainingBatches(plan, past.histories, settings, 7);
  expect(hasMoments(past)).toBe(true);
  return {
    next,
    both: withMoments(next, past, {
      ...{ plan, outlook: outlookOf(past), length: 16, batch: 4, seed: 7, firstBucket: FIRST },
    }),
  };
}

async function taken(batches: Iterable<Batch> | AsyncIterable<Batch>): Promise<Batch[]> {
  const all: Batch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

it('a batch of moments follows each batch of what comes next', async () => {
  const { next, both } = batchesOf();
  const all = await taken(both.batches(0, 0));
  expect(all.filter((_, i) => i % 2 === 0)).toEqual(await taken(next.batches(0, 0)));
  const asked = all.filter((_, i) => i % 2 === 1);
  expect(asked.length).toBe(next.batchesPerEpoch);
  expect(asked.every(({ bucket }) => bucket >= FIRST)).toBe(true);
  expect(asked.some(({ arrays }) => (arrays.flags as Float32Array).some((flag) => flag === 1))).toBe(true);
  // No history is asked twice before each has been asked once.
  const round = asked.slice(0, 5).reduce((sum, { examples = 0 }) => sum + examples, 0);
  expect(round).toBeLessThanOrEqual(CUSTOMERS);
});

it.each([1, 2, 3, 6])('taken up at batch %i an epoch goes on as it would have', async (from) => {
  const { both } = batchesOf();
  const whole = await taken(both.batches(1, 0));
  expect(await taken(both.batches(1, from))).toEqual(whole.slice(from));
  expect(whole).not.toEqual(await taken(both.batches(2, 0)));
});
