// Class calibration finds known distortions again, leaves honest probabilities alone and keeps what it must.
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { CLASS_METRICS, likeliest } from '../metrics/classes.ts';
import { evenWeights } from '../metrics/predictions.ts';
import {
  applyClassCalibrator,
  type ClassCalibrator,
  chooseClassCalibrator,
  fitClassCalibrator,
} from './class-calibrator.ts';

const CLASSES = 4;

/** Outcomes of true probabilities, shown as softmax of scale · ln p + shift. */
function shop(rows: number, seed: number, scale: readonly number[], shift = [0, 0, 0, 0]) {
  const stream = random(seed);
  const actual = new Float64Array(rows);
  const predicted = new Float64Array(rows * CLASSES);
  for (let i = 0; i < rows; i++) {
    const truth = scale.map(() => stream.gamma(0.8) + 1e-4);
    actual[i] = stream.choice(truth);
    const shown = truth.map((p, k) => p ** scale[k] * Math.exp(shift[k]));
    const total = shown.reduce((sum, value) => sum + value, 0);
    predicted.set(
      shown.map((value) => value / total),
      i * CLASSES,
    );
  }
  return { classes: CLASSES, actual, predicted, entities: Array.from(actual, (_, i) => `c${i}`) };
}

const logLoss = (rows: ReturnType<typeof shop>, calibrator: ClassCalibrator) => {
  const predicted = applyClassCalibrator(calibrator, rows.predicted, CLASSES);
  return CLASS_METRICS.log_loss.prepare({ ...rows, predicted })(evenWeights(rows.actual.length));
};

const sure = [2, 2, 2, 2];

describe('each method', () => {
  it('one temperature finds the distortion again and keeps the likeliest class', () => {
    const rows = shop(8000, 1, sure);
    const fitted = fitClassCalibrator('temperature', rows);
    expect(fitted.method === 'temperature' && fitted.scale).toBeCloseTo(0.5, 1);
    const calibrated = applyClassCalibrator(fitted, rows.predicted, CLASSES);
    expect(likeliest({ classes: CLASSES, predicted: calibrated })).toEqual(likeliest(rows));
  });

  it('the temperature is the best one, against a search', () => {
    const rows = shop(1500, 2, sure);
    const fitted = fitClassCalibrator('temperature', rows);
    const losses = Array.from({ length: 60 }, (_, i) =>
      logLoss(rows, { method: 'temperature', scale: 0.2 + i / 50 }),
    );
    // The pull of one row towards 1 costs less than this.
    expect(logLoss(rows, fitted)).toBeLessThan(Math.min(...losses) + 2e-5);
  });

  it('scales and shifts of each class undo what no temperature can', () => {
    // A common scale, so that the way back is of the same form.
    const [scale, shift] = [sure, [0, 2, -1, 0]];
    const rows = shop(8000, 3, scale, shift);
    const later = shop(8000, 4, scale, shift);
    const honest = logLoss(shop(8000, 4, [1, 1, 1, 1]), { method: 'identity' });
    const vector = logLoss(later, fitClassCalibrator('vector', rows));
    const temperature = logLoss(later, fitClassCalibrator('temperature', rows));
    expect(temperature - honest).toBeGreaterThan(0.05);
    expect(vector - honest).toBeLessThan(0.01);
  });

  it.each(['identity', 'temperature', 'vector'] as const)('%s sums to one and survives JSON', (method) => {
    const rows = shop(300, 5, sure);
    const fitted = fitClassCalibrator(method, rows);
    const out = applyClassCalibrator(
      JSON.parse(JSON.stringify(fitted)) as ClassCalibrator,
      rows.predicted,
      4,
    );
    expect(out).toEqual(applyClassCalibrator(fitted, rows.predicted, 4));
    for (let i = 0; i < 300; i++) {
      const row = out.subarray(4 * i, 4 * i + 4);
      expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
      expect(Math.min(...row)).toBeGreaterThanOrEqual(0);
    }
  });

  it('refuses predictions of other classes', () => {
    const fitted = fitClassCalibrator('vector', shop(300, 6, sure));
    expect(() => applyClassCalibrator(fitted, new Float64Array(6).fill(1 / 3), 3)).toThrow(/knows 4 classes/);
  });
});

describe('the choice', () => {
  it('leaves honest probabilities alone', () => {
    const chosen = Array.from({ length: 10 }, (_, seed) =>
      chooseClassCalibrator(shop(600, 40 + seed, [1, 1, 1, 1]), { seed: 1 }),
    );
    expect(chosen.filter(({ calibrator }) => calibrator.method === 'identity').length).toBeGreaterThanOrEqual(
      7,
    );
  });

  it('takes the temperature where it is enough, and each class apart where it is not', () => {
    expect(chooseClassCalibrator(shop(3000, 7, sure), { seed: 1 }).calibrator.method).toBe('temperature');
    const bent = chooseClassCalibrator(shop(3000, 8, sure, [0, 2, -1, 0]), { seed: 1 });
    expect(bent.calibrator.method).toBe('vector');
    expect(bent.trials.map(({ method }) => method)).toEqual(['identity', 'temperature', 'vector']);
  });

  it('needs every class a few times', () => {
    const rows = shop(12, 9, sure);
    expect(chooseClassCalibrator(rows, { seed: 1 }).calibrator).toEqual({ method: 'identity' });
  });
});
