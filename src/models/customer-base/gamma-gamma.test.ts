// Gamma-Gamma: recovery, published predictions, slopes by way of the optimum, awkward money.
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { expectedMoney, fitGammaGamma } from './gamma-gamma.ts';

describe('expectedMoney', () => {
  const cdnow = { p: 6.25, q: 3.74, v: 15.44 };

  it.each([
    [2, 22.35, 24.66],
    [1, 11.77, 18.92],
    [7, 73.74, 71.46],
  ])(
    '%i purchases of %f on average promise %f (source: lifetimes 0.11, CDNOW)',
    (purchases, money, expected) => {
      expect(expectedMoney(cdnow, purchases, money)).toBeCloseTo(expected, 1);
    },
  );

  it('is the mean over customers without a purchase', () => {
    expect(expectedMoney(cdnow, 0, Number.NaN)).toBeCloseTo((6.25 * 15.44) / 2.74, 10);
  });
});

describe('fitGammaGamma', () => {
  it('finds the parameters 20,000 customers were drawn from', async () => {
    const draw = random(21);
    const purchases = Float64Array.from({ length: 20_000 }, () => 1 + draw.integer(6));
    const money = purchases.map((count) => draw.gamma(4 * count, count * draw.gamma(3.5, 2000)));
    const { parameters, converged } = await fitGammaGamma({ purchases, money });
    expect(converged).toBe(true);
    expect(parameters.p).toBeCloseTo(4, 0);
    expect(parameters.p / 4).toBeCloseTo(1, 1);
    expect(parameters.q / 3.5).toBeCloseTo(1, 1);
    expect(parameters.v / 2000).toBeCloseTo(1, 1);
  });

  it('does not depend on the unit of money', async () => {
    const draw = random(22);
    const purchases = Float64Array.from({ length: 500 }, () => 1 + draw.integer(4));
    const money = purchases.map((count) => draw.gamma(4 * count, count * draw.gamma(3.5, 20)));
    const pounds = await fitGammaGamma({ purchases, money });
    const pence = await fitGammaGamma({ purchases, money: money.map((value) => value * 100) });
    expect(pence.parameters.p / pounds.parameters.p).toBeCloseTo(1, 5);
    expect(pence.parameters.v / pounds.parameters.v).toBeCloseTo(100, 3);
  });

  it.each([
    { what: 'one customer', purchases: [3], money: [20] },
    { what: 'everyone spends the same', purchases: new Array(50).fill(2), money: new Array(50).fill(999) },
    { what: 'one wholesale customer', purchases: [1, 1, 2, 1, 40], money: [10, 12, 9, 11, 5e7] },
  ])('ends for: $what', async ({ purchases, money }) => {
    const { parameters, converged } = await fitGammaGamma({ purchases, money });
    expect(converged).toBe(true);
    const promised = expectedMoney(parameters, purchases[0], money[0]);
    expect(promised).toBeGreaterThan(0);
    expect(Number.isFinite(promised)).toBe(true);
  });

  it('refuses to learn from nobody, and leaves out money of zero or none', async () => {
    await expect(fitGammaGamma({ purchases: [0, 1], money: [Number.NaN, 0] })).rejects.toMatchObject({
      code: 'NOT_ENOUGH_DATA',
    });
    const fit = await fitGammaGamma({ purchases: [0, 1, 2], money: [Number.NaN, 0, 10] });
    expect(fit.customers).toBe(1);
  });
});
