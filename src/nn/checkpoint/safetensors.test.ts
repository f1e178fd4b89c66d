// The safetensors format: the bytes of the reference implementation, round trips, hostile headers.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSafeTensors, readSafeTensorsMetadata, writeSafeTensors } from './safetensors.ts';
import { loadArray, loadFloat32, type StoredTensor, storeArray } from './stored-tensor.ts';

/**
 * One tensor of each type we read.
 *
 * source: safetensors.torch.save({'b.weight': arange(6, float32).reshape(2, 3) * .5, 'a': [1, -2, 2**40],
 *   'flag': [True, False, True], 'half': float16 [1.5, -0., 65504, 6e-8, inf, nan], 'brain': bfloat16 [1.5, -2, 3.1415926],
 *   'd': float64 3.141592653589793, 'index': int32 [[7], [-8]], 'bytes': uint8 [0, 255], 'empty': zeros((0, 4))},
 *   metadata={'format': 'pt'})
 * version: safetensors 0.8.0, torch 2.15.0
 */
const GOLDEN = Buffer.from(
  'OAIAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJhIjp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOlszXSwiZGF0YV9vZmZzZXRzIjpb' +
    'MCwyNF19LCJkIjp7ImR0eXBlIjoiRjY0Iiwic2hhcGUiOltdLCJkYXRhX29mZnNldHMiOlsyNCwzMl19LCJiLndlaWdodCI6eyJkdHlwZSI6IkYz' +
    'MiIsInNoYXBlIjpbMiwzXSwiZGF0YV9vZmZzZXRzIjpbMzIsNTZdfSwiZW1wdHkiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzAsNF0sImRhdGFf' +
    'b2Zmc2V0cyI6WzU2LDU2XX0sImluZGV4Ijp7ImR0eXBlIjoiSTMyIiwic2hhcGUiOlsyLDFdLCJkYXRhX29mZnNldHMiOls1Niw2NF19LCJicmFp' +
    'biI6eyJkdHlwZSI6IkJGMTYiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOls2NCw3MF19LCJoYWxmIjp7ImR0eXBlIjoiRjE2Iiwic2hhcGUi' +
    'Ols2XSwiZGF0YV9vZmZzZXRzIjpbNzAsODJdfSwiYnl0ZXMiOnsiZHR5cGUiOiJVOCIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzgyLDg0' +
    'XX0sImZsYWciOnsiZHR5cGUiOiJCT09MIiwic2hhcGUiOlszXSwiZGF0YV9vZmZzZXRzIjpbODQsODddfX0gICAgICAgAQAAAAAAAAD+////////' +
    '/wAAAAAAAQAAGC1EVPshCUAAAAAAAAAAPwAAgD8AAMA/AAAAQAAAIEAHAAAA+P///8A/AMBJQAA+AID/ewEAAHwAfgD/AQAB',
  'base64',
);
const HALVES = Float32Array.of(1.5, -0, 65504, 2 ** -24, Number.POSITIVE_INFINITY, Number.NaN);

const tensor = (file: Uint8Array, name: string): StoredTensor => {
  const found = readSafeTensors(file).tensors.get(name);
  if (!found) throw new Error(`no tensor ${name}`);
  return found;
};

/** A file with the header given and `dataLength` bytes of data. */
function fileOf(header: unknown, dataLength: number): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(dataLength)]);
}

const complaint = (file: Uint8Array): string => {
  try {
    readSafeTensors(file);
  } catch (error) {
    expect(error).toMatchObject({ name: 'AppError', code: 'BAD_FILE' });
    return (error as Error).message;
  }
  return '';
};

