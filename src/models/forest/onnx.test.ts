// A forest as an ONNX file, run by onnxruntime, against our own scorer.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../core/frame.ts';
import { readModel } from '../../tensor/onnx/read.ts';
import { writeModel } from '../../tensor/onnx/write.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import type { Forest } from './forest.ts';
import { type MadeUpForest, madeUpForest, madeUpRows } from './made-up-forest.ts';
import { type ForestLink, forestToOnnx } from './onnx.ts';
import { readInputs } from './read-inputs.ts';
import { scoreForest } from './score.ts';

async function runOnnx(forest: Forest, frame: Frame, link: ForestLink) {
  const columns = readInputs(forest.inputs, frame);
  const features = Float64Array.from({ length: frame.rows * columns.length }, (_, i) => {
    return columns[i % columns.length][Math.floor(i / columns.length)];
  });
  const session = await nodeBackend.open(writeModel(forestToOnnx(forest, link, { rows: frame.rows })));
  try {
    const { margin, prediction } = await session.run({ features });
    return { margin: Array.from(margin, Number), prediction: Array.from(prediction, Number) };
  } finally {
    await session.release();
  }
}

/** Float32 keeps 24 bits: a margin is rounded once, and its link's op works in float32 throughout. */
function expectClose(got: readonly number[], expected: ArrayLike<number>, tolerance: number): void {
  expect(got.length).toBe(expected.length);
  for (let i = 0; i < got.length; i++)
    expect(Math.abs(got[i] - expected[i])).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(expected[i])),
    );
}

function linked(link: ForestLink, margins: Float64Array, outputs: number): number[] {
  return Array.from(margins, (margin, i) => {
    if (link === 'identity') return margin;
    if (link === 'log') return Math.exp(margin);
    if (link === 'logit') return 1 / (1 + Math.exp(-margin));
    const row = margins.subarray(i - (i % outputs), i - (i % outputs) + outputs);
    return Math.exp(margin) / row.reduce((sum, other) => sum + Math.exp(other), 0);
  });
}

const shapes: fc.Arbitrary<MadeUpForest> = fc.record({
  seed: fc.nat(),
  rounds: fc.integer({ min: 0, max: 6 }),
  outputs: fc.integer({ min: 1, max: 3 }),
  leaves: fc.integer({ min: 1, max: 40 }),
  numbers: fc.integer({ min: 1, max: 4 }),
  categories: fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 3 }),
});
const links = fc.constantFrom<ForestLink>('identity', 'logit', 'log', 'softmax');

describe('a forest as an ONNX file', () => {
  it('gives our margins and predictions within float32, missing and unknown values too', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, links, fc.integer({ min: 1, max: 80 }), async (shape, link, rows) => {
        const forest = madeUpForest(shape);
        const frame = madeUpRows(forest, rows, shape.seed + 1);
        const margins = await scoreForest(forest, frame);
        const { margin, prediction } = await runOnnx(forest, frame, link);
        expectClose(margin, margins, 2 ** -23);
        expectClose(prediction, linked(link, margins, forest.outputs), 1e-5);
      }),
      { numRuns: 40 },
    );
  });

  it('says what to feed it, column by column', () => {
    const forest = madeUpForest({ seed: 1, rounds: 2, numbers: 1, categories: [2, 1] });
    const { metadata, graph, opsets } = readModel(writeModel(forestToOnnx(forest, 'logit')));
    expect(JSON.parse(metadata['foresell.inputs'])).toEqual([
      { name: 'n0', kind: 'number', missing: 'NaN' },
      { name: 'c0', kind: 'category', levels: ['level 0', 'level 1'], rarer: 2, missing: 3 },
      { name: 'c1', kind: 'category', levels: ['level 0'], rarer: -1, missing: 2 },
    ]);
    expect(metadata['foresell.link']).toBe('logit');
    expect(opsets['ai.onnx.ml']).toBe(3);
    expect(graph.inputs).toEqual([{ name: 'features', elementType: 'double', dims: ['rows', 3] }]);
    expect(graph.outputs.map(({ name }) => name)).toEqual(['margin', 'prediction']);
  });

  it('gives the same bytes for the same forest', () => {
    const bytes = () => writeModel(forestToOnnx(madeUpForest({ seed: 9, rounds: 4 }), 'log'));
    expect(bytes()).toEqual(bytes());
  });
});
