// What every estimator promises, checked on each of them: the list of models and the list of promises are both tables.

import { describe, expect, it } from 'vitest';
import { bytesOf, throughDisk } from '../../test/saved-bytes.ts';
import { AppError } from '../core/errors.ts';
import {
  type CategoryColumn,
  type Frame,
  findColumn,
  makeFrame,
  takeRows,
  withColumn,
} from '../core/frame.ts';
import { name } from '../core/name.ts';
import { type ProgressStep, silent } from '../core/progress.ts';
import { random } from '../core/random.ts';
import { CATALOGUE, estimatorById, fitModel, loadModel } from './catalogue.ts';
import type { Estimator, FitRun, Model, Question, Sample, Settings } from './estimator.ts';
import { madeUpSample } from './made-up-sample.ts';
import { takeSample } from './sample.ts';

const RUN: FitRun = { seed: 7, threads: 1, progress: silent };
const HORIZON_DAYS = 45;

const QUESTIONS: readonly Question[] = [
  { kind: 'binary', outcome: 'buys', horizonDays: HORIZON_DAYS, discountPerYear: 0 },
  { kind: 'binary', outcome: 'leaves', horizonDays: HORIZON_DAYS, discountPerYear: 0 },
  { kind: 'amount', outcome: 'revenue', horizonDays: HORIZON_DAYS, discountPerYear: 0 },
  { kind: 'classes', outcome: 'other', horizonDays: HORIZON_DAYS, discountPerYear: 0, classes: 3 },
];

/** Predictions a row: one, or one a class. */
const widthOf = ({ classes = 1 }: Question): number => classes;

const cache = new Map<string, Sample>();
function sampleOf(question: Question, customers: number, seed: number, signal = true): Sample {
  const key = JSON.stringify([question, customers, seed, signal]);
  const kept = cache.get(key) ?? madeUpSample({ customers, seed, question, signal, events: true });
  cache.set(key, kept);
  return kept;
}

/** What keeps fits of a second from taking minutes together; promises hold whatever an estimator is told. */
const BRIEFLY: Readonly<Record<string, Settings>> = {
  transformer: { length: 8, width: 16, blocks: 1, pretrainSteps: 10, tuneSteps: 30 },
};

const briefly = (estimator: Estimator): Estimator => {
  const told = BRIEFLY[estimator.id];
  return told ? (estimator.withSettings?.(told) ?? estimator) : estimator;
};

const CASES = CATALOGUE.map((entry) => briefly(entry.estimator)).flatMap((estimator) =>
  QUESTIONS.filter((question) => !estimator.refuses(question, sampleOf(question, 40, 1).frame)).map(
    (question) => ({ id: estimator.id, outcome: question.outcome, estimator, question }),
  ),
);

const fitted = new Map<string, Promise<Model>>();
/** The model most promises are checked on, fitted once. */
function fittedModel(estimator: Estimator, question: Question): Promise<Model> {
  const key = `${estimator.id} ${question.outcome}`;
  const kept = fitted.get(key) ?? fitModel(estimator, sampleOf(question, 500, 1), undefined, RUN);
  fitted.set(key, kept);
  return kept;
}

function shuffled(sample: Sample): Sample {
  const order = Int32Array.from({ length: sample.frame.rows }, (_, i) => i);
  return takeSample(sample, random(3).shuffle(order));
}

/** Mean loss a row: log loss for probabilities, absolute error for amounts would reward zero, so squared for amounts. */
function losses(question: Question, predicted: Float64Array, target: Float64Array): Float64Array {
  const width = widthOf(question);
  if (width > 1) return target.map((own, i) => -Math.log(Math.max(1e-9, predicted[i * width + own])));
  return predicted.map((value, i) => {
    if (question.kind === 'amount') return (value - target[i]) ** 2;
    const p = Math.min(1 - 1e-9, Math.max(1e-9, value));
    return -Math.log(target[i] === 1 ? p : 1 - p);
  });
}

/** Mean difference of paired losses in standard errors: above 0 the first is worse. */
function pairedZ(a: Float64Array, b: Float64Array): number {
  const differences = a.map((value, i) => value - b[i]);
  const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / differences.length;
  return variance === 0 ? 0 : mean / Math.sqrt(variance / differences.length);
}

