// Pixels and ticks, computed by hand.
import { describe, expect, test } from 'vitest';
import { extent, linearScale, linearTicks, niceScale, signedLogScale } from './scale.ts';

describe('linearTicks', () => {
  test.each([
    [0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0, 0.3, 3, [0, 0.1, 0.2, 0.3]],
    [-7, 13, 4, [-5, 0, 5, 10]],
    [0, 34_000, 4, [0, 10_000, 20_000, 30_000]],
    [0.71, 0.78, 4, [0.72, 0.74, 0.76, 0.78]],
    [0, 0, 4, []],
  ])('from %d to %d about %d', (low, high, count, ticks) => {
    expect(low === high ? [] : linearTicks(low, high, count)).toEqual(ticks);
  });

  test('zero is never written with a minus sign', () => {
    expect(Object.is(linearTicks(-1, 1, 4)[2], 0)).toBe(true);
    expect(Object.is(linearTicks(0, 1, 5)[0], 0)).toBe(true);
  });
});

describe('linearScale', () => {
  test('maps ends to ends and the middle to the middle, also upside down', () => {
    const y = linearScale({ domain: [0, 10], range: [300, 100] });
    expect([y(0), y(5), y(10)]).toEqual([300, 200, 100]);
  });

  test('an empty domain is widened instead of dividing by zero', () => {
    const x = linearScale({ domain: [4, 4], range: [0, 100] });
    expect(x(4)).toBe(50);
    expect(linearScale({ domain: [0, 0], range: [0, 100] })(0)).toBe(50);
  });
});

test('niceScale ends on ticks', () => {
  const x = niceScale({ domain: [3, 97], range: [0, 1], ticks: 5 });
  expect(x.domain).toEqual([0, 100]);
  expect(x.ticks).toEqual([0, 20, 40, 60, 80, 100]);
});

describe('signedLogScale', () => {
  const x = signedLogScale({ domain: [-99, 9999], range: [0, 600] });

  test('gives every power of ten of 1 + |v| the same room and zero its place', () => {
    // ln(100) : ln(10000) = 2 : 4, so zero lies at a third.
    expect(x(-99)).toBeCloseTo(0, 9);
    expect(x(0)).toBeCloseTo(200, 9);
    expect(x(99)).toBeCloseTo(400, 9);
    expect(x(9999)).toBeCloseTo(600, 9);
  });

  test('has ticks at powers of ten on both sides', () => {
    expect(x.ticks).toEqual([-10, -1, 0, 1, 10, 100, 1000]);
  });

  test('a unit moves the straight part: pennies under a pound do not stretch the axis', () => {
    const money = signedLogScale({ domain: [0, 9900], range: [0, 100], unit: 100 });
    expect(money(900)).toBeCloseTo(50, 9);
    expect(money.ticks).toEqual([0, 100, 1000]);
  });
});

test('extent skips what is not finite', () => {
  expect(extent([3, Number.NaN, -1, Number.POSITIVE_INFINITY])).toEqual([-1, 3]);
  expect(extent([])).toEqual([0, 1]);
});
