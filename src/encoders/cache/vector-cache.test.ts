// Vectors kept on the disk come back bit for bit; damage costs what was damaged and nothing else.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openVectorCache, vectorKey } from './vector-cache.ts';

const root = mkdtempSync(join(tmpdir(), 'foresell-vectors-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const encoder = { hash: 'abc', width: 3 };
const [a, b, c] = ['a', 'b', 'c'].map(vectorKey);
const fresh = (name: string) => join(root, name);
const file = (folder: string) => join(folder, 'abc.vectors');

it('come back in another process’s hands, by what they are of and who gave them', () => {
  const folder = fresh('back');
  openVectorCache(folder, encoder).add([a, b], Float32Array.of(1, 2, 0.1, -4, Number.MIN_VALUE, 6));
  const again = openVectorCache(folder, encoder);
  expect(again.get(a)).toEqual(Float32Array.of(1, 2, 0.1));
  expect(again.get(b)).toEqual(Float32Array.of(-4, Number.MIN_VALUE, 6));
  expect(again.get(c)).toBeUndefined();
  expect(openVectorCache(folder, { hash: 'abd', width: 3 }).size).toBe(0);
  expect(vectorKey('a')).toBe(vectorKey(Buffer.from('a')));
});

it('are written once, however often they are added', () => {
  const folder = fresh('once');
  const cache = openVectorCache(folder, encoder);
  cache.add([a], Float32Array.of(1, 2, 3));
  const size = readFileSync(file(folder)).length;
  cache.add([a, a], Float32Array.of(7, 8, 9, 7, 8, 9));
  expect(readFileSync(file(folder))).toHaveLength(size);
  expect(cache.get(a)).toEqual(Float32Array.of(1, 2, 3));
});

it('a half-written record is not read, and what is added after it is', () => {
  const folder = fresh('half');
  openVectorCache(folder, encoder).add([a, b], new Float32Array(6).fill(5));
  const bytes = readFileSync(file(folder));
  writeFileSync(file(folder), bytes.subarray(0, bytes.length - 7));
  const cache = openVectorCache(folder, encoder);
  expect([cache.get(a), cache.get(b)]).toEqual([Float32Array.of(5, 5, 5), undefined]);
  cache.add([c], Float32Array.of(1, 1, 1));
  expect(openVectorCache(folder, encoder).get(c)).toEqual(Float32Array.of(1, 1, 1));
});

it('a flipped bit costs one record; another file in its place costs all', () => {
  const folder = fresh('bit');
  openVectorCache(folder, encoder).add([a, b], new Float32Array(6).fill(5));
  const bytes = readFileSync(file(folder));
  bytes[bytes.length - 12] ^= 1;
  writeFileSync(file(folder), bytes);
  const cache = openVectorCache(folder, encoder);
  expect([cache.get(a) !== undefined, cache.get(b)]).toEqual([true, undefined]);
  writeFileSync(file(folder), 'something else');
  expect(openVectorCache(folder, encoder).size).toBe(0);
});

it('a place that cannot be written is said so', () => {
  const folder = fresh('file');
  writeFileSync(folder, '');
  expect(() => openVectorCache(folder, encoder)).toThrow('cannot be kept');
});
