import { describe, expect, test } from 'vitest';
import { DAY_MS, UTC, zoneOffsets } from '../../core/time.ts';
import { nextMoment, parseSchedule } from './schedule.ts';

const berlin = zoneOffsets('Europe/Berlin');
const next = (text: string, last: string, zone = berlin): string =>
  new Date(nextMoment(parseSchedule(text), Date.parse(last), zone)).toISOString().slice(0, 16);

test('spans and times of day are told apart, and nothing else is taken', () => {
  expect(parseSchedule('1d')).toEqual({ kind: 'every', ms: DAY_MS });
  expect(parseSchedule('3:30')).toEqual({ kind: 'daily', atMs: 12_600_000 });
  for (const text of ['24:00', '3:60', '0s', 'daily', ''])
    expect(() => parseSchedule(text)).toThrow(/expected a span/);
});

test('every so often counts from the last time', () => {
  expect(next('12h', '2024-05-01T10:00Z')).toBe('2024-05-01T22:00');
});

describe('each day', () => {
  test('is the next such time on the shop’s clock, never the same again', () => {
    expect(next('03:30', '2024-05-01T00:00Z')).toBe('2024-05-01T01:30');
    expect(next('03:30', '2024-05-01T01:30Z')).toBe('2024-05-02T01:30');
    expect(next('03:30', '2024-05-01T10:00Z')).toBe('2024-05-02T01:30');
    expect(next('00:00', '2024-05-01T21:59Z')).toBe('2024-05-01T22:00');
    expect(next('03:30', '2024-05-01T10:00Z', UTC)).toBe('2024-05-02T03:30');
    expect(next('23:30', '2024-05-01T22:00Z', zoneOffsets('America/Los_Angeles'))).toBe('2024-05-02T06:30');
  });
  test('keeps its hour when clocks change, with one training a day', () => {
    // 31 March 2024: 02:00 becomes 03:00; 27 October: 03:00 becomes 02:00.
    expect(next('03:30', '2024-03-30T12:00Z')).toBe('2024-03-31T01:30');
    expect(next('02:30', '2024-03-30T12:00Z')).toBe('2024-03-31T01:30');
    expect(next('02:30', '2024-03-31T01:30Z')).toBe('2024-04-01T00:30');
    expect(next('02:30', '2024-10-26T12:00Z')).toBe('2024-10-27T00:30');
    expect(next('02:30', '2024-10-27T00:30Z')).toBe('2024-10-28T01:30');
  });
});
