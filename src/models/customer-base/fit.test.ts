// Fits: parameters recovered from customers drawn from them, and a sane end on data that break plain likelihood.
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { BG_NBD, MBG_NBD } from './bg-nbd.ts';
import { expectedPurchases, type Family, purchaseProbability } from './family.ts';
import { fitBehaviour } from './fit-behaviour.ts';
import { PARETO_NBD } from './pareto-nbd.ts';
import { gatherHistory, type PurchaseHistory, thinHistory } from './purchase-history.ts';
import { type Leaving, simulateCustomer } from './simulate-customers.ts';

const FAMILIES = [BG_NBD, MBG_NBD, PARETO_NBD] as readonly Family<string>[];

type Row = readonly [frequency: number, recency: number, T: number];

const historyOf = (rows: readonly Row[]): PurchaseHistory =>
  gatherHistory({
    frequency: rows.map(([frequency]) => frequency),
    recency: rows.map(([, recency]) => recency),
    T: rows.map(([, , T]) => T),
  });

function simulate(customers: number, seed: number, leaving: Leaving): PurchaseHistory {
  const draw = random(seed);
  const day = (weeks: number) => Math.ceil(weeks * 7) / 7;
  return historyOf(
    Array.from({ length: customers }, () => {
      const T = (7 + draw.integer(700)) / 7;
      const own = simulateCustomer(draw, { r: 0.6, alpha: 9, leaving, T, weeks: 0 });
      return [own.frequency, Math.min(T, day(own.recency)), T] as const;
    }),
  );
}

describe('recovery from simulated customers', () => {
  it.each([
    {
      family: BG_NBD as Family<string>,
      leaving: { kind: 'coin', a: 0.8, b: 2.5, firstCoin: false } as const,
    },
    {
      family: MBG_NBD as Family<string>,
      leaving: { kind: 'coin', a: 0.8, b: 2.5, firstCoin: true } as const,
    },
    { family: PARETO_NBD as Family<string>, leaving: { kind: 'moment', s: 0.6, beta: 12 } as const },
  ])('$family.id finds the parameters 40,000 customers were drawn from', async ({ family, leaving }) => {
    const { parameters, converged } = await fitBehaviour(family, simulate(40_000, 3, leaving));
    expect(converged).toBe(true);
    const { kind: _kind, ...truth } = { r: 0.6, alpha: 9, ...leaving } as Record<string, unknown>;
    for (const letter of family.letters) {
      // Standard errors are 2–5 % here; purchases rounded up to days add a little.
      expect(Math.abs(parameters[letter] / (truth[letter] as number) - 1), letter).toBeLessThan(0.15);
    }
  });

  it('finds the same optimum through a thinned first search as directly', async () => {
    const history = simulate(40_000, 4, { kind: 'coin', a: 0.8, b: 2.5, firstCoin: false });
    expect(history.count.length).toBeGreaterThan(20_000);
    const fit = await fitBehaviour(BG_NBD, history);
    const slopes = new Float64Array(4);
    BG_NBD.logLikelihood(history, fit.parameters, slopes);
    // At the maximum only the prior pulls, and it pulls by less than one.
    for (const slope of slopes) expect(Math.abs(slope)).toBeLessThan(1);
  });
});

const repeated = (count: number, row: Row): Row[] => new Array<Row>(count).fill(row);

const AWKWARD: readonly { what: string; rows: readonly Row[] }[] = [
  { what: 'one customer, bought once', rows: [[0, 0, 10]] },
  { what: 'one customer, bought today', rows: [[0, 0, 0]] },
  { what: 'all one-timers of one age', rows: repeated(500, [0, 0, 20]) },
  { what: 'all one-timers of all ages', rows: Array.from({ length: 300 }, (_, i) => [0, 0, i / 7] as const) },
  { what: 'identical repeat customers', rows: repeated(400, [4, 30, 32]) },
  { what: 'everyone bought today', rows: repeated(50, [3, 25, 25]) },
  {
    what: 'nobody ever leaves',
    rows: Array.from({ length: 200 }, (_, i) => [20 + (i % 5), 49, 50] as const),
  },
  {
    what: 'everyone left long ago',
    rows: Array.from({ length: 200 }, (_, i) => [2 + (i % 3), 2, 150] as const),
  },
  {
    what: 'very heavy buyers among one-timers',
    rows: [...repeated(300, [0, 0, 40]), [2500, 399, 400], [900, 200, 400], [3000, 428, 428]],
  },
];

describe.each(FAMILIES)('$id', (family) => {
  it.each(AWKWARD)('ends with finite, sane answers for: $what', async ({ rows }) => {
    const { parameters, converged, logLikelihood } = await fitBehaviour(family, historyOf(rows));
    expect(converged).toBe(true);
    expect(Number.isFinite(logLikelihood)).toBe(true);
    for (const letter of family.letters) {
      expect(parameters[letter]).toBeGreaterThan(1e-4);
      expect(parameters[letter]).toBeLessThan(1e6);
    }
    for (const [frequency, recency, T] of rows.slice(-5)) {
      const own = { frequency, recency, T };
      const buys = purchaseProbability(family, parameters, own, 13);
      expect(buys).toBeGreaterThanOrEqual(0);
      expect(buys).toBeLessThanOrEqual(1);
      expect(Number.isFinite(expectedPurchases(family, parameters, own, 13))).toBe(true);
    }
  });

  it('refuses to learn from nobody', async () => {
    await expect(fitBehaviour(family, historyOf([]))).rejects.toMatchObject({ code: 'NOT_ENOUGH_DATA' });
  });

  it('stops between iterations when told to', async () => {
    const cancel = new AbortController();
    const history = simulate(2_000, 5, { kind: 'moment', s: 0.6, beta: 12 });
    const work = fitBehaviour(family, history, {
      signal: cancel.signal,
      onIteration: (iteration) => {
        if (iteration === 3) cancel.abort();
      },
    });
    await expect(work).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('gatherHistory', () => {
  it('counts equal histories once, sorted, whatever order they come in', () => {
    const rows: Row[] = [
      [1, 3, 9],
      [0, 0, 9],
      [1, 3, 9],
      [1, 2, 9],
      [0, 0, 4],
    ];
    const history = historyOf(rows);
    expect([...history.frequency]).toEqual([0, 0, 1, 1]);
    expect([...history.T]).toEqual([4, 9, 9, 9]);
    expect([...history.recency]).toEqual([0, 0, 2, 3]);
    expect([...history.count]).toEqual([1, 1, 1, 2]);
    expect(historyOf([...rows].reverse())).toEqual(history);
  });

  it('leaves out who never purchased and who weighs nothing', () => {
    const columns = { frequency: [Number.NaN, 0, 0], recency: [Number.NaN, 0, 0], T: [Number.NaN, 5, 5] };
    expect(gatherHistory(columns, [1, 0, 2])).toMatchObject({ customers: 2, count: Float64Array.of(2) });
  });

  it('cuts recency to T and refuses what is no history', () => {
    expect([...historyOf([[2, 9, 8]]).recency]).toEqual([8]);
    expect(() => historyOf([[1.5, 1, 2]])).toThrow(/whole number/);
    expect(() => historyOf([[1, 1, Number.NaN]])).toThrow(/age/);
    expect(() => historyOf([[1, -1, 2]])).toThrow(/recency/);
  });

  it('thins to every k-th group', () => {
    const history = historyOf(Array.from({ length: 10 }, (_, i) => [0, 0, i] as const));
    expect([...thinHistory(history, 4).T]).toEqual([0, 4, 8]);
  });
});
