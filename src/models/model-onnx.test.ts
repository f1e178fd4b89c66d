// A fitted model as an ONNX file: onnxruntime says what the model says; what is not made of trees is refused.
import { describe, expect, it } from 'vitest';
import { type Column, type Frame, makeFrame, numberColumn } from '../core/frame.ts';
import { name } from '../core/name.ts';
import { silent } from '../core/progress.ts';
import { readModel } from '../tensor/onnx/read.ts';
import { writeModel } from '../tensor/onnx/write.ts';
import { nodeBackend } from '../tensor/session/session-node.ts';
import { encoded, ensemble, estimatorById, fitModel, loadModel } from './catalogue.ts';
import type { Estimator, Model, Question } from './estimator.ts';
import { readInputs } from './forest/read-inputs.ts';
import { gbdtWith } from './gbdt/gbdt.ts';
import { madeUpSample } from './made-up-sample.ts';
import { modelToOnnx } from './model-onnx.ts';

const asked = (kind: Question['kind']): Question => ({
  kind,
  outcome: kind === 'binary' ? 'buys' : kind === 'amount' ? 'revenue' : 'other',
  horizonDays: 30,
  discountPerYear: 0,
  ...(kind === 'classes' && { classes: 3 }),
});
const sampleFor = (kind: Question['kind']) =>
  madeUpSample({ customers: 300, seed: 4, question: asked(kind) });
const RUN = { seed: 1, threads: 1, progress: silent };

const fitted = (estimator: Estimator, kind: Question['kind']): Promise<Model> =>
  fitModel(estimator, sampleFor(kind), undefined, RUN);

/** What onnxruntime makes of the file, fed as its metadata says. */
async function askFile(bytes: Uint8Array, model: Model, frame: Frame): Promise<number[]> {
  const inputs = model.forest!().inputs;
  const columns = readInputs(inputs, frame);
  const features = new Float64Array(frame.rows * inputs.length);
  columns.forEach((column, i) => {
    for (let row = 0; row < frame.rows; row++) features[row * inputs.length + i] = column[row];
  });
  const session = await nodeBackend.open(bytes);
  try {
    return Array.from((await session.run({ features })).prediction, Number);
  } finally {
    await session.release();
  }
}

describe('a fitted model as an ONNX file', () => {
  const small = gbdtWith({ trees: 30, patience: 0 });
  it.each([
    ['gbdt', 'binary', small],
    ['gbdt', 'amount', small],
    ['gbdt', 'classes', small],
    ['tree', 'binary', estimatorById('tree')],
  ] as const)('gives the predictions of %s, asked about %s', async (_, kind, estimator) => {
    const model = loadModel((await fitted(estimator, kind)).save());
    const { frame } = sampleFor(kind);
    const said = await model.predict(frame);
    const got = await askFile(writeModel(modelToOnnx(model, { rows: frame.rows })), model, frame);
    expect(got.length).toBe(said.length);
    // Float32 rounds a margin once, and its link works in float32.
    for (let i = 0; i < got.length; i++)
      expect(Math.abs(got[i] - said[i])).toBeLessThan(2e-6 * Math.max(1, Math.abs(said[i])));
  });

  it('takes any number of rows unless told, and carries the corrections', async () => {
    const model = await fitted(small, 'binary');
    const corrections = { calibrator: { method: 'platt', intercept: 0.1, slope: 0.9 } };
    const { graph, metadata } = readModel(writeModel(modelToOnnx(model, { corrections })));
    expect(graph.inputs[0].dims?.[0]).toBe('rows');
    expect(JSON.parse(metadata['foresell.corrections'])).toEqual(corrections);
  });

  it('is refused to models that are not trees alone, and to trees that cut nothing', async () => {
    const logistic = estimatorById('logistic');
    for (const estimator of [logistic, ensemble('mean', [small, logistic])]) {
      const model = await fitted(estimator, 'binary');
      expect(() => modelToOnnx(model)).toThrow(`got "${estimator.id}"; fit one with --model gbdt`);
    }
    const sample = sampleFor('binary');
    const luck = numberColumn(sample.frame, 'luck');
    const flat = makeFrame([{ ...luck, values: new Float64Array(sample.frame.rows) }]);
    const stump = await fitModel(estimatorById('tree'), { ...sample, frame: flat }, undefined, RUN);
    expect(() => modelToOnnx(stump)).toThrow('"tree" that cuts nothing');
  });

  it('is refused where encoders make the columns, and given where they have nothing to do', async () => {
    const sample = sampleFor('binary');
    const { frame, entities } = sample;
    const text: Column = {
      kind: 'text',
      name: 'said',
      label: name('Said', '说过的话'),
      unit: 'none',
      group: 'said',
      values: entities.map((_, row) => (sample.target[row] === 1 ? 'love these lamps' : 'sent it back')),
    };
    const withText = { ...sample, frame: makeFrame([...frame.columns, text]) };
    const reads = await fitModel(encoded(small), withText, undefined, RUN);
    expect(reads.inputs).toContain('said');
    expect(() => modelToOnnx(reads)).toThrow('without text, dates and categories of many levels');
    expect(modelToOnnx(await fitted(encoded(small), 'binary')).graph.inputs).toHaveLength(1);
  });
});
