// Metrics of class probabilities against scikit-learn, the yes-or-no metrics they extend, and hand numbers.
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { scoreBinary, scoreClasses } from '../evaluate-predictions.ts';
import { CLASS_METRICS, type ClassMetricName, type ClassPredictions, likeliest } from './classes.ts';
import { evenWeights } from './predictions.ts';

const measured = (metric: ClassMetricName, rows: ClassPredictions): number =>
  CLASS_METRICS[metric].prepare(rows)(evenWeights(rows.actual.length));

// source: scikit-learn 1.9.1, log_loss, accuracy_score, f1_score(average='macro'),
// roc_auc_score(multi_class='ovr', average='macro'), and the mean over rows of the summed squares
// command: python -c "…" on the rows below, drawn by numpy.random.RandomState(4).dirichlet([1, 1, 1], 24), 3 decimals
// biome-ignore format: one row of probabilities after another
const PROBABILITIES = [
  .437, .102, .461, .466, .444, .09, .926, .002, .072, .248, .656, .096, .317, .654, .029, .646, .006, .348,
  .012, .835, .153, .456, .236, .308, .16, .066, .774, .091, .651, .258, .176, .651, .173, .107, .16, .733,
  .327, .447, .226, .414, .2, .386, .686, .093, .221, .325, .539, .136, .2, .242, .558, .269, .605, .126,
  .203, .059, .738, .196, .616, .188, .718, .159, .123, .181, .398, .421, .476, .046, .478, .073, .342, .585,
];
const CAME = [1, 1, 0, 1, 0, 0, 1, 2, 0, 1, 1, 2, 1, 2, 0, 1, 2, 2, 2, 0, 0, 2, 0, 1];
const GOLDEN: ClassPredictions = {
  classes: 3,
  actual: Float64Array.from(CAME),
  predicted: Float64Array.from(PROBABILITIES),
};

describe('published values', () => {
  it.each([
    ['log_loss', 0.8287792999725377],
    ['accuracy', 0.5833333333333334],
    ['f1', 0.5777777777777778],
    ['roc_auc', 0.7865915810768751],
    ['brier', 0.49263383333333327],
  ] as const)('%s is that of scikit-learn', (metric, value) => {
    expect(measured(metric, GOLDEN)).toBeCloseTo(value, 12);
  });
});

describe('two classes', () => {
  const stream = random(3);
  const p = Float64Array.from({ length: 300 }, () => stream.uniform());
  const actual = p.map((chance) => (stream.uniform() < chance ? 1 : 0));
  const two = { classes: 2, actual, predicted: twoColumns(p) };

  it('are the yes-or-no question, the Brier score counted for both', () => {
    const entities = Array.from(p, (_, i) => `c${i}`);
    const binary = scoreBinary({ entities, actual, predicted: p }, { seed: 1, draws: 100 }).scores;
    const both = scoreClasses({ ...two, entities }, { seed: 1, draws: 100 }).scores;
    expect(both.log_loss?.value).toBeCloseTo(binary.log_loss?.value as number, 12);
    expect(both.log_loss?.low).toBeCloseTo(binary.log_loss?.low as number, 12);
    expect(both.accuracy?.high).toBeCloseTo(binary.accuracy?.high as number, 12);
    expect(both.roc_auc?.value).toBeCloseTo(binary.roc_auc?.value as number, 12);
    expect(both.brier?.value).toBeCloseTo(2 * (binary.brier?.value as number), 12);
  });
});

function twoColumns(p: Float64Array): Float64Array {
  return Float64Array.from({ length: 2 * p.length }, (_, i) => (i % 2 === 1 ? p[i >> 1] : 1 - p[i >> 1]));
}

describe('confidence', () => {
  it('is honest where the called class comes as often as said, and not where it is squared', () => {
    const stream = random(8);
    const rows = 20_000;
    const predicted = new Float64Array(rows * 3);
    const sure = new Float64Array(rows * 3);
    const actual = new Float64Array(rows);
    for (let i = 0; i < rows; i++) {
      const draws = [stream.gamma(0.7), stream.gamma(0.7), stream.gamma(0.7)];
      const total = draws[0] + draws[1] + draws[2];
      const squares = draws.reduce((sum, value) => sum + value * value, 0);
      draws.forEach((value, k) => {
        predicted[3 * i + k] = value / total;
        sure[3 * i + k] = (value * value) / squares;
      });
      actual[i] = stream.choice(draws);
    }
    expect(measured('ece', { classes: 3, actual, predicted })).toBeLessThan(0.012);
    expect(measured('ece', { classes: 3, actual, predicted: sure })).toBeGreaterThan(0.08);
  });
});

describe('edges', () => {
  it('a class that never comes takes no part in the mean AUC, and the first of equal classes is called', () => {
    const rows = {
      classes: 3,
      actual: Float64Array.of(0, 1, 0, 1),
      predicted: Float64Array.of(0.5, 0.5, 0, 0.2, 0.7, 0.1, 0.6, 0.3, 0.1, 0.1, 0.4, 0.5),
    };
    expect(Array.from(likeliest(rows))).toEqual([0, 1, 0, 2]);
    // Class 0 is perfectly apart; class 1 has .5, .7 | .3, .4 in the order .7₁ .5₀ .4₁ .3₀: 3 of 4 pairs.
    expect(measured('roc_auc', rows)).toBeCloseTo((1 + 0.75) / 2, 12);
    // F1: class 0 is 1, class 1 has one hit of 1 called and 2 that came, class 2 was called and never came.
    expect(measured('f1', rows)).toBeCloseTo((1 + 2 / 3 + 0) / 3, 12);
  });

  it('one class only has no AUC, and says what it would need', () => {
    const { scores, missing } = scoreClasses(
      {
        entities: ['a', 'b'],
        classes: 2,
        actual: Float64Array.of(1, 1),
        predicted: Float64Array.of(0.4, 0.6, 0.3, 0.7),
      },
      { seed: 1, draws: 10 },
    );
    expect(scores.roc_auc).toBeUndefined();
    expect(missing.map(({ metric }) => metric)).toEqual(['roc_auc']);
    expect(scores.log_loss?.value).toBeCloseTo(-(Math.log(0.6) + Math.log(0.7)) / 2, 12);
  });

  it('refuses strange classes and rows that do not sum to one, in counts', () => {
    const score = (actual: number[], predicted: number[]) =>
      scoreClasses(
        {
          entities: actual.map(String),
          classes: 2,
          actual: Float64Array.from(actual),
          predicted: Float64Array.from(predicted),
        },
        { seed: 1, draws: 10 },
      );
    expect(() => score([0, 2], [0.5, 0.5, 0.5, 0.5])).toThrow(/classes 0 to 1, got 1 of 2/);
    expect(() => score([0, 1], [0.5, 0.6, 0.5, 0.5])).toThrow(/1 of 2 rows/);
    expect(() => score([0, 1], [1.5, -0.5, 0.5, 0.5])).toThrow(/1 of 2 rows/);
    expect(() => score([0, 1], [0.5, 0.5])).toThrow(/\[rows=2, classes=2\], got 2/);
  });
});
