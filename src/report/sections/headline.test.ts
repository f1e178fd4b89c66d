// The sentence of a task follows its paired interval, in the direction of the metric.
import { describe, expect, test } from 'vitest';
import { name } from '../../core/name.ts';
import type { MetricName, Score } from '../../eval/score.ts';
import { speech } from '../speech.ts';
import type { TaskReport } from '../task-document.ts';
import { headline, readDifference } from './headline.ts';
import { qualityInWords } from './summary.ts';

const score = (value: number, low: number, high: number): Score => ({ value, low, high });

const task = (metric: MetricName, ours: number, theirs: number, difference?: Score): TaskReport => ({
  id: 'spend',
  title: name('Spend', '消费'),
  question: name('How much?', '多少？'),
  kind: 'amount',
  unit: 'money',
  horizonDays: 90,
  summary: { predicted: name('a', '一'), population: name('b', '二'), customers: 1, advice: [] },
  metrics: {
    model: { id: 'm', label: name('Tree', '树'), scores: { [metric]: score(ours, ours, ours) } },
    baselines: [
      { id: 'b', label: name('Rate', '频率'), scores: { [metric]: score(theirs, theirs, theirs) } },
    ],
    order: ['coverage', metric],
  },
  ...(difference && {
    differences: { rows: [{ metric, against: name('Rate', '频率'), score: difference }] },
  }),
  limits: [],
});

describe('readDifference', () => {
  test.each([
    ['roc_auc', score(0.05, 0.01, 0.09), 'sure'],
    ['roc_auc', score(-0.05, -0.09, -0.01), 'worse'],
    ['mae', score(-5, -9, -1), 'sure'],
    ['mae', score(5, 1, 9), 'worse'],
    ['mae', score(5, -1, 9), 'unsure'],
    // Differences of bias are differences of distances from zero.
    ['bias', score(-0.1, -0.2, -0.01), 'sure'],
    ['bias', score(0.1, 0.01, 0.2), 'worse'],
    ['mae', score(0, 0, 0), 'unsure'],
    ['mae', score(1, Number.NaN, Number.NaN), 'unsure'],
  ] as const)('%s %o is %s', (metric, difference, reading) => {
    expect(readDifference(metric, difference)).toBe(reading);
  });
});

describe('headline', () => {
  test('takes the first metric that was measured and the paired difference', () => {
    expect(headline(task('mae', 100, 200, score(-90, -120, -60)))).toMatchObject({
      metric: 'mae',
      difference: -90,
      certainty: 'sure',
    });
  });

  test('without a paired interval nothing is claimed', () => {
    expect(headline(task('mae', 100, 200))).toMatchObject({ difference: -100, certainty: 'untested' });
  });

  test('a task without metrics has none', () => {
    expect(headline({ ...task('mae', 1, 2), metrics: undefined })).toBeUndefined();
    expect(headline({ ...task('mae', 1, 2), metrics: { missing: name('x', '无') } })).toBeUndefined();
  });
});

test('the sentence has unit, interval and baseline', () => {
  const words = qualityInWords(speech('en', 'GBP'), task('mae', 41_100, 40_500, score(616, -2697, 4463)));
  expect(words?.replace('\u2060', '')).toBe(
    'Mean absolute error on the test period: £411 for Tree (95% interval £411–£411) beside £405 for the baseline “Rate”. The difference of +£6.16 is within what chance alone could give.',
  );
});
