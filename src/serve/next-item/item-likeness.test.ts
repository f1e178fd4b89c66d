// Likeness against counting it by hand from what items have and who has them.
import { describe, expect, it } from 'vitest';
import { silent } from '../../core/progress.ts';
import { madeUpSequences } from '../../models/sequence/made-up-sequences.ts';
import { likenessByAttributes, likenessByHistories } from './item-likeness.ts';

const RUN = { seed: 1, threads: 1, progress: silent };

describe('likenessByAttributes', () => {
  const kind = [0, 0, 1, 1, -1, 0];
  const brand = [0, 1, 0, 2, -1, -1];
  const likeness = likenessByAttributes(
    {
      categories: {
        kind: { codes: Int32Array.from(kind), levels: ['a', 'b'] },
        brand: { codes: Int32Array.from(brand), levels: ['x', 'y', 'z'] },
      },
    },
    6,
  );

  it('is the weighted share of what both have, of what either has', () => {
    const own = (item: number) =>
      [
        ['k', kind[item]],
        ['b', brand[item]],
      ].filter(([, code]) => Number(code) >= 0) as [string, number][];
    const weight = ([which, code]: [string, number]) =>
      Math.log(6 / (which === 'k' ? kind : brand).filter((other) => other === code).length);
    for (let a = 0; a < 6; a++)
      for (let b = 0; b < 6; b++) {
        const [first, second] = [own(a), own(b)].map(
          (all) => new Map(all.map((one) => [one.join(), weight(one)])),
        );
        const either = new Map([...first, ...second]);
        const total = [...either.values()].reduce((sum, value) => sum + value, 0);
        const same = [...first].filter(([key]) => second.has(key)).reduce((sum, [, value]) => sum + value, 0);
        expect(likeness(a, b)).toBeCloseTo(total === 0 ? 0 : same / total, 12);
      }
  });

  it('holds items of which nothing is known like none', () => {
    expect([0, 1, 2, 3, 4, 5].map((other) => likeness(4, other))).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

describe('likenessByHistories', () => {
  it('is the cosine over who has both', async () => {
    const sequences = madeUpSequences({ sessions: 200, items: 15, seed: 4, signal: true, repeats: 0.4 });
    const likeness = await likenessByHistories(sequences, RUN);
    const owners = Array.from({ length: 15 }, (_, item) => {
      const rows = new Set<number>();
      for (let row = 0; row < 200; row++)
        if (sequences.items.subarray(sequences.offsets[row], sequences.offsets[row + 1]).includes(item))
          rows.add(row);
      return rows;
    });
    for (let a = 0; a < 15; a++)
      for (let b = 0; b < 15; b++) {
        if (a === b) continue;
        const both = [...owners[a]].filter((row) => owners[b].has(row)).length;
        expect(likeness(a, b)).toBeCloseTo(both / Math.sqrt(owners[a].size * owners[b].size), 5);
      }
    expect(likeness(3, 99)).toBe(0);
  });
});
