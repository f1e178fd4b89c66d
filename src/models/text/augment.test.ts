// Texts changed at each reading: what stays, and what stands for what.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { augmentPieces, pieceNeighbours } from './augment.ts';

const special = new Set([0, 1, 2]);
const none = { deletion: 0, swapping: 0, hiding: 0, replacement: 0 };
const ids = Int32Array.from([1, ...Array.from({ length: 40 }, (_, i) => 10 + i), 2]);

describe('augmentation', () => {
  it('changes nothing where nothing is asked', () => {
    expect(augmentPieces(ids, none, { special }, random(1))).toEqual(ids);
  });

  it('keeps opening and closing pieces and half of the rest, whatever is asked', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.9, noNaN: true }), fc.integer(), (share, seed) => {
        const all = { deletion: share, swapping: share, hiding: share, replacement: share };
        const changed = augmentPieces(ids, all, { special, maskId: 5 }, random(seed));
        expect(changed[0]).toBe(1);
        expect(changed.at(-1)).toBe(2);
        expect(changed.length).toBeGreaterThanOrEqual(ids.length / 2);
      }),
      { numRuns: 100 },
    );
  });

  it('swaps neighbours without losing any', () => {
    const swapped = augmentPieces(ids, { ...none, swapping: 0.5 }, { special }, random(2));
    expect(swapped).not.toEqual(ids);
    expect(swapped.toSorted()).toEqual(ids.toSorted());
  });

  it('hides about the share asked for', () => {
    const long = Int32Array.from({ length: 4000 }, () => 10);
    const hidden = augmentPieces(long, { ...none, hiding: 0.2 }, { special, maskId: 5 }, random(3));
    const share = hidden.filter((id) => id === 5).length / long.length;
    expect(share).toBeGreaterThan(0.15);
    expect(share).toBeLessThan(0.25);
  });

  it('replaces by pieces of like meaning among those met', () => {
    // pieces 3, 4, 5 point one way, 6, 7, 8 the other; 9 points the first way and is met nowhere
    const rows = [
      [0, 0],
      [0, 0],
      [0, 0],
      [1, 0.1],
      [1, 0.2],
      [1, 0.3],
      [-1, 0.1],
      [-1, 0.2],
      [-1, 0.3],
      [1, 0.15],
    ];
    const table = Float32Array.from(rows.flat());
    const told = { size: 10, width: 2, special, met: new Set([3, 4, 5, 6, 7, 8]) };
    const { ids: near, perPiece } = pieceNeighbours(table, told);
    // rows that no piece has, as some networks hold, change nothing
    const longer = Float32Array.from([...table, 0.9, 0.1, 0.2, 0.8]);
    expect(pieceNeighbours(longer, told).ids).toEqual(near);
    const of = (id: number) => Array.from(near.subarray(id * perPiece, id * perPiece + 2));
    expect(of(3).toSorted()).toEqual([4, 5]);
    expect(of(7).toSorted()).toEqual([6, 8]);
    expect(of(0)).toEqual([0, 0]);
    expect(of(9)).toEqual([9, 9]);
    const replaced = augmentPieces(
      Int32Array.from([1, 3, 2]),
      { ...none, replacement: 0.9 },
      { special, neighbours: { ids: Int32Array.from({ length: 50 }, () => 4), perPiece: 5 } },
      random(4),
    );
    expect(Array.from(replaced)).toEqual([1, 4, 2]);
  });
});