const isSane = (question: Question, predictions: Float64Array): boolean =>
  predictions.every((value) =>
    question.kind === 'amount' ? Number.isFinite(value) : value >= 0 && value <= 1,
  ) &&
  (question.kind !== 'classes' || sumsToOne(predictions, widthOf(question)));

const sumsToOne = (shares: Float64Array, width: number): boolean =>
  shares.length % width === 0 &&
  Array.from({ length: shares.length / width }, (_, row) =>
    shares.subarray(row * width, (row + 1) * width).reduce((sum, share) => sum + share, 0),
  ).every((sum) => Math.abs(sum - 1) < 1e-9);

/** Rows in reverse, their classes in order. */
function reversedRows(values: Float64Array, width: number): Float64Array {
  const rows = values.length / width;
  return values.map((_, i) => values[(rows - 1 - Math.floor(i / width)) * width + (i % width)]);
}

function closeTo(actual: Float64Array, expected: Float64Array): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) {
    expect(Math.abs(actual[i] - expected[i])).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(expected[i])));
  }
}

/** Models that must have exact contributions. */
const ADDITIVE = ['linear', 'logistic', 'elastic-net', 'tweedie', 'tree', 'gbdt'];

const constantTarget =
  (value: number) =>
  (sample: Sample): Sample => ({
    ...sample,
    target: new Float64Array(sample.frame.rows).fill(value),
  });

const DEGENERATE: readonly { what: string; spoil: (sample: Sample) => Sample }[] = [
  { what: 'no outcome at all', spoil: constantTarget(0) },
  { what: 'one outcome only', spoil: constantTarget(1) },
  { what: 'one row', spoil: (sample) => takeSample(sample, [0]) },
  { what: 'two rows', spoil: (sample) => takeSample(sample, [0, 1]) },
  { what: 'no rows', spoil: (sample) => takeSample(sample, []) },
  { what: 'one customer many times', spoil: (sample) => takeSample(sample, new Int32Array(60)) },
  {
    what: 'a column with nothing in it',
    spoil: (sample) => ({ ...sample, frame: withNothing(sample.frame) }),
  },
  {
    what: 'infinite numbers',
    spoil: (sample) => ({ ...sample, frame: withInfinity(sample.frame) }),
  },
  {
    what: 'ten thousand categories',
    spoil: (sample) => ({ ...sample, frame: withManyLevels(sample.frame) }),
  },
];

const numbers = (values: Float64Array) =>
  ({
    kind: 'number',
    name: 'luck',
    label: name('Luck', '运气'),
    unit: 'none',
    group: 'luck',
    values,
  }) as const;

const withNothing = (frame: Frame): Frame =>
  withColumn(frame, numbers(new Float64Array(frame.rows).fill(Number.NaN)));

const withInfinity = (frame: Frame): Frame =>
  withColumn(
    frame,
    numbers(
      Float64Array.from(
        { length: frame.rows },
        (_, i) => [1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][i % 3],
      ),
    ),
  );

const withManyLevels = (frame: Frame): Frame =>
  withColumn(frame, {
    ...(findColumn(frame, 'country') as CategoryColumn),
    codes: Int32Array.from({ length: frame.rows }, (_, i) => (i * 7919) % 10_000),
    levels: Array.from({ length: 10_000 }, (_, i) => `level ${i}`),
  });

describe('the catalogue', () => {
  it('names each estimator once, in both languages', () => {
    const ids = CATALOGUE.map(({ estimator }) => estimator.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { estimator } of CATALOGUE) {
      expect(estimator.label.en).not.toBe('');
      expect(estimator.label.zh).toMatch(/\S/);
      expect(estimatorById(estimator.id)).toBe(estimator);
    }
  });

  it('says which ids there are when asked for another', () => {
    expect(() => estimatorById('oracle')).toThrow(/logistic/);
    expect(() => loadModel({ estimator: 'oracle', format: 1, state: {} })).toThrow(AppError);
  });

  it('answers every question with at least one model and one baseline', () => {
    for (const question of QUESTIONS) {
      const roles = CASES.filter((each) => each.question === question).map((each) => each.estimator.role);
      expect(new Set(roles)).toEqual(new Set(['baseline', 'model']));
    }
  });
});