describe('reading', () => {
  it('finds every tensor of a file from the Python package', () => {
    const { tensors, metadata } = readSafeTensors(GOLDEN);
    expect(metadata).toEqual({ format: 'pt' });
    expect([...tensors].map(([name, { shape }]) => [name, shape])).toEqual([
      ['a', [3]],
      ['d', []],
      ['b.weight', [2, 3]],
      ['empty', [0, 4]],
      ['index', [2, 1]],
      ['brain', [3]],
      ['half', [6]],
      ['bytes', [2]],
      ['flag', [3]],
    ]);
    expect(loadArray(tensor(GOLDEN, 'b.weight'))).toEqual(Float32Array.of(0, 0.5, 1, 1.5, 2, 2.5));
    expect(loadArray(tensor(GOLDEN, 'a'))).toEqual(BigInt64Array.of(1n, -2n, 2n ** 40n));
    expect(loadArray(tensor(GOLDEN, 'd'))).toEqual(Float64Array.of(Math.PI));
    expect(loadArray(tensor(GOLDEN, 'index'))).toEqual(Int32Array.of(7, -8));
    expect(loadArray(tensor(GOLDEN, 'bytes'))).toEqual(Uint8Array.of(0, 255));
    expect(loadArray(tensor(GOLDEN, 'flag'))).toEqual(Uint8Array.of(1, 0, 1));
    expect(loadArray(tensor(GOLDEN, 'empty'))).toEqual(new Float32Array());
    expect(loadArray(tensor(GOLDEN, 'half'))).toEqual(HALVES);
    expect(loadArray(tensor(GOLDEN, 'brain'))).toEqual(Float32Array.of(1.5, -2, 3.140625));
  });

  it('gives any tensor as float32', () => {
    expect(loadFloat32(tensor(GOLDEN, 'a'))).toEqual(Float32Array.of(1, -2, 2 ** 40));
    expect(loadFloat32(tensor(GOLDEN, 'd'))).toEqual(Float32Array.of(Math.PI));
    expect(loadFloat32(tensor(GOLDEN, 'half'))).toEqual(HALVES);
    expect(loadFloat32(tensor(GOLDEN, 'flag'))).toEqual(Float32Array.of(1, 0, 1));
  });

  it('copies nothing where the address allows it, and works where it does not', () => {
    const file = new Uint8Array(GOLDEN);
    expect(loadArray(tensor(file, 'b.weight')).buffer).toBe(file.buffer);
    for (let shift = 1; shift < 8; shift++) {
      const moved = new Uint8Array(GOLDEN.length + shift).subarray(shift);
      moved.set(GOLDEN);
      expect(loadArray(tensor(moved, 'b.weight'))).toEqual(Float32Array.of(0, 0.5, 1, 1.5, 2, 2.5));
      expect(loadArray(tensor(moved, 'half'))).toEqual(HALVES);
    }
  });

  it('reads metadata from the header alone', () => {
    expect(readSafeTensorsMetadata(GOLDEN.subarray(0, 8 + 0x238))).toEqual({ format: 'pt' });
    expect(() => readSafeTensorsMetadata(GOLDEN.subarray(0, 8 + 0x237))).toThrow('it is cut short');
  });
});

describe('writing', () => {
  it('gives the bytes of the Python package, in whatever order the tensors come', () => {
    const { tensors, metadata } = readSafeTensors(GOLDEN);
    expect(Buffer.from(writeSafeTensors(Object.fromEntries(tensors), metadata)).equals(GOLDEN)).toBe(true);
    const reversed = Object.fromEntries([...tensors].reverse());
    expect(Buffer.from(writeSafeTensors(reversed, metadata)).equals(GOLDEN)).toBe(true);
  });

  it('comes back bit for bit, NaN payloads included', () => {
    const arrays = fc.dictionary(
      fc.string({ unit: 'grapheme' }).filter((name) => name !== '__metadata__'),
      fc.oneof(
        fc.float32Array({ maxLength: 9 }),
        fc.float64Array({ maxLength: 9 }),
        fc.int32Array({ maxLength: 9 }),
        fc.uint8Array({ maxLength: 9 }),
      ),
    );
    const texts = fc.dictionary(fc.string(), fc.string());
    fc.assert(
      fc.property(arrays, texts, (named, metadata) => {
        const stored = Object.fromEntries(
          Object.entries(named).map(([name, values]) => [name, storeArray(values)]),
        );
        const file = writeSafeTensors(stored, metadata);
        const back = readSafeTensors(file);
        expect(Object.entries(back.metadata).sort()).toEqual(Object.entries(metadata).sort());
        expect(back.tensors.size).toBe(Object.keys(named).length);
        for (const [name, values] of Object.entries(named)) {
          const again = loadArray(tensor(file, name));
          expect(again.constructor).toBe(values.constructor);
          expect(Buffer.from(again.buffer, again.byteOffset, again.byteLength)).toEqual(
            Buffer.from(values.buffer, values.byteOffset, values.byteLength),
          );
        }
      }),
      { seed: 4, numRuns: 200 },
    );
  });

  it('aligns every tensor to its element', () => {
    const file = writeSafeTensors({
      a: storeArray(Uint8Array.of(1)),
      b: storeArray(Float32Array.of(2)),
      c: storeArray(Float64Array.of(3)),
    });
    for (const [, { dtype, bytes }] of readSafeTensors(file).tensors) {
      expect(
        bytes.byteOffset % { U8: 1, F32: 4, F64: 8, I32: 4, I64: 8, BOOL: 1, F16: 2, BF16: 2 }[dtype],
      ).toBe(0);
    }
  });

  it('refuses a shape that does not take the bytes given', () => {
    expect(() => writeSafeTensors({ w: storeArray(new Float32Array(6), [2, 2]) })).toThrow(
      'tensor "w": F32 [2, 2] does not take 24 bytes',
    );
  });
});

