// A diverse list is what trying every next item by the formula gives.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { diversify, type Likeness } from './diversify.ts';

/** By the formula: of all left, the one with the largest worth, the better score first among equals. */
function byTheFormula(
  pool: readonly number[],
  scores: readonly number[],
  top: number,
  { amount, likeness }: { amount: number; likeness: Likeness },
): number[] {
  const [high, low] = [Math.max(...scores), Math.min(...scores)];
  const relevance = (place: number) => (high === low ? 1 : (scores[place] - low) * (1 / (high - low)));
  const chosen: number[] = [];
  while (chosen.length < Math.min(top, pool.length)) {
    const left = pool.map((_, place) => place).filter((place) => !chosen.includes(place));
    const worth = left.map(
      (place) =>
        (1 - amount) * relevance(place) -
        amount * Math.max(0, ...chosen.map((other) => likeness(pool[other], pool[place]))),
    );
    chosen.push(left[worth.indexOf(Math.max(...worth))]);
  }
  return chosen;
}

describe('diversify', () => {
  it('chooses what the formula says, whatever the scores and the likeness', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 1, maxLength: 25 }),
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom(0, 0.2, 0.5, 0.9, 1),
        fc.integer({ min: 0, max: 1000 }),
        (drawn, top, amount, seed) => {
          const scores = drawn.sort((a, b) => b - a);
          const pool = scores.map((_, place) => 3 * place + 1);
          const draws = random(seed);
          const table = Array.from({ length: 80 * 80 }, () => Math.round(4 * draws.uniform()) / 4);
          const likeness = (a: number, b: number) => table[Math.min(a, b) * 80 + Math.max(a, b)];
          expect([...diversify(pool, scores, top, { amount, likeness })]).toEqual(
            byTheFormula(pool, scores, top, { amount, likeness }),
          );
        },
      ),
    );
  });

  it('leaves the list as it is at 0, and takes one of each kind at 1', () => {
    const pool = [10, 11, 12, 20, 21, 30];
    const scores = [9, 8, 7, 6, 5, 4];
    const likeness = (a: number, b: number) => (Math.floor(a / 10) === Math.floor(b / 10) ? 1 : 0);
    expect([...diversify(pool, scores, 4, { amount: 0, likeness })]).toEqual([0, 1, 2, 3]);
    expect([...diversify(pool, scores, 3, { amount: 1, likeness })]).toEqual([0, 3, 5]);
  });

  it('does not depend on the scale of the scores', () => {
    const pool = [0, 1, 2, 3, 4];
    const scores = [5, 4.5, 3, 2, 1];
    const likeness = (a: number, b: number) => 1 / (1 + Math.abs(a - b));
    const other = scores.map((score) => 100 * score - 7);
    expect(diversify(pool, other, 4, { amount: 0.4, likeness })).toEqual(
      diversify(pool, scores, 4, { amount: 0.4, likeness }),
    );
  });
});
