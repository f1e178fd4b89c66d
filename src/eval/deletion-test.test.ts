// The deletion test tells a true explanation from an idle one.
import { describe, expect, it } from 'vitest';
import { deletionTest } from './deletion-test.ts';

describe('the deletion test', () => {
  // Rows of ten events of which three count, by one each.
  const rows = 40;
  const offsets = Uint32Array.from({ length: rows + 1 }, (_, row) => 10 * row);
  const counts = (row: number, event: number): number => Number((event + row) % 10 < 3);
  const truth = Float64Array.from({ length: 10 * rows }, (_, at) => counts(Math.floor(at / 10), at % 10));
  const cases = {
    offsets,
    answers: new Float64Array(rows).fill(3),
    without: async (removed: readonly (readonly number[])[]) =>
      removed.map((events, row) => 3 - events.reduce((sum, event) => sum + counts(row, event), 0)),
  };

  it('moves the answer by all of it where the true causes are named, by three tenths of it where chance names them', async () => {
    const figures = await deletionTest({ ...cases, worth: truth }, { seed: 1 });
    expect(figures.named).toBe(3);
    expect(figures.drawn).toBeGreaterThan(0.75);
    expect(figures.drawn).toBeLessThan(1.05);
    expect(figures.ratio).toBeCloseTo(3 / figures.drawn, 9);
  });

  it('finds an explanation that names anything no better than chance', async () => {
    const idle = Float64Array.from({ length: 10 * rows }, (_, at) => (at * 7919) % 10);
    const { ratio } = await deletionTest({ ...cases, worth: idle }, { seed: 1 });
    expect(ratio).toBeGreaterThan(0.6);
    expect(ratio).toBeLessThan(1.5);
  });

  it('names either sign by size, and only what speaks for the answer by gain', async () => {
    const against = truth.map((worth) => (worth > 0 ? 1 : -2));
    const by = async (order: 'size' | 'gain') =>
      (await deletionTest({ ...cases, worth: against }, { seed: 1, order })).named;
    expect(await by('gain')).toBe(3);
    expect(await by('size')).toBe(0);
  });

  it('leaves out rows of which nothing would be left', async () => {
    const short = { ...cases, offsets: Uint32Array.of(0, 3, 13), answers: [3, 3] };
    const { rows: counted } = await deletionTest({ ...short, worth: truth }, { seed: 1 });
    expect(counted).toBe(1);
  });
});
