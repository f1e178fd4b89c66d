// Weights read with care: any bytes give arrays or BAD_FILE, shards are found, half precision widens exactly.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { writeSafeTensors } from '../../nn/checkpoint/safetensors.ts';
import { readWeightsFile } from './read-weights-file.ts';
import { readFolderWeights, readShardIndex, readWeights, writeWeights } from './safetensors.ts';

const FILE = writeWeights({
  a: { shape: [2, 3], values: Float32Array.from([1, 2, 3, 4, 5, 6]) },
  b: { shape: [], values: Float32Array.of(-0.5) },
  c: { shape: [0], values: new Float32Array(0) },
});

/** Reads all there is; the code of the refusal, if any. */
function outcome(read: () => { names: readonly string[]; read: (name: string) => Float32Array }): string {
  try {
    const weights = read();
    for (const name of weights.names) weights.read(name);
    return 'read';
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    return cause.code;
  }
}

describe('a file of weights', () => {
  it('is read in as many parts as it takes, and refused where it grows shorter', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'foresell-weights-'));
    const path = join(folder, 'model.safetensors');
    writeFileSync(path, FILE);
    expect((await readWeightsFile(path, 7)).equals(FILE)).toBe(true);
    rmSync(folder, { recursive: true });
  });
});

describe('readWeights', () => {
  it('gives back what was written', () => {
    const weights = readWeights(FILE);
    expect([...weights.names].sort()).toEqual(['a', 'b', 'c']);
    expect(weights.shapeOf('a')).toEqual([2, 3]);
    expect([...weights.read('a')]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...weights.read('b')]).toEqual([-0.5]);
    expect(weights.shapeOf('d')).toBeUndefined();
    expect(() => weights.read('d')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });

  it('reads or refuses any bytes, and throws nothing else', () => {
    const refuses = (file: Uint8Array): void => {
      expect(['read', 'BAD_FILE']).toContain(outcome(() => readWeights(file)));
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), refuses));
    const spoilt = fc.array(fc.tuple(fc.nat(FILE.length - 1), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(spoilt, fc.nat(FILE.length), (changes, length) => {
        const file = FILE.slice();
        for (const [at, byte] of changes) file[at] = byte;
        refuses(file);
        refuses(file.subarray(0, length));
      }),
      { numRuns: 1000 },
    );
  });

  it('reads or refuses any header', () => {
    const number = fc.oneof(fc.integer({ min: -2, max: 40 }), fc.constantFrom(1e18, 0.5, 2 ** 53, -1));
    const tensor = fc.record(
      {
        dtype: fc.constantFrom('F32', 'F16', 'BF16', 'I64', 'U8', 'F8_E4M3', '', 7, null),
        shape: fc.oneof(fc.array(number, { maxLength: 4 }), fc.constant('2')),
        data_offsets: fc.oneof(fc.array(number, { maxLength: 3 }), fc.constant({})),
      },
      { requiredKeys: [] },
    );
    const header = fc.dictionary(
      fc.constantFrom('a', 'b', 'c', '__metadata__', '__proto__', 'x/y'),
      fc.oneof(tensor, fc.jsonValue()),
    );
    fc.assert(
      fc.property(header, fc.nat(64), (value, bytes) => {
        const json = new TextEncoder().encode(JSON.stringify(value));
        const file = new Uint8Array(8 + json.length + bytes);
        new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
        file.set(json, 8);
        expect(['read', 'BAD_FILE']).toContain(outcome(() => readWeights(file)));
      }),
      { numRuns: 600 },
    );
  });

  it('does not believe a header of absurd length', () => {
    for (const length of [2n ** 63n, 100_000_001n, BigInt(FILE.length)]) {
      const file = FILE.slice();
      new DataView(file.buffer).setBigUint64(0, length, true);
      expect(outcome(() => readWeights(file))).toBe('BAD_FILE');
    }
  });

  it('widens half precisions exactly, and refuses whole numbers only when they are asked for', () => {
    // 1.5, -2, the smallest float16, infinity; the same numbers' upper halves as bfloat16
    const f16 = new Uint8Array(Uint16Array.of(0x3e00, 0xc000, 0x0001, 0x7c00).buffer);
    const bf16 = new Uint8Array(Uint16Array.of(0x3fc0, 0xc000, 0x0001, 0x7f80).buffer);
    const places = new Uint8Array(BigInt64Array.of(0n, 1n).buffer);
    const weights = readWeights(
      writeSafeTensors({
        f16: { dtype: 'F16', shape: [4], bytes: f16 },
        bf16: { dtype: 'BF16', shape: [2, 2], bytes: bf16 },
        places: { dtype: 'I64', shape: [2], bytes: places },
      }),
    );
    expect([...weights.read('f16')]).toEqual([1.5, -2, 2 ** -24, Number.POSITIVE_INFINITY]);
    expect([...weights.read('bf16')]).toEqual([1.5, -2, 2 ** -133, Number.POSITIVE_INFINITY]);
    expect(() => weights.read('places')).toThrow(expect.objectContaining({ code: 'BAD_FILE' }));
  });
});

describe('shards', () => {
  const index = (map: unknown): string => JSON.stringify({ weight_map: map });

  it('are found by their index, and a missing one is named', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'foresell-shards-'));
    try {
      expect(await readFolderWeights(folder)).toBeUndefined();
      const one = (value: number) => ({ shape: [1], values: Float32Array.of(value) });
      writeFileSync(join(folder, 'model-1.safetensors'), writeWeights({ a: one(1) }));
      writeFileSync(
        join(folder, 'model.safetensors.index.json'),
        index({ a: 'model-1.safetensors', b: 'model-2.safetensors' }),
      );
      await expect(readFolderWeights(folder)).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message: expect.stringContaining('model-2.safetensors'),
      });
      writeFileSync(join(folder, 'model-2.safetensors'), writeWeights({ c: one(3) }));
      await expect(readFolderWeights(folder)).rejects.toMatchObject({ code: 'BAD_FILE' });
      writeFileSync(join(folder, 'model-2.safetensors'), writeWeights({ b: one(2) }));
      const weights = await readFolderWeights(folder);
      expect([weights?.read('a')[0], weights?.read('b')[0]]).toEqual([1, 2]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('may not lie outside the folder', () => {
    for (const map of [
      {},
      [],
      null,
      { a: '../x.safetensors' },
      { a: '/x.safetensors' },
      { a: 'x.bin' },
      { a: 3 },
    ])
      expect(() => readShardIndex(index(map)), JSON.stringify(map)).toThrow(
        expect.objectContaining({ code: 'BAD_FILE' }),
      );
    expect(() => readShardIndex('{')).toThrow(AppError);
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(() => readShardIndex(text)).toThrow(AppError);
      }),
    );
  });
});
