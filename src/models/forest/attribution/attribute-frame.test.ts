// Contributions of a frame against another, and of pairs of its columns.
import { expect, test } from 'vitest';
import { type Column, type Frame, makeFrame, takeRows } from '../../../core/frame.ts';
import { name } from '../../../core/name.ts';
import { random } from '../../../core/random.ts';
import { scoreForest } from '../score.ts';
import { attributeForest } from './attribute-forest.ts';
import { attributeAgainst, attributePairs } from './attribute-frame.ts';
import { randomForest } from './made-up-forest.ts';

const FEATURES = 6;
const ROWS = 12;
const forest = randomForest(5, { features: FEATURES, trees: 6, cuts: 12, outputs: 2 });

/** What the forest reads, its columns the other way round, a level nobody knows and a missing number among them. */
function rowsToExplain(): Frame {
  const draw = random(3);
  const columns = forest.inputs.map((input): Column => {
    const about = {
      name: input.name,
      label: name(input.name, input.name),
      unit: 'none',
      group: 'made up',
    } as const;
    if (input.kind === 'number') {
      const values = Float64Array.from({ length: ROWS }, (_, row) =>
        row === 1 ? Number.NaN : draw.normal(),
      );
      return { ...about, kind: 'number', values };
    }
    const levels = [...input.levels, 'new'];
    const codes = Int32Array.from({ length: ROWS }, () => draw.integer(levels.length));
    return { ...about, kind: 'category', levels, codes };
  });
  return makeFrame(columns.reverse(), { rows: ROWS });
}

const frame = rowsToExplain();
const sumOf = (values: Float64Array, row: number): number =>
  values.subarray(row * FEATURES, (row + 1) * FEATURES).reduce((sum, value) => sum + value, 0);

test('contributions against a background add up to the margin of the output asked, from the background’s mean', async () => {
  const margins = await scoreForest(forest, frame);
  const background = takeRows(frame, [0, 2, 5, 7, 9]);
  for (const output of [0, 1]) {
    const { base, features, values } = await attributeAgainst(forest, frame, background, { output });
    expect(features).toEqual(forest.inputs.map((input) => input.name));
    const mean = [0, 2, 5, 7, 9].reduce((sum, row) => sum + margins[row * 2 + output], 0) / 5;
    expect(base).toBeCloseTo(mean, 10);
    for (let row = 0; row < ROWS; row++)
      expect(base + sumOf(values, row)).toBeCloseTo(margins[row * 2 + output], 10);
  }
});

test('against itself alone a row owes nothing to any feature', async () => {
  const row = takeRows(frame, [4]);
  const { values } = await attributeAgainst(forest, row, row);
  for (const value of values) expect(value).toBeCloseTo(0, 12);
});

test('pairs are symmetric and sum to the path-dependent contributions', async () => {
  const { features, values: alone } = await attributeForest(forest, frame, { output: 1 });
  const { features: paired, values } = await attributePairs(forest, frame, { output: 1 });
  expect(paired).toEqual(features);
  for (let at = 0; at < ROWS * FEATURES; at++) expect(sumOf(values, at)).toBeCloseTo(alone[at], 10);
  for (let i = 0; i < FEATURES; i++)
    for (let j = 0; j < i; j++) expect(values[i * FEATURES + j]).toBeCloseTo(values[j * FEATURES + i], 12);
});

test('an output there is none of, an empty background and a lacking column are refused', async () => {
  await expect(attributeAgainst(forest, frame, frame, { output: 2 })).rejects.toMatchObject({
    code: 'USAGE',
  });
  await expect(attributePairs(forest, frame, { output: -1 })).rejects.toMatchObject({ code: 'USAGE' });
  const nobody = takeRows(frame, []);
  await expect(attributeAgainst(forest, frame, nobody)).rejects.toMatchObject({ code: 'NOT_ENOUGH_DATA' });
  const poor = makeFrame(frame.columns.slice(1), { rows: ROWS });
  await expect(attributePairs(forest, poor)).rejects.toMatchObject({ code: 'SHAPE' });
});
