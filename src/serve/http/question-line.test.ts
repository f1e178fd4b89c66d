// Who is let into a line of questions: all of a burst and of a few that are long, and of a line that stands what is answered in time.
import { expect, test } from 'vitest';
import { openQuestionLine } from './question-line.ts';

const IN_TIME_MS = 100;

/** Questions that come every ms and are answered one after the other, each in `workMs`; how long they took and which were refused. */
function served(seconds: number, workMs: number, everyMs: (ms: number) => number) {
  const time = { ms: 0 };
  const line = openQuestionLine(IN_TIME_MS, () => time.ms);
  const waiting: number[] = [];
  const took: number[] = [];
  const refusedAt: number[] = [];
  let workedMs = 0;
  let due = 0;
  for (; time.ms < seconds * 1000; time.ms++) {
    for (due += 1 / everyMs(time.ms); due >= 1; due--) {
      if (line.isOpen()) {
        line.begin();
        waiting.push(time.ms);
      } else refusedAt.push(time.ms);
    }
    workedMs = waiting.length === 0 ? 0 : workedMs + 1;
    if (workedMs < workMs) continue;
    workedMs = 0;
    const ms = time.ms - (waiting.shift() as number);
    line.end(ms);
    took.push(ms);
  }
  return { took, refusedAt };
}

test('four times too many wait no longer than they have, and as many are answered as ever', () => {
  const { took, refusedAt } = served(10, 4, () => 1);
  expect(took.length).toBeGreaterThan(2490);
  expect(Math.max(...took.slice(1000))).toBeLessThanOrEqual(1.1 * IN_TIME_MS);
  expect(Math.min(...took.slice(1000))).toBeGreaterThanOrEqual(0.8 * IN_TIME_MS);
  expect(took.length + refusedAt.length).toBeGreaterThan(9800);
  // Half a second of patience, and so long until it is looked at again.
  expect(refusedAt[0]).toBeGreaterThanOrEqual(500);
  expect(refusedAt[0]).toBeLessThanOrEqual(1100);
});

test('all are let in again within a second of the end of it, bursts among them', () => {
  const { refusedAt } = served(10, 4, (ms) => (ms < 5000 ? 1 : ms === 7000 ? 1 / 50 : 8));
  expect(refusedAt.at(-1)).toBeLessThan(6000);
});

test('a burst after a time without questions is let in', () => {
  // A hundred at once, every two seconds, each 4 ms.
  const { refusedAt } = served(10, 4, (ms) => (ms % 2000 === 1000 ? 1 / 100 : Number.POSITIVE_INFINITY));
  expect(refusedAt).toEqual([]);
});

test('questions that are long by nature are let in as long as they are few', () => {
  const time = { ms: 0 };
  const line = openQuestionLine(IN_TIME_MS, () => time.ms);
  let underWay = 0;
  for (; time.ms < 60_000; time.ms += 500) {
    while (underWay < 16) {
      expect(line.isOpen()).toBe(true);
      line.begin();
      underWay++;
    }
    line.end(2000);
    underWay--;
  }
});

test('many long ones are no line that stands while others are answered beside them', () => {
  const time = { ms: 0 };
  const line = openQuestionLine(IN_TIME_MS, () => time.ms);
  for (let long = 0; long < 100; long++) line.begin();
  for (; time.ms < 5000; time.ms += 50) {
    expect(line.isOpen()).toBe(true);
    line.begin();
    line.end(5);
    line.begin();
    line.end(2000);
  }
});

test('a line in which nothing is answered at all does not grow', () => {
  const time = { ms: 0 };
  const line = openQuestionLine(IN_TIME_MS, () => time.ms);
  let letIn = 0;
  for (; time.ms < 5000; time.ms += 10)
    if (line.isOpen()) {
      line.begin();
      letIn++;
    }
  expect(letIn).toBeLessThanOrEqual(100);
});
