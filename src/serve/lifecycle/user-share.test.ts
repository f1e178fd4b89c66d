import { expect, test } from 'vitest';
import { shareOfUsers } from './user-share.ts';

const ids = Array.from({ length: 40_000 }, (_, i) => `customer-${i}`);
const drawn = (salt: string, share: number): boolean[] => {
  const isDrawn = shareOfUsers(salt, share);
  return ids.map((user_id) => isDrawn({ user_id }));
};
const shareOf = (sides: readonly boolean[]): number => sides.filter(Boolean).length / sides.length;
/** Four standard errors of a share among so many. */
const off = (share: number): number => 4 * Math.sqrt((share * (1 - share)) / ids.length);

test.each([0.01, 0.1, 0.5])('a share of %f of people is drawn, the same each time', (share) => {
  expect(Math.abs(shareOf(drawn('one', share)) - share)).toBeLessThan(off(share));
  expect(drawn('one', share)).toEqual(drawn('one', share));
});

test('another trial draws others: as many of both as chance would have it', () => {
  const one = drawn('one', 0.1);
  const two = drawn('two', 0.1);
  const both = one.map((side, i) => side && two[i]);
  expect(Math.abs(shareOf(both) - 0.01)).toBeLessThan(off(0.01));
});

test('a larger share of the same trial keeps whom the smaller one had', () => {
  const few = drawn('one', 0.1);
  const many = drawn('one', 0.3);
  expect(few.every((side, i) => !side || many[i])).toBe(true);
});

test('everybody is drawn by a share of 1, and a customer stays on one side with every item', () => {
  expect(shareOf(drawn('one', 1))).toBe(1);
  const isDrawn = shareOfUsers('one', 0.5);
  for (const user_id of ids.slice(0, 100)) {
    const alone = isDrawn({ user_id });
    expect(isDrawn({ user_id, item_id: 'mug' })).toBe(alone);
    expect(isDrawn({ user_id, session_id: 's' })).toBe(alone);
  }
});
