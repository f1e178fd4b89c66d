// Session ids that are used stay known; of the others only the latest do.
import { expect, test } from 'vitest';
import { openKnownSessions } from './known-sessions.ts';

test('a session is whoever used it last; those not used for long make room', () => {
  const sessions = openKnownSessions(3);
  sessions.note('a', 1);
  sessions.note('b', 2);
  sessions.note('a', 3);
  expect(['a', 'b', 'c'].map(sessions.find)).toEqual([3, 2, undefined]);
  for (const [id, user] of [
    ['c', 4],
    ['d', 5],
    ['b', 2],
    ['e', 6],
    ['f', 7],
  ] as const)
    sessions.note(id, user);
  expect(['a', 'b', 'c', 'd', 'e', 'f'].map(sessions.find)).toEqual([undefined, 2, undefined, 5, 6, 7]);
  sessions.forget(new Set([2, 7]));
  expect(['b', 'e', 'f'].map(sessions.find)).toEqual([undefined, 6, undefined]);
});
