// Two forests whose product is the expected amount.
import { expect, test } from 'vitest';
import { makeFrame } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { silent } from '../../core/progress.ts';
import { random } from '../../core/random.ts';
import { fitModel, loadModel } from '../catalogue.ts';
import type { Question, Sample } from '../estimator.ts';
import { weightedMean } from '../sample.ts';
import { gbdtHurdle } from './gbdt-hurdle.ts';

const SPEND: Question = { kind: 'amount', outcome: 'revenue', horizonDays: 30, discountPerYear: 0 };
const RUN = { seed: 3, threads: 1, progress: silent };

/** `visits` says who buys, `basket` how much; the truth is known. */
function shop(rows: number, seed: number): { sample: Sample; truth: Float64Array } {
  const draw = random(seed);
  const [visits, basket] = [0, 0].map(() => Float64Array.from({ length: rows }, () => draw.uniform()));
  const chance = visits.map((v) => 0.05 + 0.7 * Number(v > 0.6));
  const mean = basket.map((b) => 20 + 100 * Number(b > 0.5));
  const target = chance.map((p, i) => (draw.uniform() < p ? mean[i] * draw.gamma(4, 4) : 0));
  const column = (id: string, values: Float64Array) =>
    ({ kind: 'number', name: id, label: name(id, id), unit: 'none', group: id, values }) as const;
  const sample: Sample = {
    question: SPEND,
    frame: makeFrame([column('visits', visits), column('basket', basket)]),
    entities: Array.from({ length: rows }, (_, i) => `c${i}`),
    asOf: new Float64Array(rows),
    target,
  };
  return { sample, truth: chance.map((p, i) => p * mean[i]) };
}

const error = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length;

test('finds who buys and how much, meets the training total, and comes back from its saved form', async () => {
  const { sample } = shop(2000, 1);
  const { sample: later, truth } = shop(1000, 2);
  const model = await fitModel(gbdtHurdle, sample, undefined, RUN);
  const said = await model.predict(later.frame);
  const mean = weightedMean(truth, new Float64Array(1000).fill(1));
  expect(error(said, truth)).toBeLessThan(0.25 * error(new Float64Array(1000).fill(mean), truth));
  const ones = new Float64Array(2000).fill(1);
  expect(weightedMean(await model.predict(sample.frame), ones)).toBeCloseTo(
    weightedMean(sample.target, ones),
    6,
  );
  expect(await loadModel(model.save()).predict(later.frame)).toEqual(said);
});

test('needs buyers, and answers where everybody is one', async () => {
  const { sample } = shop(300, 1);
  const everybody = { ...sample, target: sample.target.map((amount) => amount + 1) };
  const said = await (await fitModel(gbdtHurdle, everybody, undefined, RUN)).predict(sample.frame);
  expect(said.every((amount) => amount > 0 && Number.isFinite(amount))).toBe(true);
  const nobody = { ...sample, target: sample.target.map((_, i) => Number(i < 5)) };
  await expect(fitModel(gbdtHurdle, nobody, undefined, RUN)).rejects.toMatchObject({
    code: 'NOT_ENOUGH_DATA',
  });
  expect(gbdtHurdle.refuses({ ...SPEND, kind: 'binary' }, sample.frame)).toMatch(/amounts/);
});
