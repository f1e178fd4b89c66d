import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { random } from '../../core/random.ts';
import type { Dimension, SearchSpace, Settings } from '../estimator.ts';
import { cellOf, checkSpace, drawNear, drawPosition, isPoint, positionOf, settingsAt } from './space.ts';
import { propose } from './tpe.ts';

const numberDimension: fc.Arbitrary<Dimension> = fc
  .record({
    low: fc.double({ min: 1e-6, max: 50, noNaN: true }),
    width: fc.double({ min: 0, max: 500, noNaN: true }),
    log: fc.boolean(),
    integer: fc.boolean(),
  })
  .map(({ low, width, log, integer }) =>
    integer
      ? { kind: 'number', low: Math.ceil(low), high: Math.ceil(low) + Math.floor(width), log, integer }
      : { kind: 'number', low, high: low + width, log },
  );
const choiceDimension: fc.Arbitrary<Dimension> = fc
  .uniqueArray(fc.oneof(fc.string(), fc.boolean(), fc.integer()), { minLength: 1, maxLength: 5 })
  .map((options) => ({ kind: 'choice', options }));
const anySpace: fc.Arbitrary<SearchSpace> = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 6 }).filter((name) => name !== '__proto__'),
  fc.oneof(numberDimension, choiceDimension),
  { minKeys: 1, maxKeys: 5 },
);

describe('a search space', () => {
  it('gives only settings in range, wherever they are drawn from', () => {
    fc.assert(
      fc.property(anySpace, fc.integer(), (space, seed) => {
        checkSpace(space);
        const draw = random(seed);
        const first = settingsAt(space, drawPosition(space, draw));
        expect(isPoint(space, first)).toBe(true);
        const near = drawNear(space, positionOf(space, first), draw, 0.3);
        expect(isPoint(space, settingsAt(space, near))).toBe(true);
        const tried: Settings[] = [];
        for (let trial = 0; trial < 12; trial++) {
          const next = propose(space, { tried, start: first, draw: draw.fork(`${trial}`) });
          expect(isPoint(space, next)).toBe(true);
          tried.push(next);
        }
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it('finds the way back from the cube: integers and choices exactly, numbers to rounding', () => {
    fc.assert(
      fc.property(anySpace, fc.integer(), (space, seed) => {
        const settings = settingsAt(space, drawPosition(space, random(seed)));
        const again = settingsAt(space, positionOf(space, settings));
        for (const [name, value] of Object.entries(settings)) {
          const exact = space[name].kind === 'choice' || space[name].integer;
          if (exact) expect(again[name]).toBe(value);
          else expect(again[name] as number).toBeCloseTo(value as number, 6);
        }
      }),
      { numRuns: 200, seed: 2 },
    );
  });

  it('draws every whole number equally often, the ends included', () => {
    const space: SearchSpace = { leaves: { kind: 'number', low: 1, high: 4, integer: true } };
    const draw = random(3);
    const times = [0, 0, 0, 0];
    for (let i = 0; i < 8000; i++)
      times[(settingsAt(space, drawPosition(space, draw)).leaves as number) - 1]++;
    for (const count of times) expect(Math.abs(count - 2000)).toBeLessThan(160);
  });

  it('gives each whole number its stretch of the axis, side by side from end to end', () => {
    const dimension = { kind: 'number', low: 2, high: 9, integer: true, log: true } as const;
    let reached = 0;
    for (let value = 2; value <= 9; value++) {
      const [at] = positionOf({ leaves: dimension }, { leaves: value });
      const { from, to } = cellOf(dimension, at);
      expect(from).toBeCloseTo(reached, 9);
      expect(at).toBeGreaterThan(from);
      expect(at).toBeLessThan(to);
      reached = to;
    }
    expect(reached).toBeCloseTo(1, 9);
  });

  it.each<[string, Dimension]>([
    ['no options', { kind: 'choice', options: [] }],
    ['ends the wrong way round', { kind: 'number', low: 2, high: 1 }],
    ['a logarithm of zero', { kind: 'number', low: 0, high: 1, log: true }],
    ['broken whole numbers', { kind: 'number', low: 0.5, high: 3, integer: true }],
  ])('refuses %s', (_, dimension) => {
    expect(() => checkSpace({ rate: dimension })).toThrow(AppError);
    expect(() => checkSpace({ rate: dimension })).toThrow(/"rate"/);
  });
});
