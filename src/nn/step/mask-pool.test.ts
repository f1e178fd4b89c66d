// Dropout masks: the share that was asked for, where onnxruntime can read them, and a function of the moment alone.

import { describe, expect, it } from 'vitest';
import { createArena } from '../../tensor/arena.ts';
import { createMaskPool, maskPoolBytes } from './mask-pool.ts';

const MASKS = [
  { name: 'a', shape: [64, 100], rate: 0.2 },
  { name: 'b', shape: [64, 100], rate: 0.2 },
  { name: 'c', shape: [30, 7], rate: 0.5 },
] as const;

const poolOf = (seed: number) => {
  const arena = createArena(maskPoolBytes(MASKS));
  return { arena, pool: createMaskPool(arena, MASKS, seed) };
};
const moment = { epoch: 0, step: 3, microBatch: 0 };

describe('a mask pool', () => {
  it('drops the share it was told and scales up the rest, so that the mean stays', () => {
    const { a, c } = poolOf(1).pool.cut(MASKS, moment);
    expect(new Set(a)).toEqual(new Set([0, Math.fround(1 / 0.8)]));
    expect(new Set(c)).toEqual(new Set([0, 2]));
    // 6,400 draws with a standard deviation of .4: four standard errors
    const dropped = a.filter((value) => value === 0).length / a.length;
    expect(Math.abs(dropped - 0.2)).toBeLessThan((4 * 0.4) / 80);
  });

  it('lies in the arena, every mask on a cache line and of its own', () => {
    const { arena, pool } = poolOf(1);
    const { a, b, c } = pool.cut(MASKS, moment);
    for (const mask of [a, b, c]) {
      expect(mask.buffer).toBe(arena.memory.buffer);
      expect(mask.byteOffset % 64).toBe(0);
    }
    expect(a.byteOffset).not.toBe(b.byteOffset);
    expect(a).not.toEqual(b);
  });

  it('is a function of seed, epoch, step and micro-batch, whatever was cut before', () => {
    const { pool } = poolOf(1);
    const copy = (cut: ReturnType<typeof pool.cut>) => structuredClone({ ...cut, a: cut.a.slice() }).a;
    const first = copy(pool.cut(MASKS, moment));
    const others = [
      { ...moment, epoch: 1 },
      { ...moment, step: 4 },
      { ...moment, microBatch: 1 },
    ].map((other) => copy(pool.cut(MASKS, other)));
    for (const other of others) expect(other).not.toEqual(first);
    expect(copy(pool.cut(MASKS, moment))).toEqual(first);
    expect(copy(poolOf(1).pool.cut(MASKS, moment))).toEqual(first);
    expect(copy(poolOf(2).pool.cut(MASKS, moment))).not.toEqual(first);
  });
});
