// Which pieces are hidden, and behind what.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { type MaskingOptions, maskPieces } from './masking.ts';

const options: MaskingOptions = {
  share: 0.25,
  maskId: 4,
  size: 1000,
  special: new Set([0, 1, 2, 3, 4]),
  longestRun: 3,
};

describe('hidden pieces', () => {
  it('are never special ones, and what stood there is told', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 5, max: 999 }), { minLength: 1, maxLength: 60 }),
        fc.integer(),
        (body, seed) => {
          const ids = Int32Array.from([2, ...body, 3]);
          const masked = maskPieces(ids, options, random(seed));
          const hidden = new Set(masked.places);
          expect(masked.places.length).toBe(hidden.size);
          masked.places.forEach((place, k) => {
            expect(ids[place]).toBe(masked.targets[k]);
            expect(place > 0 && place <= body.length).toBe(true);
          });
          for (const [at, id] of masked.ids.entries()) if (!hidden.has(at)) expect(id).toBe(ids[at]);
          expect(masked.places.length).toBe(Math.max(1, Math.round(0.25 * body.length)));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('stand behind the mask, another piece or themselves as 8 to 1 to 1', () => {
    const ids = Int32Array.from({ length: 2000 }, (_, i) => 5 + (i % 900));
    const { ids: read, places } = maskPieces(ids, options, random(3));
    const behind = places.filter((place) => read[place] === 4).length / places.length;
    const kept = places.filter((place) => read[place] === ids[place]).length / places.length;
    // 500 draws: three deviations of a share of .8 are .054
    expect(behind).toBeGreaterThan(0.74);
    expect(behind).toBeLessThan(0.86);
    expect(kept).toBeGreaterThan(0.05);
    expect(kept).toBeLessThan(0.16);
  });

  it('come in runs, which single draws do not', () => {
    const ids = Int32Array.from({ length: 4000 }, (_, i) => 5 + (i % 900));
    const neighbours = (longestRun: number): number => {
      const { places } = maskPieces(ids, { ...options, longestRun }, random(1));
      return places.filter((place, k) => k > 0 && places[k - 1] === place - 1).length / places.length;
    };
    expect(neighbours(3)).toBeGreaterThan(neighbours(1) + 0.1);
  });

  it('are no more than there is room for', () => {
    const ids = Int32Array.from({ length: 100 }, (_, i) => 5 + i);
    expect(maskPieces(ids, options, random(1), 3).places).toHaveLength(3);
    expect(maskPieces(Int32Array.of(2, 3), options, random(1)).places).toHaveLength(0);
  });
});