describe.each(CASES)('$id asked for $outcome', ({ estimator, question }) => {
  it('saves the same bytes for the same data, in whatever order the rows come', async () => {
    const sample = sampleOf(question, 300, 2);
    const [first, second] = await Promise.all([
      fitModel(estimator, sample, undefined, RUN),
      fitModel(estimator, shuffled(sample), undefined, RUN),
    ]);
    expect(bytesOf(second.save())).toBe(bytesOf(first.save()));
  });

  it('may watch a validation sample, whose row order does not matter either', async () => {
    const [sample, valid] = [sampleOf(question, 200, 2), sampleOf(question, 150, 3)];
    const first = await fitModel(estimator, sample, valid, RUN);
    const second = await fitModel(estimator, sample, shuffled(valid), RUN);
    expect(bytesOf(second.save())).toBe(bytesOf(first.save()));
    expect(isSane(question, await first.predict(valid.frame))).toBe(true);
  });

  it('predicts the same numbers after saving and loading', async () => {
    const model = await fittedModel(estimator, question);
    const loaded = loadModel(throughDisk(model.save()));
    const { frame } = sampleOf(question, 200, 5);
    expect(await loaded.predict(frame)).toEqual(await model.predict(frame));
    expect(await loaded.margin(frame)).toEqual(await model.margin(frame));
    expect(loaded.inputs).toEqual(model.inputs);
    expect(bytesOf(loaded.save())).toBe(bytesOf(model.save()));
  });

  it('refuses a saved model of another format', async () => {
    const saved = (await fittedModel(estimator, question)).save();
    expect(() => loadModel({ ...saved, format: 999 })).toThrow(/format/);
  });

  it('predicts each row on its own: order and company do not matter', async () => {
    const model = await fittedModel(estimator, question);
    const { frame } = sampleOf(question, 200, 5);
    const together = await model.predict(frame);
    const backwards = Int32Array.from({ length: frame.rows }, (_, i) => frame.rows - 1 - i);
    const width = widthOf(question);
    closeTo(reversedRows(await model.predict(takeRows(frame, backwards)), width), together);
    for (let row = 0; row < 20; row++) {
      const own = together.slice(row * width, (row + 1) * width);
      closeTo(await model.predict(takeRows(frame, [row])), own);
    }
    expect((await model.predict(takeRows(frame, []))).length).toBe(0);
  });

  it('keeps probabilities in [0, 1] and amounts finite, and margins agree with them', async () => {
    const model = await fittedModel(estimator, question);
    const { frame } = sampleOf(question, 200, 6);
    const predictions = await model.predict(frame);
    expect(isSane(question, predictions)).toBe(true);
    const margins = await model.margin(frame);
    const inverse = {
      identity: (m: number) => m,
      log: Math.exp,
      logit: (m: number) => 1 / (1 + Math.exp(-m)),
      softmax: (m: number, i: number) => {
        const from = i - (i % widthOf(question));
        const own = margins.subarray(from, from + widthOf(question));
        return Math.exp(m) / own.reduce((sum, other) => sum + Math.exp(other), 0);
      },
    };
    closeTo(margins.map(inverse[model.link]), predictions);
  });

  it('survives unseen categories and missing numbers', async () => {
    const model = await fittedModel(estimator, question);
    expect(isSane(question, await model.predict(strange(sampleOf(question, 50, 6).frame)))).toBe(true);
  });

  it('reads no column it does not name', async () => {
    const model = await fittedModel(estimator, question);
    const { frame } = sampleOf(question, 50, 6);
    const columns = frame.columns.filter((column) => model.inputs.includes(column.name));
    const bare = makeFrame(columns, { rows: frame.rows, currency: frame.currency });
    expect(await model.predict(bare)).toEqual(await model.predict(frame));
  });

  it('stops when told to, before and during the fit', async () => {
    const early = new AbortController();
    early.abort();
    const sample = sampleOf(question, 300, 2);
    await expect(fitModel(estimator, sample, undefined, { ...RUN, signal: early.signal })).rejects.toThrow(
      /interrupted/,
    );
    if (estimator.role === 'baseline') return;
    const late = new AbortController();
    setImmediate(() => late.abort());
    await expect(fitModel(estimator, sample, undefined, { ...RUN, signal: late.signal })).rejects.toThrow(
      /interrupted/,
    );
  });

  it('reports progress', async () => {
    const steps: ProgressStep[] = [];
    const progress = { step: (step: ProgressStep) => steps.push(step), note: () => {} };
    await fitModel(estimator, sampleOf(question, 300, 2), undefined, { ...RUN, progress });
    expect(steps.length).toBeGreaterThan(0);
    expect(steps.at(-1)?.task).toContain(estimator.id);
  });

  it.each(DEGENERATE)('meets $what with a sane model or a clear error', async ({ spoil }) => {
    const sample = spoil(sampleOf(question, 120, 4));
    try {
      const model = await fitModel(estimator, sample, undefined, RUN);
      expect(isSane(question, await model.predict(sampleOf(question, 50, 6).frame))).toBe(true);
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
      expect((error as AppError).code).toMatch(/NOT_ENOUGH_DATA|BAD_DATA/);
    }
  });

  it('explains itself exactly, where it claims to', async () => {
    const model = await fittedModel(estimator, question);
    if (!model.attribute) {
      // Of classes only forests of all of them speak on one scale.
      expect(question.kind === 'classes' ? ['gbdt'] : ADDITIVE).not.toContain(estimator.id);
      return;
    }
    const frame = strange(sampleOf(question, 60, 6).frame);
    const margins = await model.margin(frame);
    const { classes = 1 } = question;
    for (let output = 0; output < classes; output++) {
      const { features, base, values } = await model.attribute(frame, output);
      expect(values.length).toBe(frame.rows * features.length);
      for (let row = 0; row < frame.rows; row++) {
        const margin = margins[row * classes + output];
        const parts = values.subarray(row * features.length, (row + 1) * features.length);
        const sum = parts.reduce((total, part) => total + part, base);
        expect(Math.abs(sum - margin)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(margin)));
      }
    }
  });
});

