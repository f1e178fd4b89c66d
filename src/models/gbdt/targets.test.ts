// Which loss an amount gets when nobody names one.
import { describe, expect, it } from 'vitest';
import { makeFrame } from '../../core/frame.ts';
import { random } from '../../core/random.ts';
import type { Sample } from '../estimator.ts';
import { defaultSettings } from './settings.ts';
import { aimOf, chooseLoss } from './targets.ts';

const draw = random(4);
const drawn = (value: () => number): number[] => Array.from({ length: 500 }, value);

function sampleOf(target: readonly number[]): Sample {
  const rows = target.length;
  return {
    question: { kind: 'amount', outcome: 'other', horizonDays: 1, discountPerYear: 0 },
    frame: makeFrame([], { rows }),
    entities: target.map((_, row) => `one ${row}`),
    asOf: new Float64Array(rows),
    target: Float64Array.from(target),
  };
}

const AMOUNTS: readonly (readonly [string, readonly number[], string])[] = [
  [
    'money of whom most spend nothing',
    drawn(() => (draw.uniform() < 0.6 ? 0 : draw.gamma(2, 0.01))),
    'tweedie',
  ],
  ['money everybody spends, with a heavy tail', drawn(() => Math.exp(draw.normal(3, 1.2))), 'tweedie'],
  ['money with a few refunds', drawn(() => (draw.uniform() < 0.05 ? -20 : draw.gamma(0.7, 0.01))), 'tweedie'],
  ['money that goes both ways', drawn(() => draw.normal(10, 60)), 'squared'],
  ['a temperature above zero', drawn(() => draw.normal(290, 9)), 'squared'],
  ['the logarithm of sales', drawn(() => draw.normal(9, 1)), 'squared'],
  ['nothing at all', drawn(() => 0), 'squared'],
];

describe('the loss of an amount', () => {
  it.each(AMOUNTS)('%s', (_what, target, loss) => {
    expect(chooseLoss(sampleOf(target))).toBe(loss);
  });

  it('counts refunds as nothing while it learns, and remembers the mean they leave', () => {
    const target = [...drawn(() => (draw.uniform() < 0.5 ? 0 : draw.gamma(2, 0.01))), -40, -10];
    const aim = aimOf(sampleOf(target), defaultSettings(500));
    expect(aim.loss).toBe('tweedie');
    expect(aim.examples.target.every((y) => y >= 0)).toBe(true);
    expect(aim.mean).toBeCloseTo(target.reduce((sum, y) => sum + y, 0) / target.length, 9);
  });
});
