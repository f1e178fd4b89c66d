// Every loss against itself: slopes and bends by central differences, starts by trying their neighbours.
import { describe, expect, it } from 'vitest';
import { random } from '../../../core/random.ts';
import { slopesFor } from '../course.ts';
import { defaultSettings } from '../settings.ts';
import { huber, huberDelta } from './huber.ts';
import { type Examples, meanLoss, type Objective } from './objective.ts';
import { objectiveOf } from './objective-of.ts';
import { weightedQuantile } from './weighted-quantile.ts';

const ROWS = 200;
const CLASSES = 4;

type Kind = 'outcome' | 'class' | 'amount' | 'count' | 'money';

function examplesOf(kind: Kind, seed = 5): Examples {
  const draw = random(seed);
  const deal: Readonly<Record<Kind, () => number>> = {
    outcome: () => Number(draw.uniform() < 0.3),
    class: () => draw.integer(CLASSES),
    amount: () => draw.normal(2, 3),
    count: () => draw.poisson(1.7),
    money: () => (draw.uniform() < 0.5 ? 0 : draw.gamma(1.5, 0.5)),
  };
  return {
    target: Float64Array.from({ length: ROWS }, deal[kind]),
    weight: Float64Array.from({ length: ROWS }, () => 0.2 + draw.uniform()),
  };
}

const settings = { ...defaultSettings(ROWS), power: 1.3 };

const LOSSES = [
  { loss: 'logistic', kind: 'outcome', bend: 1 },
  // One class too many: each tree goes (K − 1) / K of the way its own bend asks for.
  { loss: 'softmax', kind: 'class', bend: CLASSES / (CLASSES - 1) },
  { loss: 'squared', kind: 'amount', bend: 1 },
  { loss: 'poisson', kind: 'count', bend: 1 },
  { loss: 'tweedie', kind: 'money', bend: 1 },
  // Corners: their bend says nothing, and `undefined` here means it is not compared.
  { loss: 'huber', kind: 'amount', bend: undefined },
  { loss: 'absolute', kind: 'amount', bend: undefined },
  { loss: 'quantile', kind: 'amount', bend: undefined },
] as const;

const make = (loss: (typeof LOSSES)[number]['loss'], examples: Examples): Objective =>
  objectiveOf(loss, { settings, classes: CLASSES, examples });

function randomMargins(objective: Objective): Float64Array[] {
  const draw = random(8);
  return Array.from({ length: objective.outputs }, () =>
    Float64Array.from({ length: ROWS }, () => draw.normal(0.3, 1.2)),
  );
}

describe.each(LOSSES)('the loss $loss', ({ loss, kind, bend }) => {
  const examples = examplesOf(kind);
  const objective = make(loss, examples);

  it('has the slope, and where it has one the bend, that differences of itself show', () => {
    const margins = randomMargins(objective);
    const slopes = slopesFor(objective.outputs, ROWS);
    objective.fillSlopes(examples, margins, slopes);
    const step = 1e-4;
    for (let row = 0; row < ROWS; row++) {
      for (let output = 0; output < objective.outputs; output++) {
        const at = (shift: number) => {
          const moved = margins.map((margin, k) =>
            k === output ? margin.map((own, i) => (i === row ? own + shift : own)) : margin,
          );
          return examples.weight[row] * objective.lossOf(examples.target[row], moved, row);
        };
        const [below, here, above] = [at(-step), at(0), at(step)];
        const { gradient, curvature } = slopes[output];
        // Slopes are kept in float32, and the curvature's difference loses half of float64.
        expect(gradient[row]).toBeCloseTo((above - below) / (2 * step), 5);
        if (bend) expect(curvature[row] / bend).toBeCloseTo((above - 2 * here + below) / step ** 2, 5);
        expect(curvature[row]).toBeGreaterThanOrEqual(0);
      }
    }
  });

  it('starts where no other margin loses less', () => {
    const start = objective.start(examples);
    const lossAt = (margin: Float64Array) =>
      meanLoss(
        objective,
        examples,
        Array.from(margin, (own) => new Float64Array(ROWS).fill(own)),
      );
    const least = lossAt(start);
    for (const step of [1e-3, 0.05, 0.7]) {
      for (let output = 0; output < start.length; output++) {
        for (const sign of [-1, 1]) {
          const moved = start.map((own, k) => own + (k === output ? sign * step : 0));
          expect(lossAt(moved)).toBeGreaterThanOrEqual(least - 1e-12);
        }
      }
    }
  });
});

describe('the loss huber', () => {
  it('never falls below the parabola its slope and bend draw, whichever way a margin goes', () => {
    const examples = examplesOf('amount');
    const objective = huber(huberDelta(examples, 0.6));
    const [margins, slopes] = [randomMargins(objective), slopesFor(1, ROWS)];
    objective.fillSlopes(examples, margins, slopes);
    let straight = 0;
    for (let row = 0; row < ROWS; row++) {
      const [y, weight] = [examples.target[row], examples.weight[row]];
      const here = weight * objective.lossOf(y, margins, row);
      if (slopes[0].curvature[row] < 0.999 * weight) straight++;
      for (const step of [-4, -1, -0.1, 0.1, 1, 4]) {
        const there = weight * objective.lossOf(y, [margins[0].map((own) => own + step)], row);
        const parabola = here + slopes[0].gradient[row] * step + 0.5 * slopes[0].curvature[row] * step ** 2;
        expect(there).toBeLessThanOrEqual(parabola + 1e-5);
      }
    }
    expect(straight).toBeGreaterThan(ROWS / 10);
  });
});

describe('a weighted quantile', () => {
  it('is the first value that enough of the weight does not exceed', () => {
    const draw = random(3);
    for (let round = 0; round < 300; round++) {
      const count = 1 + draw.integer(30);
      const values = Float64Array.from({ length: count }, () => draw.integer(8));
      const weight = Float64Array.from({ length: count }, () => draw.integer(3) + (round % 2));
      const share = 0.02 + 0.96 * draw.uniform();
      const total = weight.reduce((sum, own) => sum + own, 0);
      if (total === 0) continue;
      const upTo = (value: number) => weight.reduce((sum, own, i) => sum + (values[i] <= value ? own : 0), 0);
      const held = [...values].filter((_, i) => weight[i] > 0).sort((a, b) => a - b);
      const expected = held.find((value) => upTo(value) >= share * total - 1e-9);
      expect(weightedQuantile(values, weight, share)).toBe(expected);
    }
  });

  it('of exactly half is the lower middle', () => {
    expect(weightedQuantile(Float64Array.of(4, 1, 3, 2), new Float64Array(4).fill(1), 0.5)).toBe(2);
  });
});
