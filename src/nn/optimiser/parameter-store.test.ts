// The store: gradients added up, clipped, averaged, saved and restored.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { createArena } from '../../tensor/arena.ts';
import { createKernels } from '../../tensor/kernels/create.ts';
import { adamw } from './adamw.ts';
import { createParameterStore, type StoreOptions, storeBytes } from './parameter-store.ts';
import { rowAdam } from './row-adam.ts';
import { sgd } from './sgd.ts';
import type { ParameterEntry } from './stored-parameter.ts';

const draws = (count: number, seed: number) => {
  const stream = random(seed);
  return Float32Array.from({ length: count }, () => stream.normal());
};

const ENTRIES: readonly ParameterEntry[] = [
  { name: 'head.weight', shape: [3, 5], initial: draws(15, 1), rule: adamw(), weightDecay: 0.1 },
  { name: 'head.bias', shape: [5], initial: draws(5, 2), rule: sgd({ momentum: 0.9 }) },
  { name: 'items', shape: [40, 4], initial: draws(160, 3), rule: rowAdam() },
];

function storeOf(entries = ENTRIES, options: StoreOptions = {}) {
  const arena = createArena(storeBytes(entries, options));
  return createParameterStore(arena, createKernels(arena), entries, options);
}

function feed(store: ReturnType<typeof storeOf>, seed: number): void {
  store.addDense('head.weight', draws(15, seed));
  store.addDense('head.bias', draws(5, seed + 1));
  store.addRows('items', Int32Array.of(7, 39, 7, 0), draws(16, seed + 2));
}

/** Bit for bit; quicker on long arrays than a comparison that can print them. */
const expectSame = (got: Float32Array, wanted: Float32Array) =>
  expect(Buffer.from(got.buffer, got.byteOffset, got.byteLength).equals(Buffer.from(wanted.buffer))).toBe(
    true,
  );

