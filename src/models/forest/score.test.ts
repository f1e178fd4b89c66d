// Every way to score gives the bits of walking each row down each tree by itself.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Frame, selectColumns, takeRows } from '../../core/frame.ts';
import { leafOf } from '../tree/structure.ts';
import { type Forest, treeAt, treeCount } from './forest.ts';
import { type MadeUpForest, madeUpForest, madeUpRows } from './made-up-forest.ts';
import { readInputs } from './read-inputs.ts';
import { prepareForest, scoreForest } from './score.ts';

function brute(forest: Forest, frame: Frame): Float64Array {
  const values = readInputs(forest.inputs, frame);
  const margins = new Float64Array(frame.rows * forest.outputs);
  for (let row = 0; row < frame.rows; row++) {
    for (let output = 0; output < forest.outputs; output++) {
      let sum = forest.base[output];
      for (let t = output; t < treeCount(forest); t += forest.outputs) {
        const tree = treeAt(forest, t);
        sum += tree.value[leafOf(tree, values, row)];
      }
      margins[row * forest.outputs + output] = sum;
    }
  }
  return margins;
}

function byRow(forest: Forest, frame: Frame, simd: boolean): Float64Array {
  const scorer = prepareForest(forest, { simd });
  const values = readInputs(forest.inputs, frame);
  const margins = new Float64Array(frame.rows * forest.outputs);
  for (let row = 0; row < frame.rows; row++) {
    const into = margins.subarray(row * forest.outputs, (row + 1) * forest.outputs);
    scorer.scoreRow(
      values.map((column) => column[row]),
      into,
    );
  }
  return margins;
}

const shapes: fc.Arbitrary<MadeUpForest> = fc.record({
  seed: fc.nat(),
  rounds: fc.integer({ min: 0, max: 9 }),
  outputs: fc.integer({ min: 1, max: 3 }),
  leaves: fc.integer({ min: 1, max: 80 }),
  numbers: fc.integer({ min: 1, max: 5 }),
  categories: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 3 }),
  thresholds: fc.integer({ min: 1, max: 300 }),
});

describe('a forest scores', () => {
  it('any forest as its trees do one by one', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.integer({ min: 0, max: 150 }), async (shape, rows) => {
        const forest = madeUpForest(shape);
        const frame = madeUpRows(forest, rows, shape.seed + 1, shape.thresholds);
        const expected = brute(forest, frame);
        expect(await prepareForest(forest).score(frame)).toEqual(expected);
        expect(await prepareForest(forest, { simd: false }).score(frame)).toEqual(expected);
        expect(byRow(forest, frame, true)).toEqual(expected);
        expect(byRow(forest, frame, false)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it.each<[string, Partial<MadeUpForest>]>([
    ['trees of hundreds of leaves', { leaves: 700, thresholds: 200 }],
    ['more thresholds than a byte counts', { leaves: 200, thresholds: 4000, numbers: 1, categories: [] }],
    ['more categories than a byte counts', { leaves: 40, categories: [400] }],
    ['as many thresholds as a byte can count', { leaves: 250, thresholds: 254, numbers: 1, categories: [] }],
    ['as many categories as a byte can count', { leaves: 40, categories: [252, 253] }],
  ])('%s', async (_, shape) => {
    const forest = madeUpForest({ seed: 7, rounds: 12, ...shape });
    const frame = madeUpRows(forest, 1000, 8, shape.thresholds);
    expect(await scoreForest(forest, frame)).toEqual(brute(forest, frame));
  });

  it('more rows than a slot takes, and a cut that sends all but the missing left', async () => {
    const drawn = madeUpForest({ seed: 3, rounds: 30, outputs: 2, categories: [5, 40] });
    const threshold = drawn.threshold.map((t, node) => (node % 5 === 0 ? Number.POSITIVE_INFINITY : t));
    const forest = { ...drawn, threshold };
    const frame = madeUpRows(forest, 3001, 4);
    expect(await scoreForest(forest, frame)).toEqual(brute(forest, frame));
  });

  it('the same bits on one thread and on three, two calls at a time', async () => {
    const forest = madeUpForest({ seed: 5, rounds: 300, leaves: 31, outputs: 1 });
    const few = madeUpRows(forest, 1000, 6);
    const frame = takeRows(
      few,
      Int32Array.from({ length: 60_000 }, (_, i) => i % 1000),
    );
    const scorer = prepareForest(forest);
    const one = await scorer.score(frame, { threads: 1 });
    const [three, other] = await Promise.all([
      scorer.score(frame, { threads: 3 }),
      scorer.score(frame, { threads: 3 }),
    ]);
    const bits = (margins: Float64Array) => Buffer.from(margins.buffer);
    expect(bits(three).equals(bits(one))).toBe(true);
    expect(bits(other).equals(bits(one))).toBe(true);
    expect(one.subarray(0, 1000)).toEqual(brute(forest, few));
  });

  it('stops when told to', async () => {
    const forest = madeUpForest({ seed: 5, rounds: 300 });
    const frame = madeUpRows(forest, 5000, 6);
    const stopped = scoreForest(forest, frame, { signal: AbortSignal.abort() });
    await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('no frame that lacks a column, or has it as another kind', async () => {
    const forest = madeUpForest({ seed: 1, rounds: 3 });
    const frame = madeUpRows(forest, 20, 2);
    const lacking = scoreForest(forest, selectColumns(frame, ['n0', 'n1', 'n2']));
    await expect(lacking).rejects.toMatchObject({ code: 'SHAPE' });
    const columns = frame.columns.map((column, i) => ({
      ...column,
      name: frame.columns.at(i - 1)?.name ?? '',
    }));
    await expect(scoreForest(forest, { ...frame, columns })).rejects.toMatchObject({ code: 'SHAPE' });
  });
});
