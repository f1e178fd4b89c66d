import { describe, expect, it } from 'vitest';
import { type CategoryColumn, makeFrame, type NumberColumn, takeRows } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { random } from '../../core/random.ts';
import { encodeFrame, fitDesign, linearAttribution, linearMargin } from './design.ts';
import { encodeNumber, encodeNumbers, type NumberEncoding } from './encoding.ts';
import { columnMeans } from './matrix-products.ts';
import { matrixMargin } from './newton.ts';

const about = (id: string) => ({ name: id, label: name(id, id), unit: 'none', group: 'test' }) as const;

const number = (id: string, values: readonly number[]): NumberColumn => ({
  ...about(id),
  kind: 'number',
  values: Float64Array.from(values),
});

const category = (id: string, codes: readonly number[], levels: readonly string[]): CategoryColumn => ({
  ...about(id),
  kind: 'category',
  codes: Int32Array.from(codes),
  levels,
});

const ones = (length: number) => new Float64Array(length).fill(1);
const quiet = () => {};
const repeat = <T>(times: number, items: readonly T[]): T[] =>
  Array.from({ length: times }, () => items).flat();

describe('a number column', () => {
  const encodingOf = (values: readonly number[]) =>
    fitDesign(makeFrame([number('x', values)]), ones(values.length), quiet).encodings[0] as NumberEncoding;

  it('has mean 0 and variance 1 after encoding', () => {
    const draw = random(1);
    const values = Array.from({ length: 2000 }, () => draw.normal(50, 3));
    const encoding = encodingOf(values);
    const encoded = values.map((value) => encodeNumber(encoding, value));
    expect(encoded.reduce((sum, z) => sum + z, 0) / 2000).toBeCloseTo(0, 9);
    expect(encoded.reduce((sum, z) => sum + z * z, 0) / 2000).toBeCloseTo(1, 9);
    expect(encoding).toMatchObject({ transform: 'identity', zero: false, missing: false });
  });

  it('takes a logarithm when its tail is heavy, and flags zeros when they are many', () => {
    const draw = random(2);
    const money = Array.from({ length: 2000 }, () =>
      draw.uniform() < 0.4 ? 0 : Math.exp(draw.normal(8, 2)),
    );
    expect(encodingOf(money)).toMatchObject({ transform: 'log', zero: true });
  });

  it('pulls in what lies beyond the training range', () => {
    const encoding = encodingOf([1, 2, 3, 4]);
    expect(encodeNumber(encoding, 1e12)).toBe(encodeNumber(encoding, 4));
    expect(encodeNumber(encoding, Number.NEGATIVE_INFINITY)).toBe(encodeNumber(encoding, 1));
  });

  it('stands at the same place when the whole column is encoded at once', () => {
    const draw = random(3);
    const values = Float64Array.from({ length: 3000 }, (_, i) =>
      i % 9 === 0 ? Number.NaN : i % 4 === 0 ? draw.integer(2000) - 100 : Math.exp(draw.normal(3, 3)) - 1,
    );
    values.set([0, -0, 1023, 1024, 2 ** 31, -(2 ** 31), Infinity, -Infinity]);
    const encoding = encodingOf([...values]);
    expect(encoding.transform).toBe('log');
    expect(encoding.stdDev).toBeGreaterThan(0);
    const { low, high, mean, stdDev } = encoding;
    const whole = encodeNumbers(encoding, values);
    values.forEach((x, i) => {
      const log = x < 0 ? -Math.log1p(-x) : Math.log1p(x);
      const place = (Math.min(high, Math.max(low, log)) - mean) / stdDev;
      expect(whole[i]).toBe(Number.isNaN(x) ? 0 : place);
      if (!Number.isNaN(x)) expect(encodeNumber(encoding, x)).toBe(place);
    });
  });

  it('has no value coefficient when it never varies, and none at all when it is empty', () => {
    const width = (values: number[]) =>
      fitDesign(makeFrame([number('x', values)]), ones(values.length), quiet).width;
    expect(width([5, 5, 5])).toBe(0);
    expect(width([5, 5, Number.NaN])).toBe(1);
    expect(width([Number.NaN, Number.NaN])).toBe(0);
    expect(width([1, 2, Number.NaN])).toBe(2);
  });
});

