import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type CategoryColumn, type Frame, makeFrame, type TextColumn, takeRows } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { silent } from '../../core/progress.ts';
import { random } from '../../core/random.ts';
import { encoded, ensemble, estimatorById, fitModel, loadModel } from '../catalogue.ts';
import type { FitRun, Model, Question, Sample, SavedModel } from '../estimator.ts';
import { madeUpSample } from '../made-up-sample.ts';
import { takeSample } from '../sample.ts';
import { encodingMemory } from './memory.ts';

const RUN: FitRun = { seed: 7, threads: 1, progress: silent };
const BUYS: Question = { kind: 'binary', outcome: 'buys', horizonDays: 45, discountPerYear: 0 };
const REVENUE: Question = { kind: 'amount', outcome: 'revenue', horizonDays: 45, discountPerYear: 0 };
const LEVELS = 2000;

/** A made-up shop whose notes and whose 2,000 streets know a little of what will happen, and a date that knows nothing. */
function tableSample(customers: number, seed: number, question = BUYS): Sample {
  const sample = madeUpSample({ customers, seed, question });
  const draw = random(seed).fork('table');
  const happy = ['lovely fit', 'bought again', 'great quality'];
  const sad = ['never again', 'poor quality', 'sent it back'];
  const note = (good: boolean): string =>
    draw.uniform() < 0.1
      ? ''
      : `${draw.uniform() < (good ? 0.7 : 0.3) ? happy[draw.integer(3)] : sad[draw.integer(3)]} size ${draw.integer(20)}!`;
  const texts = Array.from(sample.target, (y) => note(y > 0));
  // Even streets are where buyers live, three times out of four.
  const streets = Int32Array.from(sample.target, (y) => {
    if (draw.uniform() < 0.05) return -1;
    const even = draw.uniform() < 0.75 === y > 0;
    return 2 * draw.integer(60) + Number(!even);
  });
  const about = { unit: 'none', group: 'table' } as const;
  const text: TextColumn = {
    ...about,
    kind: 'text',
    name: 'note',
    label: name('Note', '备注'),
    values: texts,
  };
  const street: CategoryColumn = {
    ...about,
    kind: 'category',
    name: 'street',
    label: name('Street', '街道'),
    codes: streets,
    levels: Array.from({ length: LEVELS }, (_, i) => `street ${i}`),
  };
  const joined = {
    ...about,
    kind: 'number',
    name: 'joined',
    label: name('Joined', '加入时间'),
    values: Float64Array.from(texts, (_, i) =>
      i % 17 === 0 ? Number.NaN : Date.UTC(2010, draw.integer(18), 3, 9),
    ),
  } as const;
  return {
    ...sample,
    frame: makeFrame([...sample.frame.columns, text, street, joined], { currency: 'GBP' }),
  };
}

const OPTIONS = { dates: ['joined'] };

