import { describe, expect, it } from 'vitest';
import { clockUntil } from './clock.ts';
import { goesOn, rungsFor } from './halving.ts';

describe('rungs', () => {
  it('are one for small samples, and rise threefold to all rows for larger ones', () => {
    expect(rungsFor(500)).toEqual([1]);
    expect(rungsFor(4_000)).toEqual([1]);
    expect(rungsFor(4_500)).toEqual([1 / 3, 1]);
    expect(rungsFor(30_000).map((share) => Math.round(share * 30_000))).toEqual([3_333, 10_000, 30_000]);
  });

  it('end at the most rows a search is worth', () => {
    expect(rungsFor(600_000).at(-1)).toBeCloseTo(0.1, 12);
  });
});

describe('going on', () => {
  it('is for the best third of those that came so far', () => {
    expect(goesOn(1, [])).toBe(true);
    expect(goesOn(1, [0.5])).toBe(false);
    expect(goesOn(0.4, [0.5])).toBe(true);
    const others = [1, 2, 3, 4, 5, 6, 7, 8];
    expect(goesOn(2.5, others)).toBe(true);
    expect(goesOn(3.5, others)).toBe(false);
  });
});

describe('the clock', () => {
  it('expects the slowest of late, and in proportion on more rows than it has seen', () => {
    let nowMs = 0;
    const clock = clockUntil(1_000, () => nowMs);
    expect(clock.isTooLate(1)).toBe(false);
    clock.took(0.25, 100);
    clock.took(0.25, 60);
    expect(clock.isTooLate(1)).toBe(false);
    nowMs = 601;
    expect(clock.isTooLate(1)).toBe(true);
    expect(clock.isTooLate(0.25, 3)).toBe(false);
    expect(clock.isTooLate(0.25, 4)).toBe(true);
    nowMs = 1_001;
    expect(clock.isTooLate()).toBe(true);
  });

  it('forgets a slow start', () => {
    const clock = clockUntil(100, () => 0);
    clock.took(1, 500);
    for (let i = 0; i < 4; i++) clock.took(1, 50);
    expect(clock.isTooLate(1)).toBe(false);
  });

  it('without a deadline has all the time', () => {
    const clock = clockUntil(undefined, () => Number.MAX_SAFE_INTEGER);
    clock.took(1, 1e9);
    expect(clock.isTooLate(1, 100)).toBe(false);
  });
});
