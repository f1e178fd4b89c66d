// Every text runs once, nothing is cut, and padding stays small.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fullBatch, planBatches } from './batch-plan.ts';

const lengthsOf = (greatest: number) =>
  fc.array(fc.integer({ min: 0, max: greatest }), { maxLength: 400 }).map((list) => Int32Array.from(list));

describe('planBatches', () => {
  it('puts each text into one batch that is long enough and has room', () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 3, max: 300 })
          .chain((greatest) => fc.tuple(lengthsOf(greatest), fc.constant(greatest))),
        ([lengths, greatest]) => {
          const plan = planBatches(lengths, greatest);
          const seen = plan.flatMap(({ rows }) => [...rows]);
          expect([...seen].sort((a, b) => a - b)).toEqual(Array.from(lengths, (_, i) => i));
          for (const { batch, time, rows } of plan) {
            expect(rows.length).toBeGreaterThan(0);
            expect(rows.length).toBeLessThanOrEqual(batch);
            expect(batch).toBeLessThanOrEqual(Math.max(1, fullBatch(time)));
            expect(time).toBeLessThanOrEqual(greatest);
            for (const row of rows) expect(lengths[row]).toBeLessThanOrEqual(time);
          }
        },
      ),
    );
  });

  it('compiles few programs, and pads little where there are many texts', () => {
    const lengths = Int32Array.from({ length: 20_000 }, (_, i) => 5 + ((i * 7919) % 60));
    const plan = planBatches(lengths, 256);
    const shapes = new Set(plan.map(({ batch, time }) => `${batch}×${time}`));
    expect(shapes.size).toBeLessThanOrEqual(6);
    const run = plan.reduce((sum, { batch, time }) => sum + batch * time, 0);
    const real = lengths.reduce((a, b) => a + b, 0);
    expect(real / run).toBeGreaterThan(0.75);
  });

  it('reads a few texts of many lengths with one program, and one text with one row', () => {
    expect(planBatches(Int32Array.from([4, 20, 30, 45]), 256)).toMatchObject([{ batch: 4, time: 48 }]);
    expect(planBatches(Int32Array.from([9]), 256)).toMatchObject([{ batch: 1, time: 16 }]);
    expect(planBatches(new Int32Array(0), 256)).toEqual([]);
  });
});