describe('the parameter store', () => {
  it('takes exactly the arena it said it would', () => {
    const entries = [...ENTRIES, { ...ENTRIES[2], name: 'wide', shape: [2, 80], touchedRows: 1 }];
    for (const averageDecay of [undefined, 0.9]) {
      const arena = createArena(storeBytes(entries, { averageDecay }));
      createParameterStore(arena, createKernels(arena), entries, { averageDecay });
      expect(arena.bytesUsed).toBe(storeBytes(entries, { averageDecay }));
    }
  });

  it('adds micro-batches up and divides by their number: three of them move it as their mean does', () => {
    const [parts, whole] = [storeOf(), storeOf()];
    const batches = [draws(15, 10), draws(15, 11), draws(15, 12)];
    for (const batch of batches) parts.addDense('head.weight', batch);
    whole.addDense(
      'head.weight',
      batches[0].map((x, i) => Math.fround(Math.fround(x + batches[1][i]) + batches[2][i])),
    );
    for (const store of [parts, whole]) store.addDense('head.bias', Float32Array.of(3, 6, 9, 0, 0));
    const bias = parts.value('head.bias').slice();
    const report = parts.step({ learningRate: 0.1, divisor: 3 });
    expect(report).toEqual(whole.step({ learningRate: 0.1, divisor: 3 }));
    expect(parts.export()).toEqual(whole.export());
    const mean = batches[0].map((x, i) => (x + batches[1][i] + batches[2][i]) / 3);
    expect(report.gradientNorm).toBeCloseTo(Math.hypot(...mean, 1, 2, 3), 5);
    const moved = parts.value('head.bias').map((x, i) => bias[i] - x);
    for (const [i, way] of [0.1, 0.2, 0.3, 0, 0].entries()) expect(moved[i]).toBeCloseTo(way, 6);
  });

  it('copies the first gradient over whatever the last step left', () => {
    const store = storeOf();
    feed(store, 5);
    store.step({ learningRate: 0.1 });
    store.addDense('head.bias', Float32Array.of(1, 2, 3, 4, 5));
    expect([...store.gradient('head.bias')]).toEqual([1, 2, 3, 4, 5]);
    store.zero();
    store.addRows(
      'head.weight',
      Int32Array.of(2, 0, 2),
      Float32Array.from({ length: 15 }, (_, i) => i),
    );
    expect([...store.gradient('head.weight')]).toEqual([5, 6, 7, 8, 9, 0, 0, 0, 0, 0, 10, 12, 14, 16, 18]);
  });

  it('takes a gradient written straight into its own memory, once a step', () => {
    const store = storeOf();
    const own = store.gradient('head.bias');
    own.set([1, 2, 3, 4, 5]);
    store.addDense('head.bias', own);
    expect(store.gradientNorm()).toBeCloseTo(Math.sqrt(55), 12);
    expect(() => store.addDense('head.bias', own)).toThrow('micro-batches after the first in other memory');
  });

  it('keeps each touched row once, its duplicates added in order (brute force)', () => {
    const rows = fc.array(fc.nat(39), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.array(rows, { minLength: 1, maxLength: 3 }), fc.nat(1000), (batches, seed) => {
        const store = storeOf();
        const sums = new Map<number, Float32Array>();
        batches.forEach((indices, b) => {
          const values = draws(indices.length * 4, seed + b);
          store.addRows('items', Int32Array.from(indices), values);
          indices.forEach((row, i) => {
            const sum = sums.get(row) ?? new Float32Array(4);
            for (let j = 0; j < 4; j++) sum[j] += values[i * 4 + j];
            sums.set(row, sum);
          });
        });
        expect([...store.gradient('items')]).toEqual([...sums.values()].flatMap((sum) => [...sum]));
        const before = store.value('items').slice();
        const { gradientNorm } = store.step({ learningRate: 0.01 });
        expect(gradientNorm).toBeCloseTo(Math.hypot(...[...sums.values()].flatMap((sum) => [...sum])), 8);
        const moved = Array.from({ length: 40 }, (_, row) => row).filter((row) =>
          before.subarray(row * 4, row * 4 + 4).some((x, j) => x !== store.value('items')[row * 4 + j]),
        );
        expect(moved).toEqual([...sums.keys()].sort((a, b) => a - b));
        expect(store.gradient('items')).toHaveLength(0);
      }),
      { numRuns: 40 },
    );
  });

  it('clips the norm of all parameters together, without moving what lies within', () => {
    const store = storeOf();
    store.addDense('head.bias', Float32Array.of(3, 0, 0, 0, 0));
    store.addRows('items', Int32Array.of(1, 1), Float32Array.of(2, 0, 0, 0, 2, 0, 0, 0));
    const bias = store.value('head.bias')[0];
    expect(store.step({ learningRate: 1, clipNorm: 2.5 })).toEqual({
      gradientNorm: 5,
      clipped: true,
      applied: true,
    });
    expect(bias - store.value('head.bias')[0]).toBeCloseTo(1.5, 5);
    store.addDense('head.bias', Float32Array.of(1, 0, 0, 0, 0));
    expect(store.step({ learningRate: 1, clipNorm: 2.5 }).clipped).toBe(false);
  });

  it('resumes bit for bit from a copy of its state', () => {
    const options = { averageDecay: 0.99 };
    const [straight, broken] = [storeOf(ENTRIES, options), storeOf(ENTRIES, options)];
    for (let t = 0; t < 9; t++) {
      feed(straight, t);
      straight.step({ learningRate: 0.01, clipNorm: 1 });
    }
    for (let t = 0; t < 4; t++) {
      feed(broken, t);
      broken.step({ learningRate: 0.01, clipNorm: 1 });
    }
    const saved = broken.export();
    feed(broken, 99);
    broken.step({ learningRate: 1 });
    const resumed = storeOf(
      ENTRIES.map((entry) => ({ ...entry, initial: entry.initial.map(() => 7) })),
      options,
    );
    feed(resumed, 98);
    resumed.restore(saved);
    expect(resumed.steps).toBe(4);
    for (let t = 4; t < 9; t++) {
      feed(resumed, t);
      resumed.step({ learningRate: 0.01, clipNorm: 1 });
    }
    expect(resumed.export()).toEqual(straight.export());
  });

  it('refuses a state of another model or optimiser', () => {
    const store = storeOf();
    const saved = store.export();
    const { 'm.items': _, ...without } = saved;
    expect(() => store.restore(without)).toThrow('"m.items": expected 160 numbers, got none');
    expect(() => store.restore({ ...saved, 'value.items': new Float64Array(160) })).toThrow(
      '"value.items": expected',
    );
    expect(() => store.restore({ ...saved, steps: new Float32Array(1) })).toThrow(
      'expected 1 integers, got 1 numbers',
    );
  });

  it('averages weights as written down, and exchanges them for a look and back', () => {
    const store = storeOf(ENTRIES, { averageDecay: 0.5 });
    const averages = { 'head.weight': ENTRIES[0].initial.slice(), 'head.bias': ENTRIES[1].initial.slice() };
    for (let t = 0; t < 6; t++) {
      // the bias rests now and then: its average goes on towards it
      store.addDense('head.weight', draws(15, t));
      if (t % 2 === 0) store.addDense('head.bias', draws(5, t));
      store.step({ learningRate: 0.1 });
      const rate = 1 - Math.min(0.5, (1 + t) / (10 + t));
      for (const [name, average] of Object.entries(averages)) {
        store.value(name).forEach((x, i) => {
          average[i] += rate * (x - average[i]);
        });
      }
    }
    const live = store.value('head.weight');
    const weights = live.slice();
    store.swapAverages();
    for (const [name, average] of Object.entries(averages)) {
      store.value(name).forEach((x, i) => void expect(x).toBeCloseTo(average[i], 5));
    }
    expect(() => store.step({ learningRate: 0.1 })).toThrow('call swapAverages first');
    expect(() => store.export()).toThrow('call swapAverages first');
    store.swapAverages();
    expect(live).toEqual(weights);
    expect(() => storeOf().swapAverages()).toThrow('create the store with averageDecay');
  });

  it('moves nothing when the norm is no number, and names the first bad one', () => {
    const store = storeOf();
    feed(store, 1);
    store.addDense('head.bias', Float32Array.of(0, 0, 0, Number.NaN, 0));
    const before = store.value('head.weight').slice();
    expect(store.step({ learningRate: 0.1 })).toMatchObject({ gradientNorm: Number.NaN, applied: false });
    expect(store.value('head.weight')).toEqual(before);
    expect(store.firstNonFinite()).toEqual({ name: 'head.bias', part: 'gradient', index: 3 });
    store.zero();
    expect([store.steps, store.firstNonFinite()]).toEqual([0, undefined]);
    store.value('items')[42] = Number.POSITIVE_INFINITY;
    expect(store.firstNonFinite()).toEqual({ name: 'items', part: 'value', index: 42 });
  });

  it('leaves a parameter without a gradient alone, its decay and step count too', () => {
    const store = storeOf();
    store.addDense('head.bias', draws(5, 1));
    store.step({ learningRate: 0.1 });
    expect(store.value('head.weight')).toEqual(ENTRIES[0].initial);
    expect([...store.state()['steps.head.weight'], ...store.state()['steps.head.bias']]).toEqual([0, 1]);
  });

  it('multiplies the rate of a parameter by its own factor', () => {
    const [plain, tenfold] = [1, 10].map((rateMultiplier) => {
      const store = storeOf([{ ...ENTRIES[1], rateMultiplier }]);
      store.addDense('head.bias', new Float32Array(5).fill(1));
      store.step({ learningRate: 0.01 });
      return ENTRIES[1].initial[0] - store.value('head.bias')[0];
    });
    expect(tenfold / plain).toBeCloseTo(10, 4);
  });

  it('lets a transform see each parameter once a micro-batch: one bad example cannot outweigh its bound', () => {
    const bound = 0.5;
    const tied = storeOf([{ ...ENTRIES[2], rule: adamw() }, ENTRIES[1]]);
    const norms: number[] = [];
    for (let example = 0; example < 4; example++) {
      const gradients = [
        { name: 'items', values: draws(160, example) },
        { name: 'items', indices: Int32Array.of(3, 3, 3), values: new Float32Array(12).fill(5) },
        { name: 'head.bias', values: draws(5, example) },
      ];
      tied.add(gradients, (merged) => {
        expect(merged.map(({ name }) => name)).toEqual(['items', 'head.bias']);
        const norm = Math.hypot(...merged.flatMap(({ values }) => [...values]));
        norms.push(norm);
        for (const { values } of merged) values.set(values.map((x) => (x * bound) / norm));
      });
      expect(tied.gradientNorm()).toBeLessThanOrEqual(bound * (example + 1) + 1e-6);
    }
    expect(Math.min(...norms)).toBeGreaterThan(30);
    const halves = storeOf();
    halves.add(
      [ENTRIES[1], ENTRIES[1]].map(({ name, initial }) => ({ name, values: initial.slice() })),
      () => {},
    );
    expect(halves.gradient('head.bias')).toEqual(ENTRIES[1].initial.map((x) => 2 * x));
    const rows = storeOf();
    const twice = {
      name: 'items',
      indices: Int32Array.of(9, 2, 9),
      values: Float32Array.from({ length: 12 }, (_, i) => i),
    };
    rows.add([twice, { ...twice, values: twice.values.slice() }], ([merged]) => {
      expect(merged).toEqual({
        name: 'items',
        indices: Int32Array.of(9, 2),
        values: Float32Array.of(16, 20, 24, 28, 8, 10, 12, 14),
      });
    });
    expect([...rows.gradient('items')]).toEqual([16, 20, 24, 28, 8, 10, 12, 14]);
  });

  it('says what does not fit', () => {
    const store = storeOf([...ENTRIES.slice(0, 2), { ...ENTRIES[2], touchedRows: 2 }]);
    const one = new Float32Array(4);
    expect(() => store.value('tail')).toThrow('expected one of 3 trained parameters, got "tail"');
    expect(() => store.addDense('head.bias', one)).toThrow(
      'gradient of "head.bias": expected 5 numbers [5], got 4',
    );
    expect(() => store.addDense('items', draws(160, 1))).toThrow('expected rows, got a dense gradient');
    expect(() => store.addRows('items', Int32Array.of(40), one)).toThrow('indices in [0, 40), got 40 at 0');
    expect(() => store.addRows('items', Int32Array.of(-1), one)).toThrow('got -1 at 0');
    expect(() => store.addRows('items', Int32Array.of(1, 2), one)).toThrow(
      'expected [rows=2, width=4], got 4',
    );
    store.addRows('items', Int32Array.of(1), one);
    expect(() => store.addRows('items', Int32Array.of(1, 2, 3), draws(12, 1))).toThrow(
      'touched more than 2 rows',
    );
    expect(store.gradient('items'), 'the batch that did not fit left nothing').toHaveLength(4);
    expect(() => storeOf([ENTRIES[1], ENTRIES[1]])).toThrow('"head.bias" comes twice');
    expect(() => storeOf([{ ...ENTRIES[1], shape: [6] }])).toThrow('expected 6 numbers [6], got 5');
  });

  it('passes long gradients through in pieces', () => {
    const count = 150_001;
    const entry = { name: 'w', shape: [count], initial: new Float32Array(count), rule: sgd() };
    const tall = { name: 't', shape: [70_000, 3], initial: new Float32Array(210_000), rule: sgd() };
    const store = storeOf([entry, tall]);
    for (const seed of [1, 2]) store.addDense('w', draws(count, seed));
    const [first, second] = [draws(count, 1), draws(count, 2)];
    expectSame(
      store.gradient('w'),
      first.map((x, i) => x + second[i]),
    );
    const indices = Int32Array.from({ length: 70_000 }, (_, i) => (i * 7) % 100);
    const values = draws(210_000, 3);
    store.addRows('t', indices, values);
    const sums = new Float32Array(210_000);
    indices.forEach((row, i) => {
      for (let j = 0; j < 3; j++) sums[row * 3 + j] += values[i * 3 + j];
    });
    expectSame(store.gradient('t'), sums);
  });
});
