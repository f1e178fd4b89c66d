// Amounts become minor units exactly, also where binary fractions cannot say them.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { minorUnits } from './amount.ts';

test.each<[number | string, string, string | undefined, number | undefined]>([
  [9.99, 'EUR', undefined, 999],
  ['9.99', 'EUR', undefined, 999],
  // Half a cent goes away from zero, though 1.005 as a double is a little less.
  [1.005, 'EUR', undefined, 101],
  [-1.005, 'EUR', undefined, -101],
  ['1.004999999999999999999', 'EUR', undefined, 101],
  [1500, 'JPY', undefined, 1500],
  ['0.5', 'JPY', undefined, 1],
  [1.2345, 'KWD', undefined, 1235],
  [-0, 'EUR', undefined, 0],
  [1e-9, 'EUR', undefined, 0],
  [0.1 + 0.2, 'EUR', undefined, 30],
  ['12,50', 'EUR', undefined, undefined],
  ['€5', 'EUR', undefined, undefined],
  ['', 'EUR', undefined, undefined],
  [Number.NaN, 'EUR', undefined, undefined],
  [1e300, 'EUR', undefined, undefined],
  [9_999_999_999.99, 'EUR', undefined, 999_999_999_999],
  [10_000_000_000, 'EUR', undefined, undefined],
  [10, 'EUR', '0.915', 915],
  ['10.10', 'EUR', '0.915', 924],
  [100, 'JPY', '158.205', 15_821],
])('%s as %s at a rate of %s is %s', (amount, currency, rate, minor) => {
  expect(minorUnits(amount, currency, rate)).toBe(minor);
});

test('a number and its text are the same amount', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e11, max: 1e11 }), (minor) => {
      const text = `${minor < 0 ? '-' : ''}${Math.floor(Math.abs(minor) / 100)}.${String(Math.abs(minor) % 100).padStart(2, '0')}`;
      expect(minorUnits(text, 'EUR')).toBe(minor === 0 ? 0 : minor);
      expect(minorUnits(Number(text), 'EUR')).toBe(minor === 0 ? 0 : minor);
    }),
    { seed: 7 },
  );
});
