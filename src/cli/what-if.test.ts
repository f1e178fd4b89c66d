import { describe, expect, it } from 'vitest';
import { whatIfOf } from './what-if.ts';

describe('--what-if', () => {
  it('reads goals in the unit of the prediction, and lists of columns', () => {
    expect(whatIfOf({}, 100)).toBeUndefined();
    expect(whatIfOf({ whatIf: true }, 1)).toEqual({
      limits: { immutable: [], onlyRise: [], onlyFall: [] },
    });
    expect(
      whatIfOf({ whatIf: true, above: '12.5', immutable: 'a, b,', onlyRise: 'age', changes: '2' }, 100),
    ).toEqual({
      goal: { over: 1250 },
      limits: { immutable: ['a', 'b'], onlyRise: ['age'], onlyFall: [] },
      mostChanges: 2,
    });
    expect(whatIfOf({ whatIf: true, below: '.3' }, 1)?.goal).toEqual({ under: 0.3 });
  });

  it.each([
    [{ above: '.5' }, /go with --what-if/],
    [{ whatIf: true, above: '.5', below: '.2' }, /got both/],
    [{ whatIf: true, above: 'much' }, /expected a number/],
    [{ whatIf: true, changes: '9' }, /expected 1 to 5/],
  ])('refuses %o', (options, words) => {
    expect(() => whatIfOf(options, 1)).toThrow(words);
  });
});
