import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../core/errors.ts';
import { type Column, type Frame, makeFrame } from '../core/frame.ts';
import { name } from '../core/name.ts';
import type { SavedModel } from '../models/estimator.ts';
import { packArrays, unpackArrays } from './array-pack.ts';
import { frameFiles, readFrame } from './frame-files.ts';
import { jsonBytes } from './manifest.ts';
import { readSavedModel, savedModelFiles } from './saved-model-files.ts';

const stored = (files: Record<string, unknown>): Map<string, Uint8Array> =>
  new Map(
    Object.entries(files).map(([file, content]) => [
      file,
      content instanceof Uint8Array ? content : jsonBytes(content),
    ]),
  );

function refusal(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('expected a refusal, got none');
}

fc.configureGlobal({ seed: 7 });

describe('packed arrays', () => {
  it('come back as they were, of every type and length, views of larger buffers too', () => {
    fc.assert(
      fc.property(
        fc.float64Array(),
        fc.float32Array(),
        fc.int32Array(),
        fc.uint32Array(),
        fc.uint8Array(),
        (a, b, c, d, e) => {
          const arrays = { a, 'b of 2': b, c: c.subarray(Math.min(1, c.length)), d, e };
          const { index, bytes } = packArrays(arrays);
          expect(Object.fromEntries(unpackArrays(index, bytes, ''))).toEqual(arrays);
          // What a file reads as: a Buffer, whose bytes may lie anywhere in a pool.
          const pooled = Buffer.concat([Buffer.of(1, 2, 3), bytes]).subarray(3);
          expect(Object.fromEntries(unpackArrays(index, pooled, ''))).toEqual(arrays);
        },
      ),
    );
  });

  it('write every NaN with the same bits', () => {
    const odd = new Float64Array(new Uint32Array([1, 0xfff80000, 0, 0x7ff80000]).buffer);
    const odd32 = new Float32Array(new Uint32Array([0xffc00001]).buffer);
    const plain = { x: Float64Array.of(Number.NaN, Number.NaN), y: Float32Array.of(Number.NaN) };
    expect(packArrays({ x: odd, y: odd32 }).bytes).toEqual(packArrays(plain).bytes);
  });

  it('refuse an index that does not fit', () => {
    const { index, bytes } = packArrays({ a: Float64Array.of(1, 2) });
    for (const change of [
      { length: 3 },
      { offset: 4 },
      { offset: -8 },
      { type: 'toString' },
      { length: 1.5 },
    ]) {
      expect(refusal(() => unpackArrays([{ ...index[0], ...change }], bytes, 'x')).code).toBe('BAD_FILE');
    }
    expect(refusal(() => unpackArrays([index[0], index[0]], bytes, 'x')).code).toBe('BAD_FILE');
  });
});

describe('model files', () => {
  const saved: SavedModel = {
    estimator: 'mean-ensemble',
    format: 3,
    state: { members: [{ estimator: 'rate', state: { rate: 0.25 } }], tag: '概率' },
    arrays: { weights: Float64Array.of(0.1, Number.NaN, -0), codes: Int32Array.of(-1, 7) },
  };

  it('give back the model, with arrays and without', () => {
    expect(readSavedModel(stored(savedModelFiles('model', saved)), 'model')).toEqual(saved);
    const bare: SavedModel = { estimator: 'rate', format: 1, state: null };
    const files = savedModelFiles('rate', bare);
    expect(Object.keys(files)).toEqual(['rate.json']);
    expect(readSavedModel(stored(files), 'rate')).toEqual(bare);
  });

  it('refuse a newer layout and another shape', () => {
    const files = savedModelFiles('model', saved);
    const newer = { ...files, 'model.json': { ...(files['model.json'] as object), files_format: 2 } };
    expect(refusal(() => readSavedModel(stored(newer), 'model')).code).toBe('VERSION');
    expect(refusal(() => readSavedModel(stored({ 'model.json': [] }), 'model')).code).toBe('BAD_FILE');
    expect(refusal(() => readSavedModel(stored({}), 'model')).message).toContain('"model.json"');
  });
});

describe('frame files', () => {
  const shared = { label: name('days since', '距今天数'), unit: 'days', group: 'recency' } as const;
  const columns: Column[] = [
    { ...shared, kind: 'number', name: 'days', values: Float64Array.of(1.5, Number.NaN) },
    { ...shared, kind: 'category', name: 'channel', codes: Int32Array.of(0, -1), levels: ['web', '门店'] },
    { ...shared, kind: 'text', name: 'note', values: ['a', '好'] },
    { ...shared, kind: 'vector', name: 'taste', width: 2, values: Float32Array.of(1, 2, 3, 4) },
    {
      ...shared,
      kind: 'sequence',
      name: 'items',
      codes: Int32Array.of(0, 0, 1),
      offsets: Uint32Array.of(0, 1, 3),
      levels: ['x', 'y'],
    },
  ];
  const frame: Frame = makeFrame(columns, { currency: 'GBP' });

  it('give back every kind of column', () => {
    expect(readFrame(stored(frameFiles('background', frame)), 'background')).toEqual(frame);
    const empty = makeFrame([], { rows: 0 });
    expect(readFrame(stored(frameFiles('none', empty)), 'none')).toEqual(empty);
  });

  it('refuse columns that do not fit', () => {
    const files = frameFiles('background', frame) as {
      'background.json': { arrays: object[]; rows: number };
    };
    const short = { ...files, 'background.json': { ...files['background.json'], rows: 3 } };
    expect(refusal(() => readFrame(stored(short), 'background')).code).toBe('SHAPE');
    const bare = { ...files, 'background.json': { ...files['background.json'], arrays: [] } };
    expect(refusal(() => readFrame(stored(bare), 'background')).code).toBe('BAD_FILE');
  });
});