describe('a category column', () => {
  it('keeps frequent levels, pools the rest, and gives an unseen level the pooled coefficient', () => {
    const levels = ['rare', 'often', 'sometimes'];
    const train = makeFrame([category('c', [0, ...repeat(20, [1]), ...repeat(10, [2]), -1], levels)]);
    const design = fitDesign(train, ones(train.rows), quiet);
    expect(design.encodings[0]).toMatchObject({ levels: ['often', 'sometimes'], other: true, missing: true });
    const coefficients = Float64Array.of(1, 2, 3, 4);
    const later = makeFrame([category('c', [0, 1, 2, -1], ['never seen', 'sometimes', 'often'])]);
    expect([...linearMargin(design, coefficients, 0, later)]).toEqual([3, 2, 1, 4]);
  });

  it('does not blow up with a million levels', () => {
    const rows = 200_000;
    const levels = Array.from({ length: 1_000_000 }, (_, i) => `level ${i}`);
    const codes = Array.from({ length: rows }, (_, i) => (i % 2 === 0 ? i % 10 : (i * 7919) % 1_000_000));
    const design = fitDesign(makeFrame([category('c', codes, levels)]), ones(rows), quiet);
    expect(design.width).toBeLessThanOrEqual(50);
  });

  it('names the same levels in the same order whatever their codes', () => {
    const a = makeFrame([category('c', repeat(10, [0, 1, 1]), ['x', 'y'])]);
    const b = makeFrame([category('c', repeat(10, [1, 0, 0]), ['y', 'x'])]);
    expect(fitDesign(a, ones(30), quiet)).toEqual(fitDesign(b, ones(30), quiet));
  });
});

describe('the design', () => {
  const draw = random(4);
  const rows = 300;
  const frame = makeFrame([
    number(
      'spend',
      Array.from({ length: rows }, () => (draw.uniform() < 0.3 ? 0 : Math.exp(draw.normal(3, 2)))),
    ),
    number(
      'gap',
      Array.from({ length: rows }, () => (draw.uniform() < 0.2 ? Number.NaN : draw.normal())),
    ),
    category(
      'where',
      Array.from({ length: rows }, () => draw.integer(5) - 1),
      ['a', 'b', 'c', 'd'],
    ),
  ]);
  const weight = ones(rows);
  const design = fitDesign(frame, weight, quiet);
  const coefficients = Float64Array.from({ length: design.width }, () => draw.normal());

  it('gives the same margin through the matrix and without it', () => {
    const direct = linearMargin(design, coefficients, 0.7, frame);
    const through = matrixMargin(encodeFrame(design, frame), { coefficients, intercept: 0.7 });
    direct.forEach((margin, row) => {
      expect(margin).toBeCloseTo(through[row], 12);
    });
  });

  it('adds contributions up to the margin, each averaging zero over the training rows', () => {
    const means = columnMeans(encodeFrame(design, frame), weight);
    const { features, base, values } = linearAttribution(
      design,
      { coefficients, intercept: 0.7, means },
      frame,
    );
    const margin = linearMargin(design, coefficients, 0.7, frame);
    const totals = new Float64Array(3);
    for (let row = 0; row < rows; row++) {
      let sum = base;
      for (let j = 0; j < 3; j++) {
        sum += values[row * 3 + j];
        totals[j] += values[row * 3 + j];
      }
      expect(Math.abs(sum - margin[row])).toBeLessThan(1e-12);
    }
    expect(features).toEqual(['spend', 'gap', 'where']);
    for (const total of totals) expect(Math.abs(total / rows)).toBeLessThan(1e-12);
  });

  it('leaves text and sequences out and says so', () => {
    const notes: string[] = [];
    const text = { ...about('review'), kind: 'text', values: ['good', 'bad'] } as const;
    const mixed = makeFrame([number('x', [1, 2]), text]);
    expect(fitDesign(mixed, ones(2), (note) => notes.push(note)).encodings).toHaveLength(1);
    expect(notes.join()).toContain('review');
    expect(() => fitDesign(makeFrame([text]), ones(2), quiet)).toThrow(/number or category/);
  });

  it('asks for the columns it was fitted on, by name and kind', () => {
    const other = makeFrame([
      number(
        'where',
        Array.from({ length: rows }, () => 1),
      ),
    ]);
    expect(() => linearMargin(design, coefficients, 0, other)).toThrow(/"spend"/);
    const swapped = makeFrame([frame.columns[2], frame.columns[0], frame.columns[1]]);
    const some = [3, 1, 4];
    expect(linearMargin(design, coefficients, 0, takeRows(swapped, some))).toEqual(
      linearMargin(design, coefficients, 0, takeRows(frame, some)),
    );
  });
});
