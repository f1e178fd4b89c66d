// Networks made smaller: what lies on disk, what is read back, and that answers are those of the weights as rounded.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silent } from '../../../core/progress.ts';
import { takeSequences } from '../../../core/sequences.ts';
import { toInt8 } from '../../../nn/compress/int8-weights.ts';
import type { SavedModel } from '../../estimator.ts';
import { loadNextItemModel, mixture, repeatsLearned } from '../catalogue.ts';
import { itemKnn } from '../classical/item-knn.ts';
import { lastItemCases, madeUpSequences } from '../made-up-sequences.ts';
import type { Compression, NextItemModel } from '../recommender.ts';
import { transformerWith } from '../transformer/transformer.ts';

const RUN = { seed: 3, threads: 1, progress: silent };
const ITEMS = 120;
const train = madeUpSequences({ sessions: 500, items: ITEMS, seed: 5, signal: true });
const { before, targets } = lastItemCases(train);
const asked = takeSequences(
  before,
  Int32Array.from({ length: 60 }, (_, row) => row),
);
const SETTINGS = { width: 32, blocks: 1, dropout: 0, epochs: 12, learningRate: 0.005, batch: 64, length: 10 };

const bytesOf = ({ arrays = {} }: SavedModel): number =>
  Object.entries(arrays)
    .filter(([key]) => key.includes('member.'))
    .reduce((sum, [, array]) => sum + array.byteLength, 0);

const hits = (scores: Float32Array): number =>
  Array.from({ length: 60 }, (_, row) => {
    const own = scores.subarray(row * ITEMS, (row + 1) * ITEMS);
    return own.filter((score) => score >= own[targets[row]]).length <= 3;
  }).filter(Boolean).length;

/** The network as saved, with matrices changed by hand. */
function withMatrices(
  saved: SavedModel,
  change: (weights: Float32Array, key: string) => Float32Array,
): NextItemModel {
  const arrays = Object.entries(saved.arrays ?? {}).map(([key, array]) => [
    key,
    array instanceof Float32Array && key.startsWith('member.') ? change(array.slice(), key) : array,
  ]);
  return loadNextItemModel({ ...saved, arrays: Object.fromEntries(arrays) });
}

