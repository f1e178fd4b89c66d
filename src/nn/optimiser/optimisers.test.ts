// Optimisers against the steps PyTorch takes.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createArena } from '../../tensor/arena.ts';
import { createKernels } from '../../tensor/kernels/create.ts';
import { adagrad } from './adagrad.ts';
import { adamw } from './adamw.ts';
import { createParameterStore, storeBytes } from './parameter-store.ts';
import { rowAdam } from './row-adam.ts';
import { sgd } from './sgd.ts';
import type { ParameterEntry } from './stored-parameter.ts';

interface Course {
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly norms?: readonly number[];
}

/** PyTorch's results; source, command and version are in the file. */
const goldens = JSON.parse(readFileSync(new URL('./goldens.json', import.meta.url), 'utf8')) as {
  readonly optimisers: Readonly<Record<string, Course>>;
  readonly touched: readonly (readonly number[])[];
  readonly rowAdamW: readonly number[];
  readonly sparseAdam: readonly number[];
};
const STEPS = 12;
const [ROWS, WIDTH] = [5, 3];

// The same formulas as in optimiser_goldens.py.
const firstValue = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.cos(i + 1));
const gradientAt = (count: number, t: number) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(1.7 * i + 0.9 * t) * (1 + 0.2 * t));

const entry = (settings: Pick<ParameterEntry, 'rule' | 'weightDecay'>, shape = [7]): ParameterEntry => {
  const count = shape.reduce((product, size) => product * size, 1);
  return { name: 'w', shape, initial: firstValue(count), ...settings };
};

function storeOf(parameter: ParameterEntry, simd = true) {
  const arena = createArena(storeBytes([parameter]));
  return createParameterStore(arena, createKernels(arena, { simd }), [parameter]);
}

/** A dozen single-precision steps, each rounding by up to 6e-8 of numbers near 1; 1.8e-7 is met. */
function expectClose(got: ArrayLike<number>, wanted: readonly number[]): void {
  expect(got.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++)
    expect(Math.abs(got[i] - wanted[i]), `at ${i}`).toBeLessThan(2.5e-7);
}

const RUNS: Record<
  string,
  [Pick<ParameterEntry, 'rule' | 'weightDecay'>, { learningRate: number; clipNorm?: number }]
> = {
  adamw: [{ rule: adamw(), weightDecay: 0.1 }, { learningRate: 0.01 }],
  adamwBetas: [{ rule: adamw({ beta1: 0.8, beta2: 0.95, epsilon: 1e-6 }) }, { learningRate: 0.01 }],
  adamwClipped: [
    { rule: adamw(), weightDecay: 0.1 },
    { learningRate: 0.01, clipNorm: 1.5 },
  ],
  sgd: [{ rule: sgd() }, { learningRate: 0.05 }],
  sgdMomentum: [{ rule: sgd({ momentum: 0.9 }), weightDecay: 0.1 }, { learningRate: 0.05 }],
  sgdNesterov: [{ rule: sgd({ momentum: 0.9, nesterov: true }), weightDecay: 0.1 }, { learningRate: 0.05 }],
  adagrad: [{ rule: adagrad(), weightDecay: 0.1 }, { learningRate: 0.05 }],
};

describe('an optimiser takes the course PyTorch takes', () => {
  it.each(Object.entries(RUNS))('%s', (name, [settings, options]) => {
    const wanted = goldens.optimisers[name];
    const store = storeOf(entry(settings));
    for (let t = 0; t < STEPS; t++) {
      store.addDense('w', gradientAt(7, t));
      const { gradientNorm, clipped } = store.step(options);
      if (t === 0) expectClose(store.value('w'), wanted.first);
      if (wanted.norms) expect(gradientNorm).toBeCloseTo(wanted.norms[t], 5);
      expect(clipped).toBe(options.clipNorm !== undefined && gradientNorm > options.clipNorm);
    }
    expectClose(store.value('w'), wanted.last);
  });

  it('has one for every run that was recorded', () => {
    expect(Object.keys(RUNS)).toEqual(Object.keys(goldens.optimisers));
  });
});

describe('Adam by rows', () => {
  const table = (weightDecay = 0) => storeOf(entry({ rule: rowAdam(), weightDecay }, [ROWS, WIDTH]));
  const rowsOf = (t: number, rows: readonly number[]) =>
    Float32Array.from(
      rows.flatMap((row) => [...gradientAt(ROWS * WIDTH, t).subarray(row * WIDTH, (row + 1) * WIDTH)]),
    );

  it('moves each row as an AdamW of its own that steps when the row is touched (PyTorch)', () => {
    const store = table(0.1);
    goldens.touched.forEach((rows, t) => {
      store.addRows('w', Int32Array.from(rows), rowsOf(t, rows));
      store.step({ learningRate: 0.05 });
    });
    expectClose(store.value('w'), goldens.rowAdamW);
    expect([...store.value('w').subarray(6, 9)], 'row 2 was never touched').toEqual([
      ...firstValue(9).subarray(6),
    ]);
  });

  it('equals PyTorch’s SparseAdam where the same rows come at every step, twice in a batch too', () => {
    const store = table();
    for (let t = 0; t < STEPS; t++) {
      store.addRows('w', Int32Array.of(1, 4, 1), rowsOf(t, [1, 4, 2]));
      store.step({ learningRate: 0.05 });
    }
    expectClose(store.value('w'), goldens.sparseAdam);
  });

  it('takes one learning rate in the first step of a row, however late that comes', () => {
    const store = table();
    const ones = new Float32Array(WIDTH).fill(0.3);
    for (let t = 0; t < 500; t++) {
      store.addRows('w', Int32Array.of(0), ones);
      store.step({ learningRate: 0.01 });
    }
    const before = store.value('w')[4 * WIDTH];
    store.addRows('w', Int32Array.of(4), ones);
    store.step({ learningRate: 0.01 });
    expect(before - store.value('w')[4 * WIDTH]).toBeCloseTo(0.01, 6);
  });
});

describe('SIMD and plain kernels', () => {
  it.each(Object.entries(RUNS))('take the same course to the bit: %s', (_, [settings, options]) => {
    const [simd, plain] = [true, false].map((fast) => {
      const store = storeOf(entry(settings), fast);
      for (let t = 0; t < STEPS; t++) {
        store.addDense('w', gradientAt(7, t));
        store.step(options);
      }
      return store.export();
    });
    expect(plain).toEqual(simd);
  });
});
