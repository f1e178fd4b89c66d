import { describe, expect, test } from 'vitest';
import { random } from '../../core/random.ts';
import { createRateWatch, lowerRate, upperRate } from './rate-watch.ts';

/** Answers until the alarm, one of the candidate in `every`; undefined where there was none. */
function runUntilAlarm(seed: number, rates: { candidate: number; incumbent: number }, most = 20_000) {
  const draw = random(seed);
  const watch = createRateWatch({ margin: 0.01, falseAlarms: 0.01, least: 50 });
  for (let n = 1; n <= most; n++) {
    for (let i = 0; i < 4; i++) watch.observe(false, draw.uniform() < rates.incumbent);
    watch.observe(true, draw.uniform() < rates.candidate);
    if (watch.isBeyond) return n;
  }
  return undefined;
}

describe('bounds that hold at all times', () => {
  test('lie around the share, closer with more answers, and are those of the mixture', () => {
    const few = { answers: 100, bad: 10 };
    const many = { answers: 10_000, bad: 1000 };
    expect(lowerRate(few, 0.025)).toBeLessThan(lowerRate(many, 0.025));
    expect(upperRate(few, 0.025)).toBeGreaterThan(upperRate(many, 0.025));
    expect(lowerRate(many, 0.025)).toBeLessThan(0.1);
    expect(lowerRate(many, 0.025)).toBeGreaterThan(0.085);
    // None of n: (1 − p)ⁿ = chance · B(½, n + ½) / π, by hand: for n = 100, B(½, 100.5) / π = .05635.
    expect(upperRate({ answers: 100, bad: 0 }, 0.01)).toBeCloseTo(1 - (0.01 * 0.056_348) ** 0.01, 4);
    expect(lowerRate({ answers: 50, bad: 0 }, 0.01)).toBe(0);
    expect(upperRate({ answers: 50, bad: 50 }, 0.01)).toBe(1);
  });
});

test('a candidate that fails as often as the incumbent is never stopped, though looked at 20,000 times', () => {
  const alarms = Array.from({ length: 25 }, (_, seed) =>
    runUntilAlarm(seed + 1, { candidate: 0.02, incumbent: 0.02 }),
  ).filter((n) => n !== undefined);
  expect(alarms).toEqual([]);
});

test('one at the very margin is stopped no more often than was said', () => {
  const alarms = Array.from({ length: 25 }, (_, seed) =>
    runUntilAlarm(seed + 1, { candidate: 0.03, incumbent: 0.02 }),
  ).filter((n) => n !== undefined);
  expect(alarms.length).toBeLessThanOrEqual(2);
});

test('one that always fails is stopped as soon as it may be, one that fails often soon after', () => {
  expect(runUntilAlarm(1, { candidate: 1, incumbent: 0 })).toBe(50);
  for (let seed = 1; seed <= 20; seed++)
    expect(runUntilAlarm(seed, { candidate: 0.1, incumbent: 0.001 })).toBeLessThan(600);
});

test('a bad end is seen after a long good time', () => {
  const watch = createRateWatch({ margin: 0.01, falseAlarms: 0.001, least: 50 });
  for (let n = 0; n < 95_000; n++) {
    watch.observe(false, false);
    watch.observe(true, false);
  }
  let until = 0;
  while (!watch.isBeyond && until < 10_000) {
    watch.observe(false, false);
    watch.observe(true, true);
    until++;
  }
  // Of 5,000 good ones in the period under way the first hundred bad are 2 %.
  expect(until).toBeLessThan(200);
});
