// The kernels: SIMD and plain TypeScript give the same bits, and both what the formulas say.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { random } from '../../core/random.ts';
import { type Arena, createArena } from '../arena.ts';
import { webAssembly } from '../web-assembly.ts';
import { createKernels } from './create.ts';
import type { Kernels } from './kernels.ts';

const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 64, 1003];
const ADAMW = {
  ...{ gradientScale: 0.37, beta1: 0.9, rest1: 0.1, beta2: 0.999, rest2: 0.001, epsilon: 1e-8 },
  ...{ stepSize: 0.0123, correction: 3.3, keep: 0.9999, averageRate: 0.03 },
};

/** Ordinary numbers with the awkward ones among them: both zeros, subnormals, huge ones, and if asked NaN and infinity. */
function awkward(values: Float32Array, seed: number, bounded = false): Float32Array {
  const stream = random(seed);
  const odd = [0, -0, 1e-45, -3e-42, 1.1754942e-38, 3.4e38, -3.4e38, 1e-20, Infinity, -Infinity, NaN];
  const usable = bounded ? odd.slice(0, 8) : odd;
  for (let i = 0; i < values.length; i++) {
    const exponent = stream.integer(5) === 0 ? stream.integer(60) - 30 : 0;
    values[i] =
      stream.integer(6) === 0 ? usable[stream.integer(usable.length)] : stream.normal() * 2 ** exponent;
  }
  return values;
}

/** Runs `work` on SIMD and on plain kernels over equal arrays; gives both outcomes, NaN as one value. */
function both(
  lengths: readonly number[],
  work: (kernels: Kernels, arrays: Float32Array[], arena: Arena) => unknown,
) {
  return [true, false].map((simd) => {
    const arena = createArena(200_000);
    const kernels = createKernels(arena, { simd });
    expect(kernels.kind).toBe(simd ? 'simd' : 'plain');
    const arrays = lengths.map((length, i) => awkward(arena.floats(length), 17 * length + i));
    const answer = work(kernels, arrays, arena);
    return { answer, bits: arrays.map(bitsOf) };
  });
}

const bitsOf = (values: Float32Array) =>
  Array.from(new Uint32Array(values.buffer, values.byteOffset, values.length), (bits, i) =>
    Number.isNaN(values[i]) ? 'NaN' : bits,
  );

const CASES: Record<string, (kernels: Kernels, arrays: Float32Array[], arena: Arena) => unknown> = {
  adamw: (k, [value, gradient, m, v]) => k.adamw({ value, gradient, m, v }, ADAMW),
  adamwAveraged: (k, [value, gradient, m, v, average]) =>
    k.adamwAveraged({ value, gradient, m, v, average }, ADAMW),
  sgd: (k, [value, gradient, velocity]) =>
    k.sgd(
      { value, gradient, velocity },
      { gradientScale: 0.7, decay: 0.01, momentum: 0.9, rate: 0.1, nesterov: false },
    ),
  nesterov: (k, [value, gradient, velocity]) =>
    k.sgd(
      { value, gradient, velocity },
      { gradientScale: 0.7, decay: 0.01, momentum: 0.9, rate: 0.1, nesterov: true },
    ),
  adagrad: (k, [value, gradient, squares]) =>
    k.adagrad({ value, gradient, squares }, { gradientScale: 0.7, decay: 0.01, epsilon: 1e-10, rate: 0.1 }),
  accumulate: (k, [into, from]) => k.accumulate(into, from),
  scale: (k, [values]) => k.scale(values, 1 / 3),
  fill: (k, [values]) => k.fill(values, 1 / 3),
  follow: (k, [average, value]) => k.follow(average, value, 0.001),
  sumOfSquares: (k, [values]) => k.sumOfSquares(values),
  firstNonFinite: (k, [values]) => k.firstNonFinite(values),
};

