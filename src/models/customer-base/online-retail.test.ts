// The Online Retail slice, where plain maximum likelihood runs away: weak priors must end, and rank who buys next.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { DAY_MS } from '../../core/time.ts';
import { rocAuc } from '../../eval/metrics/binary.ts';
import { BG_NBD, MBG_NBD } from './bg-nbd.ts';
import { expectedPurchases, type Family, purchaseProbability } from './family.ts';
import { fitBehaviour } from './fit-behaviour.ts';
import { PARETO_NBD } from './pareto-nbd.ts';
import { type Customer, gatherHistory } from './purchase-history.ts';

const FILE = new URL('../../../examples/online-retail/online-retail.csv.gz', import.meta.url);

/** Purchase days (days since 1970, ascending) of each customer; cancellations and lines without customer left out. */
function readPurchaseDays(): readonly (readonly number[])[] {
  const days = new Map<string, Set<number>>();
  const lines = gunzipSync(readFileSync(FILE)).toString('utf8').split('\n');
  for (const line of lines.slice(1)) {
    // Descriptions may hold commas, the columns after them do not: count from the end.
    const cells = line.trimEnd().split(',');
    const [quantity, date, price, customer] = cells.slice(-5);
    if (!customer || !(Number(quantity) > 0 && Number(price) > 0)) continue;
    const own = days.get(customer) ?? new Set<number>();
    days.set(customer, own.add(Math.floor(Date.parse(`${date.replace(' ', 'T')}Z`) / DAY_MS)));
  }
  return [...days.values()].map((own) => [...own].sort((a, b) => a - b));
}

describe('Online Retail', () => {
  let purchaseDays: readonly (readonly number[])[] = [];
  beforeAll(() => {
    purchaseDays = readPurchaseDays();
  });

  const at = (date: string, horizonDays: number) => {
    const asOf = Date.parse(`${date}T00:00:00Z`) / DAY_MS;
    return purchaseDays
      .filter((days) => days[0] < asOf)
      .map((days) => {
        const before = days.filter((day) => day < asOf);
        return {
          frequency: before.length - 1,
          recency: (before[before.length - 1] - before[0]) / 7,
          T: (asOf - before[0]) / 7,
          buys: Number(days.some((day) => day >= asOf && day < asOf + horizonDays)),
        };
      });
  };
  const historyOf = (customers: readonly Customer[]) =>
    gatherHistory({
      frequency: customers.map((own) => own.frequency),
      recency: customers.map((own) => own.recency),
      T: customers.map((own) => own.T),
    });

  it.each([BG_NBD, MBG_NBD, PARETO_NBD] as readonly Family<string>[])(
    '$id ends with moderate parameters and ranks the buyers of the next 90 days',
    async (family) => {
      const { parameters, converged } = await fitBehaviour(family, historyOf(at('2011-03-13', 90)));
      expect(converged).toBe(true);
      for (const letter of family.letters) {
        expect(parameters[letter]).toBeGreaterThan(0.01);
        expect(parameters[letter]).toBeLessThan(1000);
      }
      const test = at('2011-06-11', 90);
      const predicted = Float64Array.from(test, (own) =>
        purchaseProbability(family, parameters, own, 90 / 7),
      );
      const actual = Float64Array.from(test, (own) => own.buys);
      const auc = rocAuc({ actual, predicted })(new Float64Array(test.length).fill(1));
      expect(auc).toBeGreaterThan(0.735);
      for (const own of test) {
        expect(Number.isFinite(expectedPurchases(family, parameters, own, 90 / 7))).toBe(true);
      }
    },
  );

  it('plain likelihood runs away where the prior holds', async () => {
    const history = historyOf(at('2011-03-13', 90));
    const plain = await fitBehaviour(BG_NBD, history, { priorStrength: 0 });
    const held = await fitBehaviour(BG_NBD, history);
    expect(plain.parameters.b).toBeGreaterThan(100 * held.parameters.b);
    // And yet the data hardly care: that is why a weak prior is enough.
    expect(plain.logLikelihood - held.logLikelihood).toBeLessThan(3);
  });
});