const MODELS = CASES.filter(({ estimator }) => estimator.role === 'model');

describe.each(MODELS)('$id asked for $outcome, with something to learn', ({ estimator, question }) => {
  it('beats the training average where there is a signal', async () => {
    const test = sampleOf(question, 4000, 8);
    const average = await fitModel(estimatorById('rate'), sampleOf(question, 500, 1), undefined, RUN);
    const own = losses(
      question,
      await (await fittedModel(estimator, question)).predict(test.frame),
      test.target,
    );
    const plain = losses(question, await average.predict(test.frame), test.target);
    // Two and a half standard errors of the paired difference: one such test in 160 passes by luck.
    expect(pairedZ(plain, own)).toBeGreaterThan(2.5);
  });
});

/** Customer-base models learn how customers behave, not the target: shuffling targets teaches them nothing. */
const LEARNERS = MODELS.filter(
  ({ id }) => CATALOGUE.find(({ estimator }) => estimator.id === id)?.family !== 'customer-base',
);

describe.each(LEARNERS)('$id asked for $outcome, with nothing to learn', ({ estimator, question }) => {
  it('does not beat the training average on noise', async () => {
    const train = sampleOf(question, 500, 1, false);
    const test = sampleOf(question, 1500, 8, false);
    const average = await fitModel(estimatorById('rate'), train, undefined, RUN);
    const model = await fitModel(estimator, train, undefined, RUN);
    const own = losses(question, await model.predict(test.frame), test.target);
    const plain = losses(question, await average.predict(test.frame), test.target);
    // With nothing to learn, a gain of three standard errors would be one chance in 700, or a leak.
    expect(pairedZ(plain, own)).toBeLessThan(3);
    // And what it imagines must cost little: no more than 6 % of the average's own loss.
    const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(own)).toBeLessThan(1.06 * mean(plain));
  });
});

/** A frame of levels never seen, and rows with everything missing. */
function strange(frame: Frame): Frame {
  const columns = frame.columns.map((column) => {
    if (column.kind === 'category') return { ...column, levels: ['atlantis', ...column.levels.slice(1)] };
    if (column.kind !== 'number') return column;
    return { ...column, values: column.values.map((value, i) => (i % 3 === 0 ? Number.NaN : value)) };
  });
  return { ...frame, columns };
}
