// Shares of a class's probability: held to the plain difference for two classes, and to a fine sum over the way for more.
import { describe, expect, it } from 'vitest';
import { random } from '../core/random.ts';
import { type Attribution, fromMargin } from '../models/estimator.ts';
import { classAttribution } from './class-attribution.ts';

const FEATURES = ['a', 'b', 'c'];
const ROWS = 5;

function madeUp(classes: number, seed: number): Attribution[] {
  const draw = random(seed);
  return Array.from({ length: classes }, () => ({
    features: FEATURES,
    base: draw.normal(),
    values: Float64Array.from({ length: ROWS * FEATURES.length }, () => 1.5 * draw.normal()),
  }));
}

const logit = (p: number) => Math.log(p / (1 - p));

interface Scales {
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

/** The logit of class `own` after its logarithm was scaled and shifted, as a calibration does. */
const shownOf = (classes: number, own: number, by?: Scales) => (margins: Float64Array) => {
  const plain = fromMargin('softmax', margins.slice(), classes);
  const logs = plain.map((p, i) =>
    by ? by.scale[i % classes] * Math.log(p) + by.shift[i % classes] : Math.log(p),
  );
  const said = fromMargin('softmax', logs, classes);
  return Float64Array.from({ length: margins.length / classes }, (_, row) =>
    logit(said[row * classes + own]),
  );
};

describe('what columns do to the probability of a class', () => {
  it('is the difference of both margins where there are two classes', () => {
    const margins = madeUp(2, 1);
    const { base, values } = classAttribution(margins, shownOf(2, 1));
    expect(base).toBeCloseTo(margins[1].base - margins[0].base, 9);
    values.forEach((value, i) => {
      expect(value).toBeCloseTo(margins[1].values[i] - margins[0].values[i], 6);
    });
  });

  it('is the mean slope along the way times what each margin gets, summed over classes', () => {
    const [classes, own, steps] = [3, 2, 4000];
    const margins = madeUp(classes, 2);
    const { values } = classAttribution(margins, shownOf(classes, own));
    for (let row = 0; row < ROWS; row++) {
      const part = (k: number, j: number) => margins[k].values[row * FEATURES.length + j];
      const moved = margins.map((_, k) => FEATURES.reduce((sum, _name, j) => sum + part(k, j), 0));
      const expected = FEATURES.map(() => 0);
      for (let step = 0; step < steps; step++) {
        const odds = margins.map(({ base }, k) => Math.exp(base + ((step + 0.5) / steps) * moved[k]));
        const others = odds.reduce((sum, each, k) => sum + (k === own ? 0 : each), 0);
        // Of ln p − ln(1 − p): one by its own margin, less each other's share of the rest by theirs.
        const slopes = odds.map((each, k) => (k === own ? 1 : -each / others));
        FEATURES.forEach((_, j) => {
          slopes.forEach((slope, k) => {
            expected[j] += (slope * part(k, j)) / steps;
          });
        });
      }
      expected.forEach((share, j) => {
        expect(values[row * FEATURES.length + j]).toBeCloseTo(share, 4);
      });
    }
  });

  it('adds up on what is shown, whatever the calibration', () => {
    const classes = 4;
    const calibrations: Scales[] = [
      { scale: [0.6, 0.6, 0.6, 0.6], shift: [0, 0, 0, 0] },
      { scale: [0.7, 1.2, 1, 0.5], shift: [0.3, -0.2, 0, 0.1] },
    ];
    for (const calibration of calibrations) {
      const margins = madeUp(classes, 3);
      const shown = shownOf(classes, 1, calibration);
      const { base, values } = classAttribution(margins, shown);
      const ends = shown(
        Float64Array.from({ length: ROWS * classes }, (_, i) => {
          const [row, k] = [Math.floor(i / classes), i % classes];
          const own = margins[k].values.subarray(row * FEATURES.length, (row + 1) * FEATURES.length);
          return own.reduce((sum, value) => sum + value, margins[k].base);
        }),
      );
      ends.forEach((end, row) => {
        const own = values.subarray(row * FEATURES.length, (row + 1) * FEATURES.length);
        expect(own.reduce((sum, value) => sum + value, base)).toBeCloseTo(end, 9);
      });
    }
  });
});
