// Curves agree with the metrics they draw, and tables with sums by hand.
import { describe, expect, it } from 'vitest';
import { random } from '../core/random.ts';
import { decileTable, gainCurve, precisionRecallCurve, reliabilityCurve, rocCurve } from './curves.ts';
import { measure } from './metrics/metric.ts';
import { chooseThreshold } from './threshold.ts';

const stream = random(11);
const predicted = Float64Array.from({ length: 3000 }, () => Math.round(stream.uniform() * 500) / 500);
const actual = predicted.map((p) => (stream.uniform() < p * 0.6 ? 1 : 0));
const rows = { actual, predicted };

describe('curves', () => {
  it('ROC runs from (0, 0) to (1, 1) and its trapezoids are the AUC', () => {
    const curve = rocCurve(rows, 10_000);
    expect(curve[0]).toMatchObject({ x: 0, y: 0 });
    expect(curve.at(-1)).toMatchObject({ x: 1, y: 1 });
    let area = 0;
    for (let i = 1; i < curve.length; i++)
      area += ((curve[i].x - curve[i - 1].x) * (curve[i].y + curve[i - 1].y)) / 2;
    expect(area).toBeCloseTo(measure('roc_auc', rows), 10);
  });

  it('precision over recall steps to the average precision', () => {
    let last = 0;
    let sum = 0;
    for (const { x, y } of precisionRecallCurve(rows, 10_000)) {
      sum += (x - last) * y;
      last = x;
    }
    expect(sum).toBeCloseTo(measure('average_precision', rows), 10);
  });

  it('thinned curves keep their ends', () => {
    const curve = rocCurve(rows, 50);
    expect(curve.length).toBe(50);
    expect(curve.at(-1)).toMatchObject({ x: 1, y: 1 });
  });

  it('one class has no curve', () => {
    expect(rocCurve({ actual: actual.map(() => 1), predicted })).toEqual([]);
    expect(precisionRecallCurve({ actual: actual.map(() => 0), predicted })).toEqual([]);
  });

  it('reliability bins weigh up to the reported ECE, and their intervals hold the share', () => {
    const bins = reliabilityCurve(rows);
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(3000);
    expect(
      bins.reduce((sum, bin) => sum + (bin.count * Math.abs(bin.meanPredicted - bin.meanActual)) / 3000, 0),
    ).toBeCloseTo(measure('ece', rows), 10);
    for (const bin of bins) {
      expect(bin.low).toBeLessThanOrEqual(bin.meanActual);
      expect(bin.high).toBeGreaterThanOrEqual(bin.meanActual);
    }
  });
});

describe('deciles', () => {
  it('gain everything at the last, lift the first most', () => {
    const spend = { actual: actual.map((y, i) => y * (i % 50)), predicted };
    const table = decileTable(spend);
    expect(table.map(({ decile }) => decile)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(table.at(-1)?.cumulativeGain).toBeCloseTo(1, 12);
    expect(table[0].lift).toBeGreaterThan(table[9].lift);
    expect(table[0].meanPredicted).toBeGreaterThan(table[1].meanPredicted);
    expect(gainCurve(spend).at(-1)).toMatchObject({ x: 1, y: 1 });
  });

  it('by hand: four customers, two halves', () =>
    expect(
      decileTable({ actual: Float64Array.of(0, 10, 20, 70), predicted: Float64Array.of(1, 2, 3, 4) }, 2),
    ).toEqual([
      {
        decile: 1,
        count: 2,
        meanPredicted: 3.5,
        meanActual: 45,
        lift: 1.8,
        cumulativeGain: 0.9,
        cumulativeShare: 0.5,
      },
      {
        decile: 2,
        count: 2,
        meanPredicted: 1.5,
        meanActual: 5,
        lift: 0.2,
        cumulativeGain: 1,
        cumulativeShare: 1,
      },
    ]));

  it('one prediction for all is one group, and nobody spending is no lift', () => {
    const none = decileTable({ actual: new Float64Array(40), predicted: new Float64Array(40).fill(3) });
    expect(none.length).toBe(1);
    expect(none[0]).toMatchObject({ lift: 0, cumulativeGain: 0, count: 40 });
  });
});

describe('the threshold', () => {
  it.each(['f1', 'accuracy'] as const)('for %s is at least as good as any other', (goal) => {
    const threshold = chooseThreshold(rows, goal);
    const best = measure(goal, { ...rows, threshold });
    for (let t = 0; t <= 1.001; t += 0.001) {
      expect(measure(goal, { ...rows, threshold: t })).toBeLessThanOrEqual(best + 1e-12);
    }
  });
  it('without positives calls nobody', () =>
    expect(chooseThreshold({ actual: Float64Array.of(0, 0), predicted: Float64Array.of(0.4, 0.9) })).toBe(1));
});
