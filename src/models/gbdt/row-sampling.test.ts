// Which rows a tree learns from, and what those stand for that were left out.
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import type { Slopes } from './objectives/objective.ts';
import { rowSampler, silenceOthers } from './row-sampling.ts';

const ROWS = 4000;

function slopes(): Slopes {
  const draw = random(1);
  return {
    gradient: Float32Array.from({ length: ROWS }, () => draw.normal() ** 3),
    curvature: Float32Array.from({ length: ROWS }, () => 0.5 + draw.uniform()),
  };
}

const sum = (values: ArrayLike<number>, rows: Int32Array): number =>
  rows.reduce((total, row) => total + values[row], 0);

const ALL = Int32Array.from({ length: ROWS }, (_, row) => row);
const EVEN = ALL.filter((row) => row % 2 === 0);

const sampler = (sampling: Parameters<typeof rowSampler>[0], among?: Int32Array) =>
  rowSampler(sampling, { among, rows: ROWS, draw: random(2) });

describe('drawing rows', () => {
  it('takes all there are when nothing is said', () => {
    expect(sampler(undefined)([slopes()], 0)).toBeUndefined();
    expect(sampler(undefined, EVEN)([slopes()], 0)).toBe(EVEN);
  });

  it('draws a share of those allowed, rising, anew every so many rounds', () => {
    const draw = sampler({ kind: 'uniform', share: 0.3, every: 3 }, EVEN);
    const rounds = [0, 1, 2, 3].map((round) => [...(draw([slopes()], round) ?? [])]);
    expect(rounds[0].length / EVEN.length).toBeCloseTo(0.3, 1);
    expect(rounds[0].every((row, i) => row % 2 === 0 && (i === 0 || row > rounds[0][i - 1]))).toBe(true);
    expect(rounds[2]).toEqual(rounds[0]);
    expect(rounds[3]).not.toEqual(rounds[0]);
  });

  it('keeps every large gradient and lets the drawn small ones speak for all small ones', () => {
    const [plain, weighed] = [slopes(), slopes()];
    const rows = sampler({ kind: 'gradient', top: 0.2, other: 0.2 })([weighed], 0) as Int32Array;
    expect(rows.length / ROWS).toBeCloseTo(0.4, 1);
    const size = (row: number) => Math.abs(plain.gradient[row]);
    const bar = [...ALL].map(size).sort((a, b) => b - a)[ROWS / 5 - 1];
    const top = ALL.filter((row) => size(row) >= bar);
    const drawn = new Set(rows);
    for (const row of top) {
      expect(drawn.has(row)).toBe(true);
      expect(weighed.gradient[row]).toBe(plain.gradient[row]);
    }
    const small = ALL.filter((row) => size(row) < bar);
    const heard = small.filter((row) => drawn.has(row));
    // 800 of 3200 drawn: their weighed-up sum misses the true one by some percent.
    expect(sum(weighed.curvature, heard) / sum(plain.curvature, small)).toBeCloseTo(1, 1);
    expect(heard.every((row) => Math.abs(weighed.curvature[row] / plain.curvature[row] - 4) < 1e-5)).toBe(
      true,
    );
  });

  it('silences those not drawn and nobody else', () => {
    const [before, after] = [slopes(), slopes()];
    silenceOthers([after], EVEN);
    expect(ALL.every((row) => after.curvature[row] === (row % 2 === 0 ? before.curvature[row] : 0))).toBe(
      true,
    );
    expect(ALL.every((row) => after.gradient[row] === (row % 2 === 0 ? before.gradient[row] : 0))).toBe(true);
  });
});
