// The order of predictions: by value, what calibration made equal by the model's own answer, then by id.
import { expect, test } from 'vitest';
import { makeFrame } from '../core/frame.ts';
import { type Predictions, rankedRows } from './batch.ts';

test('equal calibrated values keep the order the model gave them, and full ties go by id', () => {
  const predictions: Predictions = {
    entities: ['d', 'c', 'b', 'a'],
    asOf: 0,
    frame: makeFrame([], { rows: 4 }),
    forecast: { value: Float64Array.of(0.5, 0.5, 0.9, 0.5), raw: Float64Array.of(0.4, 0.7, 0.1, 0.4) },
    unit: 'probability',
    perUnit: 1,
  };
  expect([...rankedRows(predictions)].map((row) => predictions.entities[row])).toEqual(['b', 'c', 'a', 'd']);
});
