// Golden numbers on the CDNOW sample (source: Fader, Hardie and Lee 2005; BTYD vignette), where the shared data are at hand.
import { describe, expect, it } from 'vitest';
import { HOLDOUT_WEEKS, hasCdnow, readCdnow } from '../../../bench/cdnow-data.ts';
import { BG_NBD, MBG_NBD } from './bg-nbd.ts';
import { expectedPurchases, type Family, purchaseProbability } from './family.ts';
import { fitBehaviour } from './fit-behaviour.ts';
import { fitGammaGamma } from './gamma-gamma.ts';
import { PARETO_NBD } from './pareto-nbd.ts';
import { gatherHistory } from './purchase-history.ts';

const where = hasCdnow() ? '' : ' (skipped: ../shared/data/cdnow_sample is not here)';

const readHistory = () => {
  const cdnow = readCdnow();
  const inWeeks = (days: Float64Array) => days.map((value) => value / 7);
  return gatherHistory({ frequency: cdnow.frequency, recency: inWeeks(cdnow.recency), T: inWeeks(cdnow.T) });
};

describe.skipIf(!hasCdnow())(`CDNOW sample${where}`, () => {
  it('BG/NBD is close to the Hardie paper', async () => {
    const fit = await fitBehaviour(BG_NBD, readHistory(), { priorStrength: 0 });
    expect(fit.converged).toBe(true);
    expect(fit.customers).toBe(2357);
    expect(fit.parameters.r).toBeCloseTo(0.243, 3);
    expect(fit.parameters.alpha).toBeCloseTo(4.414, 3);
    expect(fit.parameters.a).toBeCloseTo(0.793, 3);
    expect(fit.parameters.b).toBeCloseTo(2.426, 3);
    expect(fit.logLikelihood).toBeCloseTo(-9582.43, 2);
  });

  it('the weak prior of BG/NBD moves no parameter by more than 2 % and costs less than .01 of log-likelihood', async () => {
    const free = await fitBehaviour(BG_NBD, readHistory(), { priorStrength: 0 });
    const held = await fitBehaviour(BG_NBD, readHistory());
    for (const letter of BG_NBD.letters)
      expect(Math.abs(held.parameters[letter] / free.parameters[letter] - 1)).toBeLessThan(0.02);
    expect(free.logLikelihood - held.logLikelihood).toBeLessThan(0.01);
  });

  it('Pareto/NBD is close to the Hardie note', async () => {
    const fit = await fitBehaviour(PARETO_NBD, readHistory(), { priorStrength: 0 });
    expect(fit.converged).toBe(true);
    expect(fit.parameters.r).toBeCloseTo(0.553, 3);
    expect(fit.parameters.alpha).toBeCloseTo(10.578, 2);
    expect(fit.parameters.s).toBeCloseTo(0.606, 3);
    expect(fit.parameters.beta).toBeCloseTo(11.669, 2);
    expect(fit.logLikelihood).toBeCloseTo(-9594.98, 2);
  });

  it('Gamma-Gamma is close to the Hardie note', async () => {
    const { frequency, monetary } = readCdnow();
    const dollars = monetary.map((cents) => cents / 100);
    const fit = await fitGammaGamma({ purchases: frequency, money: dollars }, { priorStrength: 0 });
    expect(fit.customers).toBe(946);
    expect(fit.parameters.p).toBeCloseTo(6.25, 2);
    expect(fit.parameters.q).toBeCloseTo(3.74, 2);
    expect(fit.parameters.v).toBeCloseTo(15.44, 1);
  });

  it.each([
    { family: BG_NBD as Family<string>, mae: 0.787 },
    { family: MBG_NBD as Family<string>, mae: 0.766 },
    { family: PARETO_NBD as Family<string>, mae: 0.755 },
  ])('$family.id expects the purchases of the 39-week hold-out within $mae', async ({ family, mae }) => {
    const { parameters } = await fitBehaviour(family, readHistory());
    const { frequency, recency, T, holdoutPurchases } = readCdnow();
    const misses = Array.from(frequency, (x, i) => {
      const own = { frequency: x, recency: recency[i] / 7, T: T[i] / 7 };
      return Math.abs(expectedPurchases(family, parameters, own, HOLDOUT_WEEKS) - holdoutPurchases[i]);
    });
    expect(misses.reduce((sum, miss) => sum + miss, 0) / misses.length).toBeLessThanOrEqual(mae);
    const oneTimer = (weeks: number) =>
      purchaseProbability(family, parameters, { frequency: 0, recency: 0, T: weeks }, HOLDOUT_WEEKS);
    expect(oneTimer(38)).toBeLessThan(0.95 * oneTimer(28));
  });
});
