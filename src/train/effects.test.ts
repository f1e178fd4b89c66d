import { describe, expect, it } from 'vitest';
import { type Column, makeFrame } from '../core/frame.ts';
import { name } from '../core/name.ts';
import type { Predictor } from '../explain/contribution.ts';
import { effectsPart, leadingColumns } from './effects.ts';

const number = (id: string, values: readonly number[]): Column => ({
  kind: 'number',
  name: id,
  label: name(id, id),
  unit: 'count',
  group: 'g',
  values: Float64Array.from(values),
});

const frame = makeFrame([
  number('a', [0, 1, 2, 3]),
  number('still', [5, 5, 5, Number.NaN]),
  { kind: 'text', name: 't', label: name('t', 't'), unit: 'none', group: 'g', values: ['', 'x', 'y', 'z'] },
]);

/** margin = 2 a, and 10 more for the third row's `still`. */
const predictor: Predictor = {
  link: 'identity',
  inputs: ['a', 'still'],
  margin: async ({ columns: [a, still], rows }) =>
    Float64Array.from({ length: rows }, (_, i) =>
      a.kind === 'number' && still.kind === 'number'
        ? 2 * a.values[i] + (Number.isNaN(still.values[i]) ? 10 : 0)
        : 0,
    ),
};

describe('effects of the leading columns', () => {
  it('are the means at each value, single rows moved to the height of the means', async () => {
    const { customers, columns } = await effectsPart(predictor, frame, ['a', 'still'], { seed: 1 });
    expect(customers).toBe(4);
    expect(columns.map(({ feature }) => feature.en)).toEqual(['a']);
    const [{ points, curves = [] }] = columns;
    expect(points.map(({ at, mean }) => [at, mean.value])).toEqual([
      [0, 2.5],
      [1, 4.5],
      [2, 6.5],
      [3, 8.5],
    ]);
    for (const curve of curves) expect(curve).toEqual([2.5, 4.5, 6.5, 8.5]);
  });

  it('are of numbers and categories that help, the strongest first', () => {
    const row = (id: string, value: number) => ({
      ...{ id, label: name(id, id), group: 'g', value },
      ...{ stdDev: 0, low: value, high: value },
    });
    const rows = [row('t', 3), row('a', 2), row('still', -1), row('gone', 1)];
    expect(leadingColumns(rows, frame)).toEqual(['a']);
  });
});
