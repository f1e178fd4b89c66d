// Names that are refused, and what is offered instead.

import { expect, it } from 'vitest';
import { editDistance, requireKnown } from './known-names.ts';

// the textbook's pair, and what can be counted by hand
it.each([
  ['kitten', 'sitting', 3],
  ['intention', 'execution', 5],
  ['', 'abc', 3],
  ['same', 'same', 0],
])('the distance from "%s" to "%s" is %d', (from, to, distance) => {
  expect(editDistance(from, to)).toBe(distance);
  expect(editDistance(to, from)).toBe(distance);
});

it('an unknown name is refused with the nearest ones', () => {
  const known = ['blocks.0.query', 'head.bias', 'head.weight', 'table', 'blocks.0.key'];
  requireKnown('parameter', ['table', 'head.bias'], known);
  requireKnown('parameter', [], []);
  expect(() => requireKnown('parameter', ['table', 'head.wieght'], known)).toThrow(
    expect.objectContaining({
      code: 'USAGE',
      message:
        'expected the name of a parameter, got "head.wieght"; the nearest of 5 are "head.weight", "head.bias", "table"',
    }),
  );
});