describe('a compressed network', () => {
  let model: NextItemModel;
  let saved: SavedModel;
  let scores: Float32Array;
  const compressed = (how: Compression) =>
    (model.compressed as NonNullable<NextItemModel['compressed']>)(how);

  beforeAll(async () => {
    model = await transformerWith(SETTINGS).fit(train, undefined, RUN);
    saved = model.save();
    scores = await model.score(asked);
  });
  afterAll(async () => model.close?.());

  it('is a quarter as large in 8 bits, ranks as well, and is the same when it is read back', async () => {
    const small = compressed({ bits: 8, sparsity: 0 });
    const rest = small.save();
    expect(bytesOf(rest)).toBeLessThan(0.45 * bytesOf(saved));
    const own = await small.score(asked);
    expect(hits(own)).toBeGreaterThanOrEqual(hits(scores) - 2);
    expect(hits(scores)).toBeGreaterThan(30);
    const back = loadNextItemModel(rest);
    const again = await back.score(asked);
    again.forEach((score, at) => {
      expect(score).toBeCloseTo(own[at], 4);
    });
    expect(bytesOf(back.save())).toBe(bytesOf(rest));
    // All else that is told of it stays as it was.
    expect(back.save().state).toEqual({ ...(saved.state as object), compressed: { bits: 8, sparsity: 0 } });
    await small.close?.();
    await back.close?.();
  });

  it('answers as floats of the same rounded weights do, but for the rounding of what they meet', async () => {
    const small = compressed({ bits: 8, sparsity: 0 });
    const own = await small.score(asked);
    const shapes: Record<string, readonly [number, number, 0 | 1]> = {};
    for (const [key, array] of Object.entries(small.save().arrays ?? {})) {
      const name = key.slice(0, key.indexOf('~'));
      if (!key.endsWith('scales')) continue;
      const size = saved.arrays?.[name].length as number;
      const axis = key.endsWith('row scales') ? 0 : 1;
      shapes[name] =
        axis === 0 ? [array.length, size / array.length, 0] : [size / array.length, array.length, 1];
    }
    expect(Object.keys(shapes).length).toBeGreaterThan(4);
    const byHand = withMatrices(saved, (weights, key) => {
      if (!shapes[key]) return weights;
      const [rows, columns, axis] = shapes[key];
      const { values, scales } = toInt8(weights, [rows, columns], { axis, bits: 8 });
      return weights.map(
        (_, at) => values[at] * scales[axis === 0 ? Math.floor(at / columns) : at % columns],
      );
    });
    const floats = await byHand.score(asked);
    const spread = Math.max(...floats) - Math.min(...floats);
    let worst = 0;
    own.forEach((score, at) => {
      worst = Math.max(worst, Math.abs(score - floats[at]));
    });
    // A step of a byte is a 255th of the range of what is rounded, and a few are on the way.
    expect(worst).toBeLessThan(0.04 * spread);
    expect(worst).toBeGreaterThan(0);
    await small.close?.();
    await byHand.close?.();
  });

  it('prunes the smallest numbers of each matrix, and answers exactly as with zeros in their place', async () => {
    const small = compressed({ bits: 32, sparsity: 0.6 });
    const rest = small.save();
    expect(bytesOf(rest)).toBeLessThan(0.55 * bytesOf(saved));
    const packed = new Set(
      Object.keys(rest.arrays ?? {}).flatMap((key) => (key.endsWith('~mask') ? [key.slice(0, -5)] : [])),
    );
    const byHand = withMatrices(saved, (weights, key) => {
      if (!packed.has(key)) return weights;
      const sizes = weights.map(Math.abs).sort();
      const bar = sizes[Math.round(0.6 * sizes.length) - 1];
      return weights.map((weight) => (Math.abs(weight) > bar ? weight : 0));
    });
    const back = loadNextItemModel(rest);
    const own = await small.score(asked);
    expect(await byHand.score(asked)).toEqual(own);
    expect(await back.score(asked)).toEqual(own);
    for (const one of [small, byHand, back]) await one.close?.();
  });

  it('is both, smaller than either', async () => {
    const both = compressed({ bits: 8, sparsity: 0.5 }).save();
    expect(bytesOf(both)).toBeLessThan(bytesOf(compressed({ bits: 8, sparsity: 0 }).save()));
    const back = loadNextItemModel(both);
    expect(hits(await back.score(asked))).toBeGreaterThan(20);
    await back.close?.();
  });

  it('refuses ways that make nothing smaller, and files whose parts do not fit', () => {
    expect(() => compressed({ bits: 32, sparsity: 0 })).toThrow('nothing would be smaller');
    expect(() => compressed({ bits: 8, sparsity: 1 })).toThrow('a share from 0 to below 1');
    const rest = compressed({ bits: 8, sparsity: 0.3 }).save();
    const arrays = { ...rest.arrays };
    const whole = Object.keys(arrays).find((key) => key.endsWith('~int8')) as string;
    const short = { ...rest, arrays: { ...arrays, [whole]: (arrays[whole] as Uint8Array).slice(1) } };
    expect(() => loadNextItemModel(short)).toThrow('uint8 numbers in');
    const { [whole]: _, ...without } = arrays;
    expect(() => loadNextItemModel({ ...rest, arrays: without })).toThrow('needs');
  });
});

it('mixtures and learned repeats hand it on to the networks inside', async () => {
  const few = takeSequences(
    train,
    Int32Array.from({ length: 200 }, (_, row) => row),
  );
  const network = transformerWith({ ...SETTINGS, epochs: 2 });
  const model = await mixture([repeatsLearned(itemKnn), network]).fit(few, lastItemCases(few), RUN);
  const small = model.compressed?.({ bits: 8, sparsity: 0 }) as NextItemModel;
  const rest = small.save();
  expect(
    Object.keys(rest.arrays ?? {}).some((key) => key.startsWith('1.member.0.') && key.endsWith('~int8')),
  ).toBe(true);
  const back = loadNextItemModel(rest);
  const own = await small.score(asked);
  (await back.score(asked)).forEach((score, at) => {
    expect(score).toBeCloseTo(own[at], 4);
  });
  expect((await repeatsLearned(itemKnn).fit(few, undefined, RUN)).compressed).toBeUndefined();
  for (const one of [model, small, back]) await one.close?.();
});