/** A digest of what a registry writes: JSON for structure, bytes for arrays. */
function digestOf({ arrays = {}, ...rest }: SavedModel): string {
  const digest = createHash('sha256').update(JSON.stringify(rest));
  for (const [key, { buffer, byteOffset, byteLength }] of Object.entries(arrays)) {
    digest.update(key).update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return digest.digest('hex');
}

/** As a stranger would read it back from disk. */
function throughDisk({ arrays, ...rest }: SavedModel): SavedModel {
  const copies = Object.entries(arrays ?? {}).map(([key, array]) => [key, array.slice()]);
  return { ...JSON.parse(JSON.stringify(rest)), arrays: Object.fromEntries(copies) };
}

/** Levels never seen, words never seen, numbers missing. */
function strange(frame: Frame): Frame {
  const columns = frame.columns.map((column) => {
    if (column.kind === 'category')
      return { ...column, levels: column.levels.map((level) => `new ${level}`) };
    if (column.kind === 'text')
      return { ...column, values: column.values.map((_, i) => (i % 2 ? '' : '全新的词 🙂')) };
    if (column.kind !== 'number') return column;
    return { ...column, values: column.values.map((value, i) => (i % 3 === 0 ? Number.NaN : value)) };
  });
  return { ...frame, columns };
}

/** The frame with one value of one column changed. */
function edited(frame: Frame, id: string): Frame {
  const columns = frame.columns.map((column) => {
    if (column.name !== id) return column;
    if (column.kind === 'text')
      return { ...column, values: column.values.map((v, i) => (i === 9 ? `${v} x` : v)) };
    if (column.kind === 'category')
      return { ...column, codes: column.codes.map((v, i) => (i === 9 ? 0 : v)) };
    return column.kind === 'number'
      ? { ...column, values: column.values.map((v, i) => (i === 9 ? 1 : v)) }
      : column;
  });
  return { ...frame, columns };
}

const logLoss = (p: Float64Array, target: Float64Array): number =>
  p.reduce((sum, value, i) => sum - Math.log(target[i] === 1 ? value : 1 - value), 0) / p.length;

const both = ensemble('mean', [estimatorById('logistic'), estimatorById('tree')]);
const CASES = [
  { id: 'logistic', inner: estimatorById('logistic'), question: BUYS },
  { id: 'tree', inner: estimatorById('tree'), question: REVENUE },
  { id: 'mean', inner: both, question: BUYS },
];

describe.each(CASES)('$id behind encoders, asked for $question.outcome', ({ id, inner, question }) => {
  const estimator = encoded(inner, OPTIONS);
  const sample = tableSample(250, 1, question);
  const other = tableSample(120, 2, question).frame;
  let kept: Promise<Model> | undefined;
  const fitted = () => {
    kept ??= fitModel(estimator, sample, undefined, RUN);
    return kept;
  };

  it('keeps its id and reads only columns of the table', async () => {
    const model = await fitted();
    expect(estimator.id).toBe(id);
    expect(model.estimator).toBe(id);
    const own = new Set(sample.frame.columns.map((column) => column.name));
    for (const input of model.inputs) expect(own).toContain(input);
    const columns = other.columns.filter((column) => model.inputs.includes(column.name));
    const bare = makeFrame(columns, { rows: other.rows, currency: other.currency });
    expect(await model.predict(bare)).toEqual(await model.predict(other));
  });

  it('saves the same bytes for the same data, in whatever order the rows come', async () => {
    const order = random(3).shuffle(Int32Array.from({ length: sample.frame.rows }, (_, i) => i));
    const again = await fitModel(estimator, takeSample(sample, order), undefined, RUN);
    expect(digestOf(again.save())).toBe(digestOf((await fitted()).save()));
  });

  it('predicts the same numbers after saving and loading', async () => {
    const model = await fitted();
    for (const load of [loadModel, estimator.load]) {
      const loaded = load(throughDisk(model.save()));
      expect(await loaded.predict(other)).toEqual(await model.predict(other));
      expect(loaded.inputs).toEqual(model.inputs);
      expect(digestOf(loaded.save())).toBe(digestOf(model.save()));
    }
    expect(() => loadModel({ ...model.save(), format: 999 })).toThrow(/format/);
  });

  it('predicts each row on its own', async () => {
    const model = await fitted();
    const together = await model.predict(other);
    for (let row = 0; row < 20; row++) {
      const [alone] = await model.predict(takeRows(other, [row]));
      expect(Math.abs(alone - together[row])).toBeLessThanOrEqual(
        1e-9 * Math.max(1, Math.abs(together[row])),
      );
    }
    expect((await model.predict(takeRows(other, []))).length).toBe(0);
  });

  it('survives what it has never seen', async () => {
    for (const value of await (await fitted()).predict(strange(other)))
      expect(value).toSatisfy(Number.isFinite);
  });

  it('may watch a validation sample', async () => {
    const model = await fitModel(estimator, sample, tableSample(200, 3, question), RUN);
    for (const value of await model.predict(other)) expect(value).toSatisfy(Number.isFinite);
  });

  it('stops when told to', async () => {
    const stop = new AbortController();
    setImmediate(() => stop.abort());
    const run = { ...RUN, signal: stop.signal };
    await expect(fitModel(estimator, sample, undefined, run)).rejects.toThrow(/interrupted/);
  });

  it('explains itself in the columns of the table, exactly', async () => {
    const model = await fitted();
    expect(model.attribute).toBeDefined();
    const { features, base, values } = await model.attribute!(other);
    const own = new Set(sample.frame.columns.map((column) => column.name));
    for (const feature of features) expect(own).toContain(feature);
    const margin = await model.margin(other);
    margin.forEach((expected, row) => {
      let sum = base;
      for (let j = 0; j < features.length; j++) sum += values[row * features.length + j];
      expect(Math.abs(sum - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));
    });
  });
});

describe('encoders in front of a model', () => {
  it('make text and streets worth having', async () => {
    const [train, test] = [tableSample(1000, 11), tableSample(2000, 12)];
    const plain = await fitModel(estimatorById('logistic'), train, undefined, RUN);
    const better = await fitModel(encoded(estimatorById('logistic'), OPTIONS), train, undefined, RUN);
    const loss = async (model: Model) => logLoss(await model.predict(test.frame), test.target);
    expect(await loss(better)).toBeLessThan((await loss(plain)) - 0.02);
  });

  it('score words and streets for each class of several', async () => {
    const [train, test] = [tableSample(900, 21), tableSample(600, 22)].map((sample): Sample => {
      // Class 2: buyers in a hurry, who say so.
      const draw = random(sample.frame.rows);
      const loud = sample.target.map((y) => Number(y === 1 && draw.uniform() < 0.5));
      const columns = sample.frame.columns.map((column) =>
        column.kind === 'text'
          ? { ...column, values: column.values.map((text, i) => (loud[i] === 1 ? `urgent ${text}` : text)) }
          : column,
      );
      const question: Question = {
        kind: 'classes',
        classes: 3,
        outcome: 'other',
        horizonDays: 0,
        discountPerYear: 0,
      };
      return {
        ...sample,
        question,
        frame: { ...sample.frame, columns },
        target: sample.target.map((y, i) => y + loud[i]),
      };
    });
    const estimator = encoded(estimatorById('tree'), OPTIONS);
    const model = loadModel(throughDisk((await fitModel(estimator, train, undefined, RUN)).save()));
    expect(model.inputs).toContain('note');
    const p = await model.predict(test.frame);
    expect(p).toHaveLength(3 * test.frame.rows);
    let right = 0;
    let loud = 0;
    test.target.forEach((y, i) => {
      expect(p[3 * i] + p[3 * i + 1] + p[3 * i + 2]).toBeCloseTo(1, 9);
      if (y !== 2) return;
      loud++;
      if (p[3 * i + 2] > 0.5) right++;
    });
    expect(right / loud).toBeGreaterThan(0.9);
  });

  it('leave an estimator alone on a table with nothing to encode', async () => {
    const sample = madeUpSample({ customers: 200, seed: 1, question: BUYS });
    const plain = await fitModel(estimatorById('tree'), sample, undefined, RUN);
    const same = await fitModel(encoded(estimatorById('tree')), sample, undefined, RUN);
    expect(digestOf(same.save())).toBe(digestOf(plain.save()));
  });

  it('are learned once for rows seen before, whichever the estimator and its settings', async () => {
    const sample = tableSample(200, 6);
    const memory = encodingMemory();
    const steps: string[] = [];
    const progress = { step: ({ task }: { task: string }) => steps.push(task), note: () => {} };
    const options = { ...OPTIONS, memory };
    const first = await fitModel(encoded(estimatorById('tree'), options), sample, undefined, {
      ...RUN,
      progress,
    });
    expect(steps).toContain('encoding');
    steps.length = 0;
    const again = await fitModel(encoded(estimatorById('tree'), options), sample, undefined, {
      ...RUN,
      progress,
    });
    await fitModel(encoded(estimatorById('logistic'), options), sample, undefined, { ...RUN, progress });
    expect(steps).not.toContain('encoding');
    expect(digestOf(again.save())).toBe(digestOf(first.save()));
    // Anything they learn from makes another lesson: one outcome, one word, one street, the seed.
    const target = sample.target.map((y, i) => (i === 5 ? 1 - y : y));
    const others: readonly (readonly [Sample, FitRun])[] = [
      [{ ...sample, target }, RUN],
      [{ ...sample, frame: edited(sample.frame, 'note') }, RUN],
      [{ ...sample, frame: edited(sample.frame, 'street') }, RUN],
      [{ ...sample, frame: edited(sample.frame, 'joined') }, RUN],
      [sample, { ...RUN, seed: 8 }],
    ];
    for (const [other, run] of others) {
      steps.length = 0;
      await fitModel(encoded(estimatorById('tree'), options), other, undefined, { ...run, progress });
      expect(steps).toContain('encoding');
    }
  });

  it('let a linear model answer from text alone', async () => {
    const { frame, ...rest } = tableSample(300, 5);
    const sample = { ...rest, frame: makeFrame([frame.columns.find(({ kind }) => kind === 'text')!]) };
    const estimator = encoded(estimatorById('logistic'));
    expect(estimatorById('logistic').refuses(BUYS, sample.frame)).toBeDefined();
    expect(estimator.refuses(BUYS, sample.frame)).toBeUndefined();
    const model = await fitModel(estimator, sample, undefined, RUN);
    expect(model.inputs).toEqual(['note']);
    const { arrays = {}, ...torn } = throughDisk(model.save());
    const inner = Object.entries(arrays).filter(([key]) => !key.startsWith('encoder-'));
    expect(() => loadModel({ ...torn, arrays: Object.fromEntries(inner) })).toThrow(/saved encoder needs/);
  });
});
