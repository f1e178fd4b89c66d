// What is too much is refused: places, bytes, and time once there has been too little of it for a while.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createPressure, DEFAULT_PRESSURE } from './pressure.ts';

const LIMITS = { ...DEFAULT_PRESSURE, turnMs: 20 };

/** A turn in which a request comes every 10 ms; how many of them may go on. */
async function turn(pressure: ReturnType<typeof createPressure>, time: { ms: number }, requests: number) {
  let letIn = 0;
  for (let nth = 0; nth < requests; nth++) {
    if (pressure.arrive()) letIn++;
    time.ms += 10;
  }
  await nextTurn();
  return letIn;
}

test('half a second of long turns lets in no more than fits into half of one, and a calm while ends it', async () => {
  const time = { ms: 0 };
  const pressure = createPressure(LIMITS, () => time.ms);
  for (let nth = 0; nth < 5; nth++) expect(await turn(pressure, time, 10)).toBe(10);
  expect(await turn(pressure, time, 10)).toBe(1);
  // A turn that is short because the rest of it was refused is no calm.
  expect(await turn(pressure, time, 2)).toBe(1);
  expect(await turn(pressure, time, 10)).toBe(1);
  // However long nothing comes.
  time.ms += 60_000;
  expect(await turn(pressure, time, 10)).toBe(1);
  for (let nth = 0; nth < 10; nth++) expect(await turn(pressure, time, 1)).toBe(1);
  expect(await turn(pressure, time, 10)).toBe(10);
});

test('what piled up behind one long pause is let in', async () => {
  const time = { ms: 0 };
  const pressure = createPressure(LIMITS, () => time.ms);
  expect(await turn(pressure, time, 40)).toBe(40);
  expect(await turn(pressure, time, 2)).toBe(2);
  expect(await turn(pressure, time, 40)).toBe(40);
});

test('bytes and places are given back', () => {
  const pressure = createPressure({ ...LIMITS, requests: 1, bodyBytes: 10 });
  expect([pressure.enter(), pressure.enter()]).toEqual([true, false]);
  pressure.leave();
  expect(pressure.enter()).toBe(true);
  expect([pressure.reserve(8), pressure.reserve(3), pressure.reserve(2)]).toEqual([true, false, true]);
  pressure.release(8);
  expect(pressure.reserve(8)).toBe(true);
});
