import { expect, test } from 'vitest';
import { type Random, random } from '../../core/random.ts';
import { createLatencyWatch } from './latency-watch.ts';

const usual = (draw: Random): number => 4 * Math.exp(0.5 * draw.normal());

/** Answers of the candidate until the alarm; one in five is the candidate's. */
function runUntilAlarm(seed: number, slower: (ms: number, draw: Random) => number, most = 8000) {
  const draw = random(seed);
  const watch = createLatencyWatch({ ratio: 2, falseAlarms: 0.001, least: 100 });
  for (let n = 1; n <= most; n++) {
    for (let i = 0; i < 4; i++) watch.observe(false, usual(draw), 1);
    watch.observe(true, slower(usual(draw), draw), 1);
    if (watch.isBeyond) return n;
  }
  return undefined;
}

test('an equal candidate is never stopped, nor one that is half as slow again', () => {
  for (let seed = 1; seed <= 10; seed++) {
    expect(runUntilAlarm(seed, (ms) => ms)).toBeUndefined();
    expect(runUntilAlarm(seed, (ms) => ms * 1.4)).toBeUndefined();
  }
});

test('one that is six times as slow is stopped, and one that is slow one time in ten', () => {
  for (let seed = 1; seed <= 5; seed++) {
    expect(runUntilAlarm(seed, (ms) => ms * 6)).toBeLessThan(400);
    expect(runUntilAlarm(seed, (ms, draw) => (draw.uniform() < 0.1 ? ms + 500 : ms))).toBeLessThan(1000);
  }
});

test('a machine that stands still for both arms stops nobody', () => {
  const draw = random(3);
  const watch = createLatencyWatch({ ratio: 2, falseAlarms: 0.001, least: 100 });
  for (let n = 1; n <= 8000; n++) {
    const pause = n % 400 < 30 ? 300 : 0;
    for (let i = 0; i < 2; i++) watch.observe(false, usual(draw) + pause, 1);
    watch.observe(true, usual(draw) + pause, 1);
  }
  expect(watch.isBeyond).toBe(false);
});

test('many asked at once are held against many, not against one', () => {
  const draw = random(4);
  const watch = createLatencyWatch({ ratio: 2, falseAlarms: 0.001, least: 100 });
  for (let n = 0; n < 3000; n++) {
    watch.observe(false, usual(draw), 1);
    watch.observe(n % 2 === 0, usual(draw) * 300, 500);
    watch.observe(true, usual(draw), 1);
  }
  expect(watch.isBeyond).toBe(false);
  const { candidate, incumbent } = watch.p99;
  expect(candidate / incumbent).toBeGreaterThan(0.7);
  expect(candidate / incumbent).toBeLessThan(1.4);
});

test('thousandths of a second are nobody’s trouble, whatever their ratio', () => {
  const watch = createLatencyWatch({ ratio: 2, falseAlarms: 0.001, least: 100 });
  for (let n = 0; n < 3000; n++) {
    watch.observe(false, 0.2, 1);
    watch.observe(true, 2, 1);
  }
  expect(watch.isBeyond).toBe(false);
});
