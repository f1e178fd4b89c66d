// The kernels: WebAssembly and plain TypeScript give the same bits.
import { describe, expect, it } from 'vitest';
import { random } from '../../../core/random.ts';
import { webAssembly } from '../../../tensor/web-assembly.ts';
import { createGrowKernels } from './create.ts';
import { COLUMN_CELLS, FOUND_LENGTH, type GrowKernels, TERMS, TILE_PITCH } from './kernels.ts';
import type { SharedMemory } from './simd.ts';

type Reserve = new (pages: { initial: number; maximum: number; shared: true }) => SharedMemory;

const ROWS = 501;
const COUNT_BITS = 9;
const STRIDE = 16;
/** Addresses of what the cases work on. */
const AT = {
  ...{ table: 65_536, floats: 80_000, others: 84_000, pairs: 88_000, rows: 96_000, flags: 100_000 },
  ...{ terms: 101_000, found: 102_000, doubles: 103_000, edges: 108_000, left: 112_000, right: 116_000 },
  ...{ tile: 120_000, ordered: 130_000, into: 136_000, spread: 140_000, cells: 200_000, more: 400_000 },
};

/** Runs `work` on both kinds over equal memory. */
function both(work: (kernels: GrowKernels, memory: Memory) => unknown): unknown[] {
  return [true, false].map((simd) => {
    const memory = new (webAssembly.Memory as unknown as Reserve)({ initial: 10, maximum: 10, shared: true });
    const kernels = createGrowKernels(memory, simd);
    expect(kernels.kind).toBe(simd ? 'simd' : 'plain');
    const { buffer } = memory;
    const f64 = new Float64Array(buffer);
    const [f32, i32, u8] = [new Float32Array(buffer), new Int32Array(buffer), new Uint8Array(buffer)];
    const stream = random(7);
    for (let i = 0; i < ROWS * STRIDE; i++) u8[AT.table + i] = stream.integer(i % 3 === 0 ? 255 : 7);
    for (let i = 0; i < ROWS; i++) {
      f32[AT.floats / 4 + i] = stream.normal() * 2 ** (stream.integer(40) - 20);
      f32[AT.others / 4 + i] = stream.uniform();
      i32[AT.pairs / 4 + 2 * i] = stream.integer(2 ** 31) - 2 ** 30;
      i32[AT.pairs / 4 + 2 * i + 1] = stream.integer(2 ** 30);
      i32[AT.rows / 4 + i] = (i * 7) % ROWS;
      f64[AT.doubles / 8 + i] = [Number.NaN, Infinity, -Infinity, -0][i] ?? stream.normal();
    }
    for (let i = 0; i < 256; i++) u8[AT.flags + i] = stream.integer(2);
    return work(kernels, { f64, f32, i32, u8 });
  });
}

interface Memory {
  readonly f64: Float64Array;
  readonly f32: Float32Array;
  readonly i32: Int32Array;
  readonly u8: Uint8Array;
}

/** Counts all rows for 8, 4, 2 and 1 columns. */
function counted(kernels: GrowKernels, cells = AT.cells): void {
  let column = 0;
  for (const width of [8, 4, 2, 1]) {
    const into = cells + column * COLUMN_CELLS * kernels.cellBytes;
    kernels.accumulate(AT.table + column, STRIDE, width, AT.pairs, ROWS, into, COUNT_BITS);
    column += width;
  }
}

const ints = (values: Int32Array, at: number, count: number) => [...values.subarray(at / 4, at / 4 + count)];
const doubles = (values: Float64Array, at: number, count: number) => [
  ...values.subarray(at / 8, at / 8 + count),
];

