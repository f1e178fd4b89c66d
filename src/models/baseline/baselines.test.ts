import { describe, expect, it } from 'vitest';
import { makeFrame } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { silent } from '../../core/progress.ts';
import { estimatorById, fitModel } from '../catalogue.ts';
import type { Question, Sample } from '../estimator.ts';

const RUN = { seed: 1, threads: 1, progress: silent };
const BUYS: Question = { kind: 'binary', outcome: 'buys', horizonDays: 30, discountPerYear: 0 };
const LEAVES: Question = { ...BUYS, outcome: 'leaves' };
const REVENUE: Question = { ...BUYS, kind: 'amount', outcome: 'revenue' };

function table(
  question: Question,
  columns: Record<string, readonly number[]>,
  target: readonly number[],
): Sample {
  const frame = makeFrame(
    Object.entries(columns).map(([id, values]) => ({
      kind: 'number',
      name: id,
      label: name(id, id),
      unit: 'none',
      group: id,
      values: Float64Array.from(values),
    })),
    { rows: target.length },
  );
  const entities = target.map((_, i) => String(i).padStart(4, '0'));
  return {
    question,
    frame,
    entities,
    asOf: new Float64Array(target.length),
    target: Float64Array.from(target),
  };
}

async function predictions(id: string, sample: Sample): Promise<number[]> {
  const model = await fitModel(estimatorById(id), sample, undefined, RUN);
  return [...(await model.predict(sample.frame))];
}

describe('rate', () => {
  it('gives everyone the training rate or mean', async () => {
    expect(await predictions('rate', table(BUYS, {}, [1, 0, 0, 0]))).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect(await predictions('rate', table(REVENUE, {}, [100, 0, -40]))).toEqual([20, 20, 20]);
  });

  it('claims no certainty from three examples', async () => {
    expect(await predictions('rate', table(BUYS, {}, [1, 1, 1]))).toEqual([0.875, 0.875, 0.875]);
  });
});

describe('last-period', () => {
  it('repeats the revenue of the last window, never below zero', async () => {
    const sample = table(REVENUE, { revenue_last_horizon: [500, 0, -70, Number.NaN] }, [1, 2, 3, 4]);
    expect(await predictions('last-period', sample)).toEqual([500, 0, 0, 0]);
  });

  it('gives those who bought, and those who did not, their own training rate', async () => {
    const bought = Array.from({ length: 1000 }, (_, i) => (i < 400 ? 1 + (i % 3) : 0));
    const target = bought.map((orders, i) => Number(orders > 0 ? i % 4 !== 0 : i % 10 === 0));
    const found = await predictions('last-period', table(BUYS, { purchases_last_horizon: bought }, target));
    expect(found[0]).toBeCloseTo(0.75, 2);
    expect(found[999]).toBeCloseTo(0.1, 2);
  });

  it('refuses amounts that are not revenue, and frames without its column', () => {
    const { frame } = table(BUYS, { purchases_last_horizon: [1] }, [1]);
    expect(estimatorById('last-period').refuses({ ...REVENUE, outcome: 'other' }, frame)).toMatch(/revenue/);
    expect(estimatorById('last-period').refuses(REVENUE, frame)).toMatch(/revenue_last_horizon/);
    expect(estimatorById('last-period').refuses(BUYS, frame)).toBeUndefined();
  });
});

describe('recency', () => {
  it('learns one value a bucket of days, and one for those who never bought', async () => {
    const days = Array.from({ length: 1100 }, (_, i) => (i < 1000 ? i / 10 : Number.NaN));
    const target = days.map((day) => (Number.isNaN(day) ? 7 : day < 50 ? 200 : 20));
    const found = await predictions('recency', table(REVENUE, { days_since_purchase: days }, target));
    expect(found[5]).toBeCloseTo(200, -1);
    expect(found[995]).toBeCloseTo(20, -1);
    expect(found[1050]).toBeCloseTo(7, -1);
  });
});

describe('own-rate', () => {
  const columns = {
    frequency: [3, 0, Number.NaN],
    T: [120, 5, Number.NaN],
    monetary: [1000, Number.NaN, Number.NaN],
    first_value: [600, 900, Number.NaN],
  };

  it('continues revenue per day over the horizon, a newcomer counting as one horizon old', async () => {
    expect(await predictions('own-rate', table(REVENUE, columns, [0, 0, 0]))).toEqual([900, 900, 0]);
  });

  it('discounts a year of money to the middle of the year', async () => {
    const yearly = { ...REVENUE, horizonDays: 365.25, discountPerYear: 0.21 };
    const sample = table(yearly, { ...columns, revenue_last_horizon: [1100, 0, 0] }, [0, 0, 0]);
    expect((await predictions('own-rate', sample))[0]).toBeCloseTo(3600 / 1.1, 9);
    expect((await predictions('last-period', sample))[0]).toBeCloseTo(1000, 9);
  });

  it('turns purchases per day into a chance of at least one, or of none', async () => {
    const buys = await predictions('own-rate', table(BUYS, columns, [0, 1, 0]));
    const leaves = await predictions('own-rate', table(LEAVES, columns, [0, 1, 0]));
    expect(buys[0]).toBeCloseTo(1 - Math.exp(-1), 12);
    buys.forEach((chance, i) => {
      expect(leaves[i]).toBeCloseTo(1 - chance, 12);
    });
    expect(buys[2]).toBe(0);
  });
});
