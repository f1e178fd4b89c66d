// The best few are what sorting everything gives.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topPlaces } from './top-places.ts';

const sorted = (scores: readonly number[], most: number, allowed?: Uint8Array): number[] =>
  [...scores.keys()]
    .filter((place) => scores[place] > Number.NEGATIVE_INFINITY && (!allowed || allowed[place] === 1))
    .sort((a, b) => scores[b] - scores[a] || a - b)
    .slice(0, most);

const score = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
);

describe('topPlaces', () => {
  it('gives what sorting all of them gives, many of them equal', () => {
    fc.assert(
      fc.property(fc.array(score, { maxLength: 60 }), fc.integer({ min: 0, max: 70 }), (scores, most) => {
        expect([...topPlaces(scores, most)]).toEqual(sorted(scores, most));
      }),
    );
  });

  it('chooses among allowed places alone', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(score, fc.boolean()), { maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (pairs, most) => {
          const scores = pairs.map(([own]) => own);
          const allowed = Uint8Array.from(pairs, ([, own]) => Number(own));
          expect([...topPlaces(scores, most, allowed)]).toEqual(sorted(scores, most, allowed));
        },
      ),
    );
  });
});
