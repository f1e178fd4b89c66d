// How many requests a turn of the event loop lets in, once turns have been too long for a while.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openTurnDoor, type TurnDoor } from './turn-door.ts';

const LONGEST_MS = 20;

const stoppedClock = () => {
  const time = { ms: 0, idleMs: 0 };
  return { time, clock: { now: () => time.ms, idle: () => time.idleMs } };
};

/** A turn in which requests come at once and each let in costs so much, in it or in the next one; how many were. */
async function turn(door: TurnDoor, requests: number, cost: () => void) {
  let letIn = 0;
  for (let nth = 0; nth < requests; nth++) {
    if (!door.arrive()) continue;
    letIn++;
    cost();
  }
  await nextTurn();
  return letIn;
}

test('half a second of long turns lets in what fits into one, and a calm while ends it', async () => {
  const { time, clock } = stoppedClock();
  const door = openTurnDoor(LONGEST_MS, clock);
  const cost = () => {
    time.ms += 5;
  };
  for (let nth = 0; nth < 5; nth++) expect(await turn(door, 20, cost)).toBe(20);
  // 100 ms for 20 requests: 4 in 20 ms.
  expect(await turn(door, 20, cost)).toBe(4);
  // That was no long turn, and it refused some: one more is tried, and taken back.
  expect(await turn(door, 20, cost)).toBe(5);
  expect(await turn(door, 20, cost)).toBe(4);
  // However long nothing comes.
  time.ms += 60_000;
  time.idleMs += 60_000;
  expect(await turn(door, 20, cost)).toBe(5);
  for (let nth = 0; nth < 11; nth++) expect(await turn(door, 1, cost)).toBe(1);
  expect(await turn(door, 20, cost)).toBe(20);
});

test('what a request costs after its turn counts in the next one', async () => {
  const { time, clock } = stoppedClock();
  const door = openTurnDoor(LONGEST_MS, clock);
  let owed = 0;
  const later = () => {
    owed += 5;
  };
  const counts: number[] = [];
  for (let nth = 0; nth < 40; nth++) {
    time.ms += owed;
    owed = 0;
    counts.push(await turn(door, 20, later));
  }
  expect(counts.slice(0, 6)).toEqual([20, 20, 20, 20, 20, 20]);
  for (const letIn of counts.slice(20)) expect(letIn).toBeLessThanOrEqual(6);
});

test('a loop that sleeps is not at work', async () => {
  const { time, clock } = stoppedClock();
  const door = openTurnDoor(LONGEST_MS, clock);
  for (let nth = 0; nth < 50; nth++) {
    const letIn = await turn(door, 20, () => {});
    time.ms += 100;
    time.idleMs += 99;
    expect(letIn).toBe(20);
  }
});

test('what piled up behind one long pause is let in', async () => {
  const { time, clock } = stoppedClock();
  const door = openTurnDoor(LONGEST_MS, clock);
  const cost = () => {
    time.ms += 10;
  };
  expect(await turn(door, 40, cost)).toBe(40);
  expect(await turn(door, 1, cost)).toBe(1);
  expect(await turn(door, 1, () => {})).toBe(1);
  expect(await turn(door, 40, cost)).toBe(40);
});