describe('the kernels', () => {
  for (const [name, work] of Object.entries(CASES)) {
    it(`${name}: WebAssembly and plain TypeScript give the same bits at every length`, () => {
      for (const length of LENGTHS) {
        const [simd, plain] = both([length, length, length, length, length], work);
        expect(plain, `length ${length}`).toEqual(simd);
      }
    });
  }

  it('rowAdam and addRows give the same bits, leave other rows alone and add an index that comes twice twice', () => {
    for (const width of [1, 3, 4, 64]) {
      const [simd, plain] = both([9 * width, 9 * width, 9 * width, 3 * width, 3, 3], (k, arrays, arena) => {
        const [value, m, v, gradient, stepSizes, corrections] = arrays;
        const rows = arena.ints(3);
        rows.set([7, 0, 4]);
        const untouched = bitsOf(value.subarray(width, 4 * width));
        k.rowAdam({ value, m, v, width, rows, gradient, stepSizes, corrections }, ADAMW);
        expect(bitsOf(value.subarray(width, 4 * width))).toEqual(untouched);
        rows.set([8, 1, 8]);
        k.addRows(value, rows, gradient, width);
      });
      expect(plain, `width ${width}`).toEqual(simd);
    }
    const arena = createArena(1000);
    const [table, rows, indices] = [arena.floats(6), arena.floats(6), arena.ints(3)];
    rows.set([1, 2, 10, 20, 100, 200]);
    indices.set([2, 0, 2]);
    createKernels(arena).addRows(table, indices, rows, 2);
    expect([...table]).toEqual([10, 20, 0, 0, 101, 202]);
  });

  it('sums squares without overflow, and finds the first number that is none', () => {
    const arena = createArena(10_000);
    const kernels = createKernels(arena);
    const values = arena.floats(1001).fill(3e38);
    expect(kernels.sumOfSquares(values) / (1001 * Math.fround(3e38) ** 2)).toBeCloseTo(1, 12);
    for (const at of [0, 5, 15, 16, 63, 1000]) {
      for (const bad of [Number.NaN, Number.NEGATIVE_INFINITY]) {
        values[at] = bad;
        expect(kernels.firstNonFinite(values)).toBe(at);
      }
      values[at] = 1;
    }
    expect(kernels.firstNonFinite(values)).toBe(-1);
  });

  it('never writes past the end of its arrays', () => {
    const [simd] = both([40, 40, 40, 40, 40], (k, arrays) => {
      const inner = arrays.map((array) => array.subarray(4, 15));
      const around = () => arrays.map((array) => [bitsOf(array.subarray(0, 4)), bitsOf(array.subarray(15))]);
      const before = around();
      for (const work of Object.values(CASES)) work(k, inner, undefined as never);
      expect(around()).toEqual(before);
    });
    expect(simd.bits).toHaveLength(5);
  });

  it('works above 2 GB, where a signed address would be negative', () => {
    const arena = createArena(2.1 * 2 ** 30);
    arena.floats(2 ** 29);
    const kernels = createKernels(arena);
    const [into, from] = [arena.floats(11).fill(1), arena.floats(11).fill(2)];
    expect(into.byteOffset).toBeGreaterThan(2 ** 31);
    kernels.accumulate(into, from);
    expect([kernels.kind, kernels.sumOfSquares(into)]).toEqual(['simd', 99]);
  });

  it('refuses an array outside its arena, or one too short', () => {
    const arena = createArena(1000);
    const kernels = createKernels(arena);
    expect(() => kernels.accumulate(arena.floats(4), new Float32Array(4))).toThrow('outside its arena');
    expect(() => kernels.accumulate(arena.floats(4), arena.floats(3))).toThrow('3 elements for 4');
  });
});

describe('where WebAssembly SIMD is missing', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('plain TypeScript steps in', () => {
    vi.spyOn(webAssembly, 'validate').mockReturnValue(false);
    expect(createKernels(createArena(64)).kind).toBe('plain');
  });
});
