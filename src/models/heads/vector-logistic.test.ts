// Heads on vectors: the minimum is where scikit-learn finds it, gradients are those of the formula, saving loses nothing.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeFrame, takeRows, type VectorColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { silent } from '../../core/progress.ts';
import { random } from '../../core/random.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import type { Question, Sample } from '../estimator.ts';
import { descend } from './descend.ts';
import { headLogits, openHeadFitting } from './logistic-head.ts';
import { vectorLogistic } from './vector-logistic.ts';

const golden = JSON.parse(readFileSync(new URL('./goldens.json', import.meta.url), 'utf8')) as {
  readonly source: string;
  readonly version: string;
  readonly width: number;
  readonly classes: number;
  readonly penalty: number;
  readonly vectors: readonly number[];
  readonly labels: readonly number[];
  readonly probabilities: readonly number[];
};

const run = { seed: 1, threads: 1, progress: silent };
const vectors = (values: Float32Array, width: number, called = 'v'): VectorColumn => ({
  kind: 'vector',
  name: called,
  label: name(called, called),
  unit: 'none',
  group: called,
  width,
  values,
});
const question = (classes: number): Question => ({
  kind: 'classes',
  outcome: 'other',
  horizonDays: 0,
  discountPerYear: 0,
  classes,
});

/** Three clouds, some of whose rows have no vector. */
function clouds(rows: number, asked = question(3)): Sample {
  const own = random(4);
  const outcomes = asked.kind === 'binary' ? 2 : 3;
  const target = Float64Array.from({ length: rows }, () => own.integer(outcomes));
  const values = new Float32Array(rows * 6);
  target.forEach((y, row) => {
    if (row % 11 === 10) return;
    for (let k = 0; k < 6; k++) values[row * 6 + k] = own.normal(k % 3 === y ? 1.2 : 0);
  });
  return {
    question: asked,
    frame: makeFrame([vectors(values, 6)]),
    entities: Array.from({ length: rows }, (_, row) => `e${row}`),
    asOf: new Float64Array(rows),
    target,
  };
}

it(`says what ${golden.source} (${golden.version}) says`, async () => {
  const fitting = await openHeadFitting(
    {
      vectors: Float32Array.from(golden.vectors),
      width: golden.width,
      labels: Int32Array.from(golden.labels),
      weight: new Float64Array(golden.labels.length).fill(1),
      classes: golden.classes,
    },
    { backend: nodeBackend, threads: 1 },
  );
  const head = await fitting.fit(golden.penalty, undefined);
  await fitting.release();
  const logits = headLogits(head, { vectors: Float32Array.from(golden.vectors), width: golden.width });
  // Intercepts are known up to one number for all: probabilities are compared. Sums are float32.
  for (let row = 0; row < golden.labels.length; row++) {
    const own = logits.subarray(row * golden.classes, (row + 1) * golden.classes);
    const total = own.reduce((sum, value) => sum + Math.exp(value), 0);
    own.forEach((value, k) => {
      expect(Math.abs(Math.exp(value) / total - golden.probabilities[row * golden.classes + k])).toBeLessThan(
        2e-3,
      );
    });
  }
});

it('goes down a narrow valley to its end', async () => {
  const objective = async (x: Float64Array, slope: Float64Array) => {
    slope.set([2 * (x[0] - 3), 2000 * (x[1] + 1)]);
    return (x[0] - 3) ** 2 + 1000 * (x[1] + 1) ** 2;
  };
  const { point } = await descend(objective, new Float64Array(2), { tolerance: 1e-12, maxIterations: 100 });
  expect(point[0]).toBeCloseTo(3, 5);
  expect(point[1]).toBeCloseTo(-1, 5);
});

describe('the estimator', () => {
  it('learns clouds from half of the rows, whatever their order, and keeps it when saved', async () => {
    const sample = clouds(600);
    const half = (from: number): Sample => {
      const rows = Array.from({ length: 300 }, (_, i) => from + i);
      return {
        ...sample,
        frame: takeRows(sample.frame, rows),
        entities: rows.map((row) => sample.entities[row]),
        asOf: new Float64Array(300),
        target: sample.target.slice(from, from + 300),
      };
    };
    const [train, test] = [half(0), half(300)];
    const model = await vectorLogistic.fit(train, undefined, run);
    const said = await model.predict(test.frame);
    let right = 0;
    test.target.forEach((y, row) => {
      const own = said.subarray(3 * row, 3 * row + 3);
      expect(own[0] + own[1] + own[2]).toBeCloseTo(1, 9);
      if (own.indexOf(Math.max(...own)) === y) right++;
    });
    expect(right / 300).toBeGreaterThan(0.7);

    const rows = Array.from({ length: 300 }, (_, i) => 299 - i);
    const turned = await vectorLogistic.fit(
      {
        ...train,
        frame: takeRows(train.frame, rows),
        entities: rows.map((row) => train.entities[row]),
        target: train.target.toReversed(),
      },
      undefined,
      run,
    );
    expect(turned.save()).toEqual(model.save());
    expect(await vectorLogistic.load(model.save()).predict(test.frame)).toEqual(said);
  });

  it('answers two outcomes with one probability each, 1 / (1 + exp(−margin))', async () => {
    const asked: Question = { kind: 'binary', outcome: 'other', horizonDays: 0, discountPerYear: 0 };
    const sample = clouds(300, asked);
    const model = await vectorLogistic.fit(sample, undefined, run);
    const [p, margin] = [await model.predict(sample.frame), await model.margin(sample.frame)];
    expect(p).toHaveLength(300);
    const mean = (y: number) => {
      const own = Array.from(p).filter((_, row) => sample.target[row] === y);
      return own.reduce((a, b) => a + b, 0) / own.length;
    };
    expect(mean(1) - mean(0)).toBeGreaterThan(0.3);
    expect(p[0]).toBeCloseTo(1 / (1 + Math.exp(-margin[0])), 12);
  });

  it('refuses amounts, and tables without vectors', () => {
    const { frame } = clouds(3);
    expect(vectorLogistic.refuses({ ...question(3), kind: 'amount' }, frame)).toBeDefined();
    expect(vectorLogistic.refuses(question(3), makeFrame([]))).toBeDefined();
    expect(vectorLogistic.refuses(question(3), frame)).toBeUndefined();
  });

  it('names a column that is missing or of another width', async () => {
    const sample = clouds(60);
    const model = await vectorLogistic.fit(sample, undefined, run);
    await expect(model.predict(makeFrame([vectors(new Float32Array(4), 4)]))).rejects.toThrow(
      'width 6, got one of 4',
    );
  });

  it('hears the call to stop', async () => {
    const stopped = vectorLogistic.fit(clouds(200), undefined, { ...run, signal: AbortSignal.abort() });
    await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});
