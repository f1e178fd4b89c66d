import { describe, expect, it } from 'vitest';
import { type Column, makeFrame } from '../../core/frame.ts';
import { random } from '../../core/random.ts';
import { oversampledTable } from './oversampled-table.ts';

const column = (name: string, values: number[]): Column => ({
  name,
  kind: 'number',
  label: { en: name, zh: name },
  unit: 'none',
  group: name,
  values: Float64Array.from(values),
});

/** Rows [a, b, target]. */
function check(rows: readonly (readonly [number, number, number])[]) {
  const frame = makeFrame([
    column(
      'a',
      rows.map(([a]) => a),
    ),
    column(
      'b',
      rows.map(([, b]) => b),
    ),
  ]);
  return oversampledTable({
    frame,
    keys: rows.map(([a, b]) => `${a} ${b}`),
    target: Float64Array.from(rows, ([, , y]) => y),
  });
}

const draw = random(5);
const honest = Array.from({ length: 1000 }, (_, i): [number, number, number] => [
  draw.integer(400),
  draw.integer(400),
  i < 120 ? 1 : 0,
]);
const rare = honest.filter(([, , y]) => y === 1);

describe('a table as it was collected', () => {
  it('passes, also with some copies, and with a common class of plain rows that are alike', () => {
    expect(check(honest)).toEqual([]);
    expect(check([...honest, ...honest.filter((_, i) => i % 7 === 0)])).toEqual([]);
    const plain = Array.from({ length: 600 }, (): [number, number, number] => [draw.integer(3), 0, 0]);
    expect(check([...honest, ...plain])).toEqual([]);
  });

  it('passes where one column alone has fractions in one class', () => {
    expect(check(honest.map(([a, b, y]) => [y === 1 ? a + 1 / 3 : a, b, y]))).toEqual([]);
  });
});

describe('a class made larger', () => {
  it.each([
    ['every row twice', rare],
    [
      'drawn with replacement until the classes are even',
      Array.from({ length: 760 }, () => rare[draw.integer(rare.length)]),
    ],
    [
      'drawn with replacement until it has doubled twice',
      Array.from({ length: 360 }, () => rare[draw.integer(rare.length)]),
    ],
  ])('by copies is refused: %s', (_, copies) => {
    const [found, ...others] = check([...honest, ...copies]);
    expect(others).toEqual([]);
    expect(found.severity).toBe('refuse');
    expect(found.words.en).toMatch(/oversampled before the split/);
    expect(found.words.zh).toMatch(/过采样/);
  });

  it('by points between its rows is refused', () => {
    const mixed = Array.from({ length: 300 }, (): [number, number, number] => {
      const [one, two] = [rare[draw.integer(rare.length)], rare[draw.integer(rare.length)]];
      const share = draw.uniform();
      return [one[0] + share * (two[0] - one[0]), one[1] + share * (two[1] - one[1]), 1];
    });
    const [found] = check([...honest, ...mixed]);
    expect(found.severity).toBe('refuse');
    expect(found.words.en).toMatch(/mixed from others/);
    expect(found.evidence.columns).toBe(2);
  });
});
