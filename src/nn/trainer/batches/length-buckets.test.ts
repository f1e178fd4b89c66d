// Batches by length: every row once, short padding, an order that is a function of seed and epoch.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketedBatches, lengthBuckets } from './length-buckets.ts';

const BUCKETS = [4, 8, 16, 50];

describe('length buckets', () => {
  it('hold every row exactly once an epoch, in the shortest bucket that takes it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 80 }), { maxLength: 200 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (lengths, batchSize, shuffle) => {
          const plan = lengthBuckets(lengths, { buckets: BUCKETS, batchSize, seed: 5, shuffle });
          const batches = plan.epoch(2);
          expect(batches).toHaveLength(plan.batchesPerEpoch);
          const rows = batches.flatMap((batch) => {
            expect(batch.rows).toHaveLength(batchSize);
            expect(batch.length).toBe(BUCKETS[batch.bucket]);
            expect(Array.from(batch.weights)).toEqual(
              Array.from({ length: batchSize }, (_, i) => (i < batch.count ? 1 : 0)),
            );
            for (const row of batch.rows) {
              const fits = BUCKETS.findIndex((length) => (lengths[row] as number) <= length);
              expect(batch.bucket).toBe(fits < 0 ? 3 : fits);
            }
            return Array.from(batch.rows.subarray(0, batch.count));
          });
          expect(rows.sort((a, b) => a - b)).toEqual([...lengths.keys()]);
        },
      ),
    );
  });

  it('are mixed anew each epoch, and the same way each time', () => {
    const lengths = Array.from({ length: 300 }, (_, row) => row % 60);
    const plan = lengthBuckets(lengths, { buckets: BUCKETS, batchSize: 16, seed: 5 });
    expect(plan.epoch(1)).toEqual(plan.epoch(1));
    expect(plan.epoch(1)).not.toEqual(plan.epoch(0));
    expect(lengthBuckets(lengths, { buckets: BUCKETS, batchSize: 16, seed: 6 }).epoch(1)).not.toEqual(
      plan.epoch(1),
    );
    const order = plan.epoch(0).map(({ bucket }) => bucket);
    expect(order).not.toEqual(order.toSorted());
  });

  it('in the order of the data when not shuffled', () => {
    const plan = lengthBuckets([9, 2, 9, 3, 1], {
      buckets: BUCKETS,
      batchSize: 2,
      seed: 5,
      shuffle: false,
    });
    expect(plan.epoch(0).map(({ rows, count }) => Array.from(rows.subarray(0, count)))).toEqual([
      [1, 3],
      [4],
      [0, 2],
    ]);
  });

  it('give a source that can be entered anywhere', () => {
    const plan = lengthBuckets([9, 2, 9, 3, 1], { buckets: BUCKETS, batchSize: 2, seed: 5 });
    const source = bucketedBatches(plan, ({ rows }) => ({ rows }));
    const all = [...(source.batches(3, 0) as Iterable<unknown>)];
    expect(all).toHaveLength(3);
    expect([...(source.batches(3, 2) as Iterable<unknown>)]).toEqual(all.slice(2));
  });

  it.each([0, -1, 1.5, Number.NaN])('refuse batches of %s rows', (batchSize) => {
    expect(() => lengthBuckets([1, 2], { buckets: [2], batchSize, seed: 1 })).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
  });

  it('must grow', () => {
    expect(() => lengthBuckets([1], { buckets: [8, 8], batchSize: 1, seed: 0 })).toThrow(
      'expected bucket lengths that grow from 1, got [8, 8]',
    );
  });
});