const CASES: Record<string, (kernels: GrowKernels, memory: Memory) => unknown> = {
  largest: (k) => [0, 1, 2, 3, 5, ROWS].map((count) => k.largest(AT.floats, count)),
  total: (k) => [0, 1, 2, 3, 5, ROWS].map((count) => k.total(AT.floats, count)),
  quantise(k, { i32 }) {
    k.quantise(AT.floats, AT.others, ROWS, 2 ** 9, 2 ** 22, AT.into);
    return ints(i32, AT.into, 2 * ROWS);
  },
  sumPairs(k, { f64 }) {
    k.sumPairs(AT.pairs, 0, ROWS, AT.into);
    k.sumPairs(AT.pairs, AT.rows, 77, AT.into + 16);
    return doubles(f64, AT.into, 4);
  },
  gather(k, { i32 }) {
    k.gather(AT.table, STRIDE, 2, AT.rows, 301, AT.tile, AT.pairs, AT.ordered);
    return [0, TILE_PITCH]
      .map((block) => ints(i32, AT.tile + block, 602))
      .concat([ints(i32, AT.ordered, 602)]);
  },
  accumulate(k, { f64 }) {
    counted(k);
    return Array.from({ length: 15 }, (_, column) => {
      k.unpack(AT.cells + column * COLUMN_CELLS * k.cellBytes, 255, COUNT_BITS, AT.into);
      return doubles(f64, AT.into, 3 * 255);
    });
  },
  'add, subtract and clear'(k, { f64 }) {
    const others = AT.cells + 8 * COLUMN_CELLS * k.cellBytes;
    counted(k);
    k.add(AT.cells, others, 200);
    k.subtract(AT.cells, others, 100);
    k.clear(others, 90 * k.cellBytes);
    return [AT.cells, others].map((cells) => {
      k.unpack(cells, 255, COUNT_BITS, AT.into);
      return doubles(f64, AT.into, 3 * 255);
    });
  },
  scan(k, { f64 }) {
    counted(k);
    k.sumPairs(AT.pairs, 0, ROWS, AT.terms);
    const terms = { rows: ROWS, gradientUnit: 2 ** -30, curvatureUnit: 2 ** -28, ridge: 0.7, minRows: 5 };
    const found: number[][] = [];
    for (const bounded of [0, 1])
      for (const [lasso, minCurvature] of [
        [0, 0],
        [0.4, 3],
      ]) {
        const all = { ...terms, bounded, lasso, minCurvature, lowest: -0.02, highest: 0.03, floor: 1e-9 };
        for (const [name, value] of Object.entries(all))
          f64[AT.terms / 8 + TERMS[name as keyof typeof TERMS]] = value;
        for (let column = 0; column < 15; column++) {
          const cells = AT.cells + column * COLUMN_CELLS * k.cellBytes;
          // Bins of seven values as if the last of them stood for missing ones.
          k.scan(cells, column % 3 === 0 ? 255 : 7, COUNT_BITS, AT.terms, (column % 3) - 1, AT.found);
          found.push(doubles(f64, AT.found, FOUND_LENGTH));
        }
      }
    expect(found.filter(([score]) => score > 0).length).toBeGreaterThan(20);
    return found;
  },
  sigmoid(k, { f64 }) {
    const given = [Number.NaN, Infinity, -Infinity, -0, 0, 1e-300, 745, -745, 36.7, -36.7];
    const stream = random(3);
    for (let i = 0; i < 502; i++) f64[AT.doubles / 8 + i] = given[i] ?? 12 * stream.normal();
    const margins = doubles(f64, AT.doubles, 502);
    k.sigmoid(AT.doubles, 502);
    const rates = doubles(f64, AT.doubles, 502);
    rates.forEach((rate, i) => {
      const truth = 1 / (1 + Math.exp(-margins[i]));
      expect(Number.isNaN(rate)).toBe(Number.isNaN(truth));
      if (Math.abs(margins[i]) < 700) expect(Math.abs(rate - truth)).toBeLessThanOrEqual(2e-15 * truth);
    });
    return rates;
  },
  part(k, { i32 }) {
    const left = k.part(AT.table, STRIDE, AT.flags, AT.rows, 0, 400, AT.left, AT.right);
    const first = [left, ...ints(i32, AT.left, left), ...ints(i32, AT.right, 400 - left)];
    const whole = k.part(AT.table, STRIDE, AT.flags, 0, 100, 400, AT.left, AT.right);
    return [...first, whole, ...ints(i32, AT.left, whole), ...ints(i32, AT.right, 400 - whole)];
  },
  'copy and scatter'(k, { i32 }) {
    k.copy(AT.rows, ROWS, AT.left);
    k.scatter(AT.left, 300, AT.right, 17);
    return ints(i32, AT.right, ROWS);
  },
  bin(k, { f64, u8 }) {
    f64.fill(Infinity, AT.edges / 8, AT.edges / 8 + 255);
    for (let i = 0; i < 253; i++) f64[AT.edges / 8 + i] = (i - 126) / 50;
    k.bin(AT.doubles, ROWS, AT.edges, 253, AT.into, AT.spread, 3);
    const bins = [...u8.subarray(AT.into, AT.into + ROWS)];
    expect(bins.slice(0, 3)).toEqual([254, 253, 0]);
    expect(bins).toEqual(bins.map((_, i) => u8[AT.spread + 3 * i]));
    return bins;
  },
};

describe('the growing kernels', () => {
  it.each(Object.keys(CASES))('%s gives the same bits in WebAssembly and in plain TypeScript', (name) => {
    const [simd, plain] = both(CASES[name]);
    expect(simd).toEqual(plain);
  });
});
