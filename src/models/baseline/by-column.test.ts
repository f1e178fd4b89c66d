import { expect, test } from 'vitest';
import { makeFrame, type NumberColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { silent } from '../../core/progress.ts';
import { fitModel, loadModel } from '../catalogue.ts';
import type { Question, Sample } from '../estimator.ts';
import { itemRate, lastTouched, popularity } from './by-column.ts';

const QUESTION: Question = { kind: 'binary', outcome: 'other', horizonDays: 7, discountPerYear: 0 };
const RUN = { seed: 1, threads: 1, progress: silent };

const column = (columnName: string, values: readonly number[]): NumberColumn => ({
  kind: 'number',
  name: columnName,
  label: name(columnName, columnName),
  unit: 'count',
  group: 'product',
  values: Float64Array.from(values),
});

const sampleOf = (columnName: string, values: readonly number[], target: readonly number[]): Sample => ({
  question: QUESTION,
  frame: makeFrame([column(columnName, values)]),
  entities: values.map((_, i) => `c${i}`),
  asOf: new Float64Array(values.length),
  target: Float64Array.from(target),
});

test('a bucket answers its own rate, drawn a little towards the average of all', async () => {
  // 100 rows touched a day ago, half of them bought; 100 touched ten days ago, none; 100 never.
  const days = [...Array(100).fill(1), ...Array(100).fill(10), ...Array(100).fill(Number.NaN)];
  const target = days.map((_, i) => (i < 100 && i % 2 === 0 ? 1 : i >= 200 && i % 10 === 0 ? 1 : 0));
  const sample = sampleOf('pair_days_since_touched', days, target);
  const model = await fitModel(lastTouched, sample, undefined, RUN);
  const overall = 60 / 300;
  const asked = makeFrame([column('pair_days_since_touched', [1, 10, Number.NaN, 0, 40])]);
  const shrunk = (bought: number) => (bought + 10 * overall) / 110;
  const said = [...(await model.predict(asked))];
  [50, 0, 10, 50, 0].forEach((bought, i) => {
    expect(said[i]).toBeCloseTo(shrunk(bought), 12);
  });
  expect([...(await loadModel(model.save()).predict(asked))]).toEqual(said);
});

test('each reads the column it is about, and says so where there is none', () => {
  const other = makeFrame([column('orders', [1, 2])]);
  expect(popularity.refuses(QUESTION, other)).toBe('needs the number column "item_visitors"');
  expect(itemRate.refuses(QUESTION, other)).toBe('needs the number column "item_conversion"');
  expect(popularity.refuses({ ...QUESTION, kind: 'classes', classes: 3 }, other)).toContain('classes');
});
