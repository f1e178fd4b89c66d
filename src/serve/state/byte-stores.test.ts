// The small parts under the state, each against the plainest thing that does the same.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  openWriter,
  readNumber,
  readText,
  readWhole,
  writeNumber,
  writeText,
  writeWhole,
} from './byte-stream.ts';
import { CHUNK, openChunkStore } from './chunk-store.ts';
import { openContexts } from './contexts.ts';
import { openTextTable } from './text-table.ts';

const RUNS = { numRuns: 200, seed: 7 };

describe('numbers and texts as bytes', () => {
  it('come back as they were', () => {
    const anyNumber = fc.oneof(
      fc.double(),
      fc.maxSafeInteger(),
      fc.integer({ min: 0, max: 5000 }),
      fc.integer({ min: 0, max: 9999 }).map((cents) => cents / 100),
      fc.constantFrom(0, -0, Number.NaN, 2 ** 50, 2 ** 50 - 0.5, 1e300, 0.07, 127.99),
    );
    const one = fc.oneof(anyNumber, fc.string({ unit: 'grapheme', maxLength: 300 }));
    fc.assert(
      fc.property(fc.array(one), fc.maxSafeNat(), (values, whole) => {
        const writer = openWriter(4);
        for (const value of values) {
          if (typeof value === 'number') writeNumber(writer, value);
          else writeText(writer, value, 3);
        }
        writeWhole(writer, whole);
        const reader = { bytes: writer.bytes.subarray(0, writer.length), at: 0 };
        for (const value of values) {
          const read =
            typeof value === 'number' ? readNumber(reader) : readText(reader, readWhole(reader) - 3);
          expect(Object.is(read, value) || read === value.toString()).toBe(true);
        }
        expect(readWhole(reader)).toBe(whole);
        expect(reader.at).toBe(writer.length);
      }),
      RUNS,
    );
  });

  it('take a byte where they are small', () => {
    const size = (value: number) => {
      const writer = openWriter();
      writeNumber(writer, value);
      return writer.length;
    };
    expect([0, 31, 32, 4095, 19.99, 4.5, Number.NaN, -1].map(size)).toEqual([1, 1, 2, 2, 2, 2, 9, 9]);
  });
});

it('chains of chunks hold what an array holds, and what is freed is wiped and used again', () => {
  const step = fc.record({
    owner: fc.nat(3),
    kept: fc.nat(100),
    bytes: fc.uint8Array({ maxLength: 3 * CHUNK }),
    mark: fc.nat(100),
    isFreed: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const store = openChunkStore();
      const owners = new Map<number, { head: number; end: number; kept: number; bytes: number[] }>();
      for (const { owner, bytes, mark, isFreed } of steps) {
        let own = owners.get(owner);
        if (own && isFreed) {
          store.free(own.head);
          owners.delete(owner);
          continue;
        }
        if (!own) {
          const head = store.start();
          own = { head, end: head, kept: 0, bytes: [] };
          owners.set(owner, own);
        }
        const marked = Math.min(mark, bytes.length);
        own.end = store.write(own.end, own.kept, { bytes, length: bytes.length, mark: marked });
        own.bytes = [...own.bytes.slice(0, own.kept), ...bytes];
        own.kept += marked;
        for (const each of owners.values()) {
          const read = new Uint8Array(each.bytes.length);
          store.read(each.head, 0, read.length, read);
          expect([...read]).toEqual(each.bytes);
          const tail = new Uint8Array(each.bytes.length - each.kept);
          store.read(each.end, each.kept, tail.length, tail);
          expect([...tail]).toEqual(each.bytes.slice(each.kept));
        }
        const wanted = [...owners.values()].reduce(
          (sum, each) => sum + Math.max(1, Math.ceil(each.bytes.length / CHUNK)),
          0,
        );
        expect(store.used).toBe(wanted);
      }
    }),
    RUNS,
  );
});

it('a table of texts is a map both ways, also after texts were removed', () => {
  const text = fc.oneof(fc.string({ maxLength: 3 }), fc.string({ unit: 'grapheme', maxLength: 40 }));
  const step = fc.record({ text, sign: fc.constantFrom(0, 1, 2), isRemoved: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const table = openTextTable();
      const codes = new Map<string, number>();
      for (const { text, sign, isRemoved } of steps) {
        const key = (sign === 0 ? '' : String.fromCharCode(sign)) + text;
        const known = codes.get(key);
        expect(table.find(text, sign)).toBe(known ?? -1);
        if (isRemoved && known !== undefined) {
          table.remove(known);
          codes.delete(key);
          expect(table.text(known)).toBeUndefined();
          continue;
        }
        const code = table.add(text, sign);
        if (known !== undefined) expect(code).toBe(known);
        codes.set(key, code);
        expect(table.text(code)).toBe(key);
      }
      expect(new Set(codes.values()).size).toBe(codes.size);
      for (const [key, code] of codes) expect(table.find(key)).toBe(code);
    }),
    RUNS,
  );
});

it('contexts keep nothing and an empty text apart, and take no more than they may', () => {
  const contexts = openContexts(3);
  expect(contexts.code('phone', null, 'DE')).toBe(0);
  expect(contexts.code('phone', '', 'DE')).toBe(1);
  expect(contexts.code('phone', null, 'DE')).toBe(0);
  expect(contexts.code(null, 'phone', 'DE')).toBe(2);
  expect(contexts.code('tablet', null, 'DE')).toBe(-1);
  expect(contexts.context(1)).toEqual(['phone', '', 'DE']);
});
