// Rows of two frames one after the other, whatever kind their columns are of.
import { describe, expect, it } from 'vitest';
import { type Column, makeFrame, takeRows } from './frame.ts';
import { joinFrames } from './join-frames.ts';
import { name } from './name.ts';

const base = (id: string) => ({ name: id, label: name(id, id), unit: 'none', group: id }) as const;

const COLUMNS: readonly Column[] = [
  { ...base('number'), kind: 'number', values: Float64Array.of(1, Number.NaN, 3, 4) },
  { ...base('category'), kind: 'category', levels: ['a', 'b'], codes: Int32Array.of(1, -1, 0, 1) },
  { ...base('text'), kind: 'text', values: ['one', '', 'three', 'four'] },
  { ...base('vector'), kind: 'vector', width: 2, values: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
  {
    ...base('sequence'),
    kind: 'sequence',
    levels: ['x', 'y'],
    codes: Int32Array.of(0, 1, 1),
    offsets: Uint32Array.of(0, 2, 2, 3, 3),
  },
];

describe('frames joined', () => {
  const whole = makeFrame(COLUMNS, { rows: 4, currency: 'GBP' });

  it('are the whole again, cut where one likes', () => {
    for (const cut of [0, 1, 3, 4]) {
      const rows = [0, 1, 2, 3];
      const parts = [takeRows(whole, rows.slice(0, cut)), takeRows(whole, rows.slice(cut))] as const;
      expect(joinFrames(...parts)).toEqual(whole);
    }
  });

  it('find a column by its name, and give levels of the second their code among those of the first', () => {
    const other = makeFrame([
      {
        ...base('sequence'),
        kind: 'sequence',
        levels: ['z', 'y'],
        codes: Int32Array.of(0, 1),
        offsets: Uint32Array.of(0, 2),
      },
      { ...base('category'), kind: 'category', levels: ['c', 'b'], codes: Int32Array.of(0) },
    ]);
    const first = makeFrame([COLUMNS[1], COLUMNS[4]]);
    const [category, sequence] = joinFrames(first, other).columns;
    expect(category).toMatchObject({ levels: ['a', 'b', 'c'], codes: Int32Array.of(1, -1, 0, 1, 2) });
    expect(sequence).toMatchObject({
      levels: ['x', 'y', 'z'],
      codes: Int32Array.of(0, 1, 1, 2, 1),
      offsets: Uint32Array.of(0, 2, 2, 3, 3, 5),
    });
  });

  it('refuse a column that is missing or of another kind', () => {
    expect(() => joinFrames(whole, makeFrame([COLUMNS[0]]))).toThrow(/category/);
    const wrong = makeFrame([{ ...base('number'), kind: 'text', values: ['1'] }]);
    expect(() => joinFrames(makeFrame([COLUMNS[0]]), wrong)).toThrow(/number/);
  });
});
