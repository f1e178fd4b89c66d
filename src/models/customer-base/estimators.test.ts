// The customer-base estimators on made-up customers: what they answer, refuse, keep and learn from outcomes.
import { describe, expect, it } from 'vitest';
import { type Frame, makeFrame, type NumberColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { silent } from '../../core/progress.ts';
import type { FitRun, Question, Sample } from '../estimator.ts';
import { madeUpSample } from '../made-up-sample.ts';
import { takeSample } from '../sample.ts';
import { bgNbd, mbgNbd, paretoNbd } from './estimators.ts';

const RUN: FitRun = { seed: 1, threads: 1, progress: silent };
const BUYS: Question = { kind: 'binary', outcome: 'buys', horizonDays: 60, discountPerYear: 0 };
const LEAVES: Question = { ...BUYS, outcome: 'leaves' };
const REVENUE: Question = { kind: 'amount', outcome: 'revenue', horizonDays: 60, discountPerYear: 0 };
const ESTIMATORS = [bgNbd, mbgNbd, paretoNbd];

const column = (key: string, values: readonly number[]): NumberColumn => ({
  kind: 'number',
  name: key,
  label: name(key, key),
  unit: 'none',
  group: key,
  values: Float64Array.from(values),
});

/** Rows of frequency, recency, T (days), monetary, first_value. */
const frameOf = (rows: readonly (readonly number[])[]): Frame =>
  makeFrame(
    ['frequency', 'recency', 'T', 'monetary', 'first_value'].map((key, j) =>
      column(
        key,
        rows.map((row) => row[j]),
      ),
    ),
    { currency: 'GBP' },
  );

const NEVER = [Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN];
const ONCE = (T: number, value: number) => [0, 0, T, Number.NaN, value];

describe.each(ESTIMATORS)('$id', (estimator) => {
  const learn = (question: Question, sample?: Sample) =>
    estimator.fit(sample ?? madeUpSample({ customers: 1500, seed: 3, question }), undefined, RUN);

  it('refuses what it cannot answer, in words', () => {
    const { frame } = madeUpSample({ customers: 10, seed: 1, question: BUYS });
    expect(estimator.refuses(BUYS, frame)).toBeUndefined();
    expect(estimator.refuses(REVENUE, frame)).toBeUndefined();
    expect(estimator.refuses({ ...BUYS, outcome: 'other' }, frame)).toMatch(/something else/);
    expect(estimator.refuses({ ...REVENUE, kind: 'binary' }, frame)).toMatch(/kind amount/);
    const bare = { ...frame, columns: frame.columns.filter((own) => own.name !== 'first_value') };
    expect(estimator.refuses(BUYS, bare)).toBeUndefined();
    expect(estimator.refuses(REVENUE, bare)).toBe('needs the number column "first_value"');
  });

  it('says of leaving what it does not say of buying', async () => {
    const { frame } = madeUpSample({ customers: 300, seed: 9, question: BUYS });
    const buys = await (await learn(BUYS)).predict(frame);
    const leaves = await (await learn(LEAVES)).predict(frame);
    for (let i = 0; i < buys.length; i++) expect(buys[i] + leaves[i]).toBeCloseTo(1, 9);
  });

  it('tells one-time buyers of different age, and busy from silent customers, apart', async () => {
    const model = await learn(BUYS);
    const [young, old, busy, silentOne] = await model.predict(
      frameOf([ONCE(10, 500), ONCE(250, 500), [8, 195, 200, 500, 500], [8, 60, 200, 500, 500]]),
    );
    expect(young).toBeGreaterThan(old * 1.05);
    expect(busy).toBeGreaterThan(silentOne * 1.5);
  });

  it('promises more to whoever spent more, the first purchase included', async () => {
    const model = await learn(REVENUE);
    const [little, much, regular] = await model.predict(
      frameOf([ONCE(30, 1000), ONCE(30, 20_000), [5, 28, 30, 5000, 5000]]),
    );
    expect(much).toBeGreaterThan(1.2 * little);
    expect(regular).toBeGreaterThan(little);
  });

  it('says of customers who never purchased what training outcomes say of them', async () => {
    const sample = madeUpSample({ customers: 1500, seed: 3, question: BUYS });
    const frequency = sample.frame.columns.find((own) => own.name === 'frequency') as NumberColumn;
    const target = sample.target.map((y, i) => (Number.isNaN(frequency.values[i]) ? Number(i % 4 === 0) : y));
    const [never] = await (await learn(BUYS, { ...sample, target })).predict(frameOf([NEVER]));
    expect(never).toBeGreaterThan(0.15);
    expect(never).toBeLessThan(0.35);
  });

  it('keeps totals near the truth, gross of what one period cannot prove', async () => {
    const model = await learn(REVENUE);
    const test = madeUpSample({ customers: 6000, seed: 4, question: REVENUE });
    const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
    const ratio = total(await model.predict(test.frame)) / total(test.target);
    expect(ratio).toBeGreaterThan(0.88);
    expect(ratio).toBeLessThan(1.12);
  });

  it('takes refunds into account, more so the more periods show them', async () => {
    const sample = madeUpSample({ customers: 3000, seed: 5, question: REVENUE });
    const halved = { ...sample, target: sample.target.map((y) => y / 2) };
    const { frame } = sample;
    const mean = async (model: { predict(frame: Frame): Promise<Float64Array> }) =>
      (await model.predict(frame)).reduce((sum, value) => sum + value, 0) / frame.rows;
    const gross = await mean(await learn(REVENUE, sample));
    const onePeriod = await mean(await learn(REVENUE, halved));
    const rows = Int32Array.from({ length: 4 * frame.rows }, (_, i) => i % frame.rows);
    const fourPeriods = takeSample(halved, rows);
    const asOf = fourPeriods.asOf.map((moment, i) => moment - 60 * 86_400_000 * Math.floor(i / frame.rows));
    const many = await mean(await learn(REVENUE, { ...fourPeriods, asOf }));
    expect(onePeriod).toBeLessThan(0.9 * gross);
    expect(many).toBeLessThan(0.95 * onePeriod);
    expect(many).toBeGreaterThan(0.5 * gross);
  });

  it('discounts money to come by when it comes', async () => {
    const year = { ...REVENUE, horizonDays: 365 };
    const sample = madeUpSample({ customers: 800, seed: 6, question: year });
    const plain = await (await learn(year, sample)).predict(sample.frame);
    const later = await (
      await learn(
        { ...year, discountPerYear: 0.2 },
        { ...sample, question: { ...year, discountPerYear: 0.2 } },
      )
    ).predict(sample.frame);
    // Purchases thin out over the year, so their mean age is below its middle: between 1.2^-½ and 1; the level learned
    // on the same (undiscounted) targets gives some of it back.
    const ratios = plain.map((value, i) => later[i] / value);
    const purchasers = ratios.filter((ratio) => ratio !== 1);
    expect(purchasers.length).toBeGreaterThan(700);
    for (const ratio of purchasers) expect(ratio).toBeLessThan(1);
    expect(Math.min(...purchasers)).toBeGreaterThan(1.2 ** -0.6);
  });

  it('learns behaviour from the latest moment only', async () => {
    const sample = madeUpSample({ customers: 600, seed: 7, question: REVENUE });
    const twice = takeSample(
      sample,
      Int32Array.from({ length: 1200 }, (_, i) => i % 600),
    );
    const asOf = twice.asOf.map((moment, i) => (i < 600 ? moment : moment - 90 * 86_400_000));
    const parametersOf = async (own: Sample) =>
      ((await learn(REVENUE, own)).save().state as { parameters: unknown }).parameters;
    const spoiled = {
      ...twice,
      asOf,
      frame: makeFrame(
        twice.frame.columns.map((own) =>
          own.name === 'frequency' && own.kind === 'number'
            ? { ...own, values: own.values.map((x, i) => (i < 600 ? x : x + 3)) }
            : own,
        ),
      ),
    };
    expect(await parametersOf(spoiled)).toEqual(await parametersOf(sample));
  });

  it('gives the same numbers after saving and loading as text', async () => {
    const model = await learn(REVENUE);
    const loaded = estimator.load(JSON.parse(JSON.stringify(model.save())));
    const { frame } = madeUpSample({ customers: 200, seed: 8, question: REVENUE });
    expect(await loaded.predict(frame)).toEqual(await model.predict(frame));
    expect(() => estimator.load({ ...model.save(), format: 2 })).toThrow(/format/);
    expect(() => estimator.load({ ...model.save(), state: { question: {} } as never })).toThrow(/lacks/);
  });

  it('says so when nobody ever purchased', async () => {
    const sample = madeUpSample({ customers: 5, seed: 1, question: BUYS });
    const frame = frameOf([NEVER, NEVER, NEVER, NEVER, NEVER]);
    await expect(learn(BUYS, { ...sample, frame })).rejects.toMatchObject({ code: 'NOT_ENOUGH_DATA' });
  });
});