describe('a damaged file', () => {
  const one = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };

  it('is refused with the tensor and the reason', () => {
    expect(complaint(fileOf({ w: one }, 8))).toBe('');
    expect(complaint(new Uint8Array(7))).toContain('expected a header length of 8 bytes, got 7 bytes');
    expect(complaint(Buffer.from('ffffffffffffffff7b7d', 'hex'))).toContain('got 18446744073709551615');
    expect(complaint(GOLDEN.subarray(0, 100))).toContain('the header ends at byte 576, the file at byte 100');
    expect(complaint(fileOf('[1]', 0))).toContain('begins with "{"');
    expect(complaint(fileOf('{"w":', 0))).toContain('expected a header in JSON');
    expect(complaint(fileOf({ w: one }, 7))).toContain('tensor "w" ends at byte 8 of 7');
    expect(complaint(fileOf({ w: one }, 9))).toContain('the tensors end at byte 8, the data at byte 9');
    expect(complaint(fileOf({ w: one, v: one }, 8))).toContain('tensor "v" begins at byte 0, inside another');
    expect(complaint(fileOf({ w: { ...one, data_offsets: [4, 12] } }, 12))).toContain('after a gap from 0');
    expect(complaint(fileOf({ w: { ...one, shape: [3] } }, 8))).toContain(
      '"w": F32 [3] takes 12 bytes, got 8',
    );
    expect(complaint(fileOf({ w: { ...one, dtype: 'F8_E4M3' } }, 8))).toContain('"w" has a type');
    expect(complaint(fileOf({ w: { ...one, dtype: 'toString' } }, 8))).toContain('"w" has a type');
    expect(complaint(fileOf({ w: { ...one, shape: [-2] } }, 8))).toContain('"w": expected a shape');
    expect(complaint(fileOf({ w: { ...one, shape: [0.5, 4] } }, 8))).toContain('"w": expected a shape');
    expect(complaint(fileOf({ w: { ...one, data_offsets: [8, 0] } }, 8))).toContain(
      '"w": expected two offsets',
    );
    expect(complaint(fileOf({ w: { ...one, data_offsets: [0] } }, 8))).toContain('"w": expected two offsets');
    expect(complaint(fileOf({ w: null }, 0))).toContain('tensor "w" has no description');
    expect(complaint(fileOf({ __metadata__: { a: 1 } }, 0))).toContain('expected metadata of texts');
    const huge = {
      dtype: 'F32',
      shape: Array(40)
        .fill(2 ** 50)
        .concat(0),
      data_offsets: [0, 0],
    };
    expect(complaint(fileOf({ w: huge }, 0))).toContain('takes NaN bytes');
  });

  it('is refused wherever it is cut', () => {
    for (let length = 0; length < GOLDEN.length; length++) {
      expect(complaint(GOLDEN.subarray(0, length)), `cut at ${length}`).not.toBe('');
    }
  });

  it('is read soundly or refused, whatever bytes of the header are changed', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(575), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
        const damaged = new Uint8Array(GOLDEN);
        for (const [at, byte] of changes) damaged[at] = byte;
        if (complaint(damaged) !== '') return;
        const { tensors } = readSafeTensors(damaged);
        const bytes = [...tensors.values()].reduce((sum, stored) => sum + stored.bytes.length, 0);
        expect(bytes).toBe(GOLDEN.length - 576);
        for (const stored of tensors.values()) loadFloat32(stored);
      }),
      { seed: 5, numRuns: 1000 },
    );
  });
});
