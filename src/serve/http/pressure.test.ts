// What is too much is refused: places and bytes.
import { expect, test } from 'vitest';
import { createPressure, DEFAULT_PRESSURE } from './pressure.ts';

test('bytes and places are given back', () => {
  const pressure = createPressure({ ...DEFAULT_PRESSURE, requests: 1, bodyBytes: 10 });
  expect([pressure.enter(), pressure.enter()]).toEqual([true, false]);
  pressure.leave();
  expect(pressure.enter()).toBe(true);
  expect([pressure.reserve(8), pressure.reserve(3), pressure.reserve(2)]).toEqual([true, false, true]);
  pressure.release(8);
  expect(pressure.reserve(8)).toBe(true);
});
