// Dropout masks cut at random places from one pool of drawn zeros and ones: they cost a step nothing.

import { random } from '../../core/random.ts';
import { type Arena, arenaBytes } from '../../tensor/arena.ts';
import { volume } from '../../tensor/type.ts';
import type { MaskSpec } from '../module.ts';

/** A cache line of floats: where a mask may begin. */
const STRIDE = 16;
/** 2¹⁸ floats, 1 MB: even the masks of a small model begin at one of thousands of places. */
const LEAST_SLACK = 262_144;

/** Which micro-batch a mask is for: together with the seed this is all that decides its numbers. */
export interface MaskMoment {
  /** The pool is drawn anew for each. */
  readonly epoch: number;
  /** Steps taken before this one. */
  readonly step: number;
  readonly microBatch: number;
}

export interface MaskPool {
  /**
   * A mask for each spec, by name: 0, or 1 / (1 − rate). They are views of the pool, whose numbers stay as they are
   * until masks of another epoch are asked for.
   */
  cut(masks: readonly MaskSpec[], moment: MaskMoment): Readonly<Record<string, Float32Array<ArrayBuffer>>>;
}

/** Bytes of arena a pool for these masks takes. */
export function maskPoolBytes(masks: readonly MaskSpec[]): number {
  return arenaBytes([...poolLengths(masks).values()]);
}

/** Rate → floats in its pool: twice the largest mask, so that two masks of one step seldom overlap by much. */
function poolLengths(masks: readonly MaskSpec[]): ReadonlyMap<number, number> {
  const largest = new Map<number, number>();
  for (const { rate, shape } of masks)
    largest.set(rate, Math.max(largest.get(rate) ?? 0, Math.ceil(volume(shape) / STRIDE) * STRIDE));
  return new Map([...largest].map(([rate, count]) => [rate, count + Math.max(count, LEAST_SLACK)]));
}

/** A pool for each rate among `masks`, in the arena so that onnxruntime reads masks where they lie. */
export function createMaskPool(arena: Arena, masks: readonly MaskSpec[], seed: number): MaskPool {
  const pools = new Map([...poolLengths(masks)].map(([rate, count]) => [rate, arena.floats(count)]));
  const draws = random(seed).fork('dropout');
  let filled = -1;
  const refill = (epoch: number): void => {
    for (const [rate, pool] of pools) fill(pool, rate, draws.fork(`epoch ${epoch} rate ${rate}`).uniform);
    filled = epoch;
  };
  return {
    cut(wanted, { epoch, step, microBatch }) {
      if (wanted.length > 0 && filled !== epoch) refill(epoch);
      const places = draws.fork(`step ${step} micro-batch ${microBatch}`);
      return Object.fromEntries(
        wanted.map(({ name, shape, rate }) => {
          const pool = pools.get(rate) as Float32Array<ArrayBuffer>;
          const count = volume(shape);
          const start = STRIDE * places.integer(Math.floor((pool.length - count) / STRIDE) + 1);
          return [name, pool.subarray(start, start + count)];
        }),
      );
    },
  };
}

function fill(pool: Float32Array, rate: number, uniform: () => number): void {
  const kept = 1 / (1 - rate);
  for (let i = 0; i < pool.length; i++) pool[i] = uniform() < rate ? 0 : kept;
}
