// Special functions against values of 30 digits (source: mpmath 1.3 with mp.dps = 30, as the nearest float64).
import { describe, expect, it } from 'vitest';
import * as special from './special.ts';

/** Agreement to `digits`, relative where the value is above one, absolute below. */
const agree = (got: number, expected: number, digits = 14) =>
  expect(Math.abs(got - expected), `${got} against ${expected}`).toBeLessThanOrEqual(
    10 ** -digits * Math.max(1, Math.abs(expected)),
  );
/** Agreement to `digits` of the value itself, however small. */
const agreeRelative = (got: number, expected: number, digits = 13) =>
  expect(Math.abs(got / expected - 1), `${got} against ${expected}`).toBeLessThanOrEqual(10 ** -digits);

describe('special functions', () => {
  it.each([
    [1e-8, 18.42068073818021],
    [0.1, 2.252712651734206],
    [0.5, 0.5723649429247001],
    [1, 0],
    [1.5, -0.12078223763524522],
    [2, 0],
    [3.7, 1.4280723266653879],
    [10.25, 13.368023671476045],
    [100, 359.1342053695754],
    [12345.678, 103959.91990554606],
    [1e10, 220258509288.81058],
    [-0.5, 1.2655121234846454],
    [-3.3, -0.8243558050174271],
  ])('lgamma(%f)', (x, expected) => agree(special.lgamma(x), expected));

  it('lgamma is infinite at its poles and NaN at NaN', () => {
    expect(special.lgamma(0)).toBe(Number.POSITIVE_INFINITY);
    expect(special.lgamma(-4)).toBe(Number.POSITIVE_INFINITY);
    expect(special.lgamma(Number.NaN)).toBeNaN();
  });

  it.each([
    [1e-3, -1000.5755719318103],
    [0.25, -4.2274535333762655],
    [1, -0.5772156649015329],
    [2.5, 0.7031566406452432],
    [9.9, 2.2411803166063815],
    [10, 2.251752589066721],
    [123.4, 4.8113737751162775],
    [-1.5, 0.7031566406452432],
  ])('digamma(%f)', (x, expected) => agree(special.digamma(x), expected));

  it.each([
    [0.01, 10001.621213528313],
    [0.5, 4.934802200544679],
    [1, 1.6449340668482264],
    [7.3, 0.14679576813142708],
    [50, 0.020201333226697125],
  ])('trigamma(%f)', (x, expected) => agree(special.trigamma(x), expected));

  it.each([
    [0.3, 2, -0.941608539858445],
    [12.5, 7, 19.126738997024653],
    [1e6, 3.5, 48.354291327870584],
    [1e9, 0.25, 5.180816459142853],
    [50, 1e5, 1051718.8017509384],
  ])('logRising(%f, %f)', (x, rise, expected) => agreeRelative(special.logRising(x, rise), expected));

  it.each([
    [0.5, 0.5, 1.1447298858494002],
    [2, 3, -2.4849066497880004],
    [1e-3, 4, 6.905922625817282],
    [1e8, 2.5, -45.767019008157995],
    [300, 400, -479.688451037132],
    [0.793, 2.426, -0.5115692885937032],
  ])('logBeta(%f, %f)', (a, b, expected) => agreeRelative(special.logBeta(a, b), expected));

  it('logAddExp stands beyond the range of exp', () => {
    agree(special.logAddExp(-2000, -2000), -2000 + Math.LN2);
    expect(special.logAddExp(3, Number.NEGATIVE_INFINITY)).toBe(3);
  });

  it.each([
    [1, 1, 2, 0.5, 0.326634259978281],
    [0.243, 2.426, 2.219, 0.49, 0.182716827359076],
    [30.5, 12.2, 11.9, 0.9, 71.18807308667276],
    [3.2, 1.6, 4.2, 0.97, 3.4286995676829686],
    [400, 10, 12, 0.95, 1185.1267130469325],
    [0.1, 0.2, 0.3, 0.999, 0.38550523262118613],
  ])('logHyp2f1(%f, %f; %f; %f)', (a, b, c, z, expected) =>
    // The argument's own rounding is magnified by 1 / (1 − z).
    agreeRelative(special.logHyp2f1(a, b, c, z), expected, 12),
  );

  it.each([
    [0.5, 2, 3, 0.6875],
    [0.1, 0.243, 4.4, 0.8283411268764291],
    [0.9, 50, 3, 0.09663328513725213],
    [0.001, 0.5, 0.5, 0.020135041633377492],
    [0.3, 200, 500, 0.7996208251731606],
  ])('betaCdf(%f; %f, %f)', (x, a, b, expected) => agreeRelative(special.betaCdf(x, a, b), expected, 12));

  it.each([
    [0.5, 0.5, 0.6826894921370859, 0.3173105078629141],
    [3, 2.5, 0.6937810815867216, 0.3062189184132784],
    [20, 10, 0.9950045876916924, 0.004995412308307587],
    [0.01, 0.1, 0.6626212599544798, 0.3373787400455202],
    [150, 100, 0.9999940754596646, 5.924540335483916e-6],
    [40, 2, 0.9999999999999998, 1.7418252446695514e-16],
  ])('gammaCdf and gammaTail(%f; %f)', (x, shape, below, above) => {
    agreeRelative(special.gammaCdf(x, shape), below, 12);
    agreeRelative(special.gammaTail(x, shape), above, 12);
  });

  it.each([
    [0.1, 0.1124629160182849, 0.8875370839817152],
    [0.5, 0.5204998778130465, 0.4795001221869535],
    [1, 0.8427007929497149, 0.15729920705028513],
    [2, 0.9953222650189527, 0.004677734981047266],
    [3.5, 0.9999992569016276, 7.430983723414128e-7],
  ])('erf and erfc(%f)', (x, expected, complement) => {
    agreeRelative(special.erf(x), expected);
    agreeRelative(special.erf(-x), -expected);
    agreeRelative(special.erfc(x), complement);
  });

  it('erfc and normalCdf keep their digits in the tail', () => {
    agreeRelative(special.erfc(10), 2.088487583762545e-45);
    agreeRelative(special.normalCdf(-8), 6.220960574271784e-16);
    agreeRelative(special.normalCdf(1.3), 0.9031995154143897);
  });

  it.each([
    [0.5, 0],
    [0.025, -1.9599639845400543],
    [0.975, 1.9599639845400543],
    [0.9, 1.2815515655446004],
    [1e-10, -6.361340902404057],
    [1e-300, -37.0470962993612],
    [0.4999, -0.0002506628300880351],
  ])('normalQuantile(%f)', (probability, expected) =>
    agree(special.normalQuantile(probability), expected, 13),
  );

  it('normalQuantile knows its ends', () => {
    expect(special.normalQuantile(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(special.normalQuantile(1)).toBe(Number.POSITIVE_INFINITY);
    expect(special.normalQuantile(1.1)).toBeNaN();
  });
});
