// The count a text's own past makes, against counting by hand.
import { expect, test } from 'vitest';
import { silent } from '../../core/progress.ts';
import { fitModel, loadModel } from '../catalogue.ts';
import type { Sample } from '../estimator.ts';
import { textRate } from './text-rate.ts';
import { textFrame } from './texts.ts';

const TEXTS = ['red coat', 'Red  Coat', 'ＲＥＤ coat', 'hat', 'hat', 'scarf'];
const sample: Sample = {
  question: { kind: 'binary', outcome: 'other', horizonDays: 1, discountPerYear: 0 },
  frame: textFrame(TEXTS),
  entities: TEXTS.map((_, i) => `u${i}`),
  asOf: new Float64Array(TEXTS.length),
  target: Float64Array.of(1, 1, 0, 0, 0, 1),
};
const run = { seed: 1, threads: 1, progress: silent };

test('a text gets its own rate drawn towards everyone’s, one not seen before gets everyone’s', async () => {
  const model = await fitModel(textRate, sample, undefined, run);
  const said = await model.predict(textFrame(['red COAT', 'hat', 'scarf', 'glove']));
  // 3 of 6 say yes: (2 + 2.5) / 8, (0 + 2.5) / 7, (1 + 2.5) / 6, 1 / 2
  [4.5 / 8, 2.5 / 7, 3.5 / 6, 0.5].forEach((want, row) => {
    expect(said[row]).toBeCloseTo(want, 12);
  });
});

test('comes back as saved, and keeps no text of anybody', async () => {
  const model = await fitModel(textRate, sample, undefined, run);
  const saved = model.save();
  expect(JSON.stringify(saved)).not.toMatch(/coat|scarf|hat\b/i);
  const asked = textFrame([...TEXTS, 'glove']);
  expect(await loadModel(saved).predict(asked)).toEqual(await model.predict(asked));
});

test('answers yes-or-no questions about texts only', () => {
  expect(textRate.refuses({ ...sample.question, kind: 'amount' }, sample.frame)).toMatch(/yes-or-no/);
  expect(textRate.refuses(sample.question, { ...sample.frame, columns: [] })).toBe('needs a text column');
});
