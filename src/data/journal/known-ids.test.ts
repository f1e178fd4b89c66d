// The window of known ids against a plain list, and the file it is kept in.
import { expect, test } from 'vitest';
import { random } from '../../core/random.ts';
import { decodeKnownIds, encodeKnownIds, knownIds } from './known-ids.ts';

test('the window knows the last ids and no others, through growth, repeats and taking back', () => {
  const draw = random(7);
  const most = 4096;
  const ids = knownIds(most);
  const oracle: string[] = [];
  const known = new Set<string>();
  let evicted = 0;
  let wrong = 0;
  for (let step = 0; step < 30_000; step++) {
    const id = `e-${draw.integer(draw.uniform() < 0.3 ? 500 : 20_000)}`;
    const isNew = !known.has(id);
    if (ids.add(id) !== isNew) wrong++;
    if (isNew) {
      oracle.push(id);
      known.add(id);
      if (oracle.length > most) {
        known.delete(oracle[0]);
        oracle.shift();
        evicted++;
      }
    }
    if (step % 97 === 0 && oracle.length < most) {
      const count = Math.min(oracle.length, draw.integer(4));
      ids.forgetLast(count);
      for (const gone of oracle.splice(oracle.length - count)) known.delete(gone);
    }
  }
  expect(wrong).toBe(0);
  expect(ids.size).toBe(oracle.length);
  expect(evicted).toBeGreaterThan(1000);
});

test('what is taken back is unknown again, and what is saved is the window of that moment', () => {
  const ids = knownIds(8);
  for (let n = 0; n < 11; n++) ids.add(`id ${n}`);
  const hashes = ids.hashes(10);
  expect(hashes).toHaveLength(2 * 7);
  const again = knownIds(8, hashes);
  expect([3, 9, 10].map((n) => again.add(`id ${n}`))).toEqual([false, false, true]);
  ids.forgetLast(1);
  expect([ids.size, ids.add('id 10')]).toEqual([7, true]);
});

test('hashes of ids in a row part as chance would have it, in every half and at both its ends', () => {
  const count = 2 ** 17;
  const ids = knownIds(count);
  for (let n = 0; n < count; n++) ids.add(`order-${n}:0`);
  expect(ids.size).toBe(count);
  const hashes = ids.hashes(ids.added);
  for (const [half, shift] of [
    [0, 0],
    [0, 6],
    [1, 0],
    [1, 6],
  ]) {
    const values = new Uint32Array(count);
    for (let n = 0; n < count; n++) values[n] = (hashes[2 * n + half] << (6 - shift)) >>> 6;
    values.sort();
    let repeats = 0;
    for (let n = 1; n < count; n++) if (values[n] === values[n - 1]) repeats++;
    // n² / 2 / 2²⁶ pairs of equal 26 bits are expected, 128; six standard deviations of a Poisson count are 68.
    expect(Math.abs(repeats - 128)).toBeLessThan(68);
  }
});

test('the file of ids comes back, and with any bit flipped it does not', () => {
  const ids = knownIds(64);
  for (const id of ['a', 'b', 'c']) ids.add(id);
  const position = 5 * 2 ** 32 + 7;
  const bytes = encodeKnownIds(ids.hashes(3), position);
  expect(decodeKnownIds(bytes)).toEqual({ hashes: ids.hashes(3), position });
  let unseen = 0;
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3] ^= 1 << (bit & 7);
    if (decodeKnownIds(flipped)) unseen++;
  }
  expect(unseen).toBe(0);
  for (let length = 0; length < bytes.length; length++)
    expect(decodeKnownIds(bytes.subarray(0, length))).toBeUndefined();
});
