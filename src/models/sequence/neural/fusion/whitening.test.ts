// Whitened vectors are round, keep what is wide, and are what principal axes are known to be.
import { describe, expect, it } from 'vitest';
import type { ItemVectors } from '../../../../core/item-vectors.ts';
import { random } from '../../../../core/random.ts';
import { fitWhitening, whitened } from './whitening.ts';

/** Items along three directions of very different width, in a narrow cone far from the origin; every tenth has no vector. */
const WIDTH = 12;
const ITEMS = 900;
const SPREAD = [4, 1, 0.2];
const draws = random(4);
const vectors: ItemVectors = {
  name: 'text',
  width: WIDTH,
  values: Float32Array.from({ length: ITEMS * WIDTH }, (_, k) => {
    const axis = k % WIDTH;
    return 7 + (SPREAD[axis] ?? 0) * draws.normal();
  }),
  known: Uint8Array.from({ length: ITEMS }, (_, item) => (item % 10 === 9 ? 0 : 1)),
};

describe('whitening', () => {
  const whitening = fitWhitening(vectors, 8, 1);
  const round = whitened(vectors, whitening);
  const rows = Array.from({ length: ITEMS }, (_, item) => item).filter((item) => vectors.known[item] === 1);
  const moment = (a: number, b: number): number =>
    rows.reduce(
      (sum, item) => sum + round[item * whitening.width + a] * round[item * whitening.width + b],
      0,
    ) / rows.length;

  it('keeps no direction in which items do not differ', () => {
    expect(whitening.width).toBe(3);
  });

  it('makes every direction as wide as the others, and none leaning on another', () => {
    for (let a = 0; a < 3; a++)
      for (let b = 0; b < 3; b++) expect(moment(a, b)).toBeCloseTo(a === b ? 1 / 3 : 0, 4);
  });

  it('finds the directions the numbers were drawn along, the widest first', () => {
    for (let d = 0; d < 3; d++) {
      const column = Array.from({ length: WIDTH }, (_, j) => Math.abs(whitening.basis[j * 3 + d]));
      expect(column.indexOf(Math.max(...column))).toBe(d);
      // 1 / (spread · √3), within what 810 draws tell of a spread.
      expect(column[d] * SPREAD[d] * Math.sqrt(3)).toBeCloseTo(1, 1);
    }
  });

  it('leaves half of the differences between widths where it is asked for half', () => {
    const half = fitWhitening(vectors, 8, 0.5);
    const own = whitened(vectors, half);
    const square = (d: number): number =>
      rows.reduce((sum, item) => sum + own[item * 3 + d] ** 2, 0) / rows.length;
    expect(square(0) + square(1) + square(2)).toBeCloseTo(1, 4);
    expect(square(0) / square(1)).toBeCloseTo(SPREAD[0] / SPREAD[1], 0);
  });

  it('finds the widest directions of very wide vectors, too', () => {
    const [wide, items] = [1600, 300];
    const own: ItemVectors = {
      ...{ name: 'text', width: wide, known: new Uint8Array(items).fill(1) },
      values: Float32Array.from({ length: items * wide }, (_, k) => (SPREAD[k % wide] ?? 0) * draws.normal()),
    };
    const { width, basis } = fitWhitening(own, 8, 1);
    expect(width).toBe(3);
    for (let d = 0; d < 3; d++)
      expect(Math.abs(basis[d * 3 + d]) * SPREAD[d] * Math.sqrt(3)).toBeCloseTo(1, 0);
  });

  it('gives items without a vector zeros', () => {
    expect([...round.subarray(9 * 3, 10 * 3)]).toEqual([0, 0, 0]);
  });
});
