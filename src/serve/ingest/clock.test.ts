// Times are read strictly, and a clock that is off is corrected by what it said when it sent.
import { expect, test } from 'vitest';
import { correctedTime, readTime } from './clock.ts';

test.each<[unknown, number | undefined]>([
  [1768478400000, Date.UTC(2026, 0, 15, 12)],
  ['2026-01-15T12:00:00Z', Date.UTC(2026, 0, 15, 12)],
  ['2026-01-15T12:00:00.123456Z', Date.UTC(2026, 0, 15, 12, 0, 0, 123)],
  ['2026-01-15 13:00+0100', Date.UTC(2026, 0, 15, 12)],
  ['2026-01-15', undefined],
  ['2026-01-15T12:00:00', undefined],
  ['2026-02-29T12:00:00Z', undefined],
  ['2024-02-29T12:00:00Z', Date.UTC(2024, 1, 29, 12)],
  ['yesterday', undefined],
  [Number.NaN, undefined],
  [null, undefined],
])('%s', (value, time) => expect(readTime(value)).toBe(time));

const NOW = Date.UTC(2026, 0, 15, 12);
const MINUTE = 60_000;

test('without a time of sending, a time ahead is now, and one far ahead stays to be refused', () => {
  expect(correctedTime(NOW - MINUTE, undefined, NOW)).toBe(NOW - MINUTE);
  expect(correctedTime(NOW + MINUTE, undefined, NOW)).toBe(NOW);
  expect(correctedTime(NOW + 2880 * MINUTE, undefined, NOW)).toBe(NOW + 2880 * MINUTE);
});

test('a clock three years ahead, or at its beginning, is set right', () => {
  const ahead = Date.UTC(2029, 0, 15, 12);
  expect(correctedTime(ahead - MINUTE, ahead, NOW)).toBe(NOW - MINUTE);
  expect(correctedTime(MINUTE, 2 * MINUTE, NOW)).toBe(NOW - MINUTE);
});

test('the time a request takes is no fault of the clock: a retry keeps its time', () => {
  expect(correctedTime(NOW - MINUTE, NOW - 4000, NOW)).toBe(NOW - MINUTE);
});

test('an event later than its own sending is not of the same clock', () => {
  expect(correctedTime(NOW - MINUTE, NOW - 10 * MINUTE, NOW)).toBe(NOW - MINUTE);
});
