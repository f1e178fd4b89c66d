import { describe, expect, it } from 'vitest';
import { takeRows } from '../core/frame.ts';
import { silent } from '../core/progress.ts';
import { type Corrections, forecast } from '../models/calibrated.ts';
import { CATALOGUE, fitModel } from '../models/catalogue.ts';
import type { Question } from '../models/estimator.ts';
import { madeUpSample } from '../models/made-up-sample.ts';
import { drawBackground } from './background.ts';
import { calibratedPredictor } from './calibrated-predictor.ts';
import { type Predictor, rowValues } from './contribution.ts';
import { explainRows } from './explain-rows.ts';
import { permutationImportance } from './permutation-importance.ts';
import { reasonsInWords } from './reasons.ts';

const QUESTIONS: readonly Question[] = [
  { kind: 'binary', outcome: 'buys', horizonDays: 90, discountPerYear: 0 },
  { kind: 'binary', outcome: 'leaves', horizonDays: 90, discountPerYear: 0 },
  { kind: 'amount', outcome: 'revenue', horizonDays: 90, discountPerYear: 0 },
];

const cases = QUESTIONS.flatMap((question) => {
  const train = madeUpSample({ customers: 300, seed: 1, question });
  return CATALOGUE.filter(({ estimator }) => estimator.refuses(question, train.frame) === undefined).map(
    ({ estimator }) => ({ estimator, question, train, title: `${estimator.id} on ${question.outcome}` }),
  );
});

const PROBABILITY_CORRECTIONS: readonly Corrections[] = [
  { calibrator: { method: 'platt', intercept: -0.2, slope: 0.8 } },
  { calibrator: { method: 'isotonic', knots: [0.1, 0.3, 0.3001, 0.8], values: [0, 0.2, 0.5, 1] } },
];
const AMOUNT_CORRECTIONS: readonly Corrections[] = [
  {},
  {
    level: { factor: 1.3, measured: 1.4, standardError: 0.1, origins: 1, words: { en: '', zh: '' } },
    shape: { knots: [1000, 4000, 9000], values: [0, 3000, 12_000], quantile: 0.6, blend: 0.02 },
  },
];

describe('every model of the catalogue', () => {
  it.each(cases)(
    'is explained exactly, both ways, and in words: $title',
    async ({ estimator, question, train }) => {
      const model = await fitModel(estimator, train, undefined, { seed: 1, threads: 1, progress: silent });
      const background = drawBackground(train.frame, { seed: 2, rows: 20 });
      const frame = takeRows(madeUpSample({ customers: 40, seed: 3, question }).frame, [0, 11, 22, 33]);
      const margins = await model.margin(frame);
      const predictions = await model.predict(frame);
      const unit = question.kind === 'binary' ? 'probability' : 'money';
      const plain: Predictor = {
        link: model.link,
        inputs: model.inputs,
        margin: (asked) => model.margin(asked),
      };
      for (const predictor of [model, plain]) {
        const explained = await explainRows(predictor, frame, { background });
        margins.forEach((margin, row) => {
          const total = rowValues(explained, row).reduce((sum, value) => sum + value, explained.base);
          expect(Math.abs(total - margin)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(margin)));
        });
        const told = reasonsInWords(explained, {
          frame,
          background: background.frame,
          shown: { unit, currency: 'GBP', outcome: question.outcome },
        });
        told.forEach(({ value, base, reasons, rest }, row) => {
          const total = reasons.reduce((sum, { effect }) => sum + effect, base + rest);
          expect(Math.abs(total - value)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(value)));
          expect(Math.abs(value - predictions[row])).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(value)));
          for (const { words } of reasons)
            expect(`${words.en} ${words.zh}`).not.toMatch(/NaN|undefined|Infinity/);
        });
      }
    },
  );

  it.each(cases)(
    'is explained as it is shown, corrections and all: $title',
    async ({ estimator, question, train }) => {
      const model = await fitModel(estimator, train, undefined, { seed: 1, threads: 1, progress: silent });
      const asOf = Date.UTC(2011, 5, 1);
      const background = drawBackground(train.frame, { seed: 2, rows: 20 });
      const frame = takeRows(madeUpSample({ customers: 40, seed: 3, question }).frame, [0, 11, 22, 33]);
      for (const corrections of question.kind === 'binary' ? PROBABILITY_CORRECTIONS : AMOUNT_CORRECTIONS) {
        const calibrated = { model, corrections };
        const { value: shown } = await forecast(calibrated, frame, new Float64Array(frame.rows).fill(asOf));
        const predictor = calibratedPredictor(calibrated, asOf);
        const explained = await explainRows(predictor, frame, { background });
        expect(explained.method).toBe(model.attribute ? 'features' : 'groups');
        const told = reasonsInWords(explained, {
          frame,
          background: background.frame,
          shown: { unit: 'score', currency: '', outcome: question.outcome },
        });
        told.forEach(({ value, base, reasons, rest }, row) => {
          const total = reasons.reduce((sum, { effect }) => sum + effect, base + rest);
          expect(Math.abs(total - value)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(value)));
          expect(Math.abs(value - shown[row])).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(value)));
        });
      }
    },
  );

  it.each(cases.filter(({ estimator }) => estimator.id === 'tree'))(
    'relies on what made the data and not on luck: $title',
    async ({ estimator, question, train }) => {
      const model = await fitModel(estimator, train, undefined, { seed: 1, threads: 1, progress: silent });
      const test = madeUpSample({ customers: 2000, seed: 4, question });
      const found = await permutationImportance(
        (frame) => model.predict(frame),
        {
          frame: test.frame,
          target: test.target,
          metric: {
            name: 'mse',
            better: 'lower',
            measure: (p, y) => p.reduce((sum, value, i) => sum + (value - y[i]) ** 2, 0) / y.length,
          },
        },
        { seed: 1, repeats: 3 },
      );
      const luck = found.find(({ id }) => id === 'luck');
      expect(found[0].value).toBeGreaterThan(0);
      expect(Math.abs(luck?.value ?? 1)).toBeLessThan(0.25 * found[0].value);
    },
  );
});
