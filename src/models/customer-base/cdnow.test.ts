// Golden numbers on the CDNOW sample (source: Fader, Hardie and Lee 2005; BTYD vignette), where the shared data are at hand.
import { describe, expect, it } from 'vitest';
import { hasCdnow, readCdnow } from '../../../bench/cdnow-data.ts';
import { BG_NBD } from './bg-nbd.ts';
import { fitBehaviour } from './fit-behaviour.ts';
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
});
