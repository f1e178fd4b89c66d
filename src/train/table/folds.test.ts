import { describe, expect, it } from 'vitest';
import { makeFrame } from '../../core/frame.ts';
import { random } from '../../core/random.ts';
import type { Question, Sample } from '../../models/estimator.ts';
import { cutFolds, foldsInTime, givenFolds } from './folds.ts';

function sampleOf(
  target: number[],
  { entities, asOf, kind = 'binary' }: { entities?: string[]; asOf?: number[]; kind?: Question['kind'] } = {},
): Sample {
  return {
    question: {
      kind,
      outcome: 'other',
      horizonDays: 0,
      discountPerYear: 0,
      ...(kind === 'classes' ? { classes: 3 } : {}),
    },
    frame: makeFrame([], { rows: target.length }),
    entities: entities ?? target.map((_, i) => `row ${i}`),
    asOf: Float64Array.from(asOf ?? target.map(() => 0)),
    target: Float64Array.from(target),
  };
}

const draw = random(3);
const rare = Array.from({ length: 503 }, (_, i) => (i < 40 ? 1 : 0));

describe('folds at random', () => {
  it('ask about every row once and never learn from it', () => {
    const [folds] = cutFolds(sampleOf(rare), { folds: 5, seed: 1 }).repeats;
    expect(folds.flatMap(({ test }) => [...test]).sort((a, b) => a - b)).toEqual(rare.map((_, i) => i));
    for (const { train, test } of folds) {
      expect(train.length + test.length).toBe(503);
      expect([...test].some((row) => train.includes(row))).toBe(false);
    }
  });

  it('give each fold its share of a rare outcome, of every class and of every size of amount', () => {
    for (const { test } of cutFolds(sampleOf(rare), { folds: 5, seed: 1 }).repeats[0]) {
      expect([...test].filter((row) => rare[row] === 1)).toHaveLength(8);
      expect(Math.abs(test.length - 503 / 5)).toBeLessThan(1.5);
    }
    const classes = Array.from({ length: 90 }, (_, i) => (i < 9 ? 2 : i % 2));
    for (const { test } of cutFolds(sampleOf(classes, { kind: 'classes' }), { folds: 3, seed: 2 }).repeats[0])
      expect([...test].filter((row) => classes[row] === 2)).toHaveLength(3);
    const amounts = Array.from({ length: 200 }, () => draw.normal() ** 3);
    const median = amounts.toSorted((a, b) => a - b)[100];
    for (const { test } of cutFolds(sampleOf(amounts, { kind: 'amount' }), { folds: 4, seed: 2 }).repeats[0])
      expect([...test].filter((row) => amounts[row] < median)).toHaveLength(25);
  });

  it('keep the rows of one entity together, whatever their order', () => {
    const entities = rare.map((_, i) => `customer ${i % 60}`);
    const [folds] = cutFolds(sampleOf(rare, { entities }), { folds: 4, seed: 1 }).repeats;
    const foldOf = new Map<string, number>();
    folds.forEach(({ test }, at) => {
      for (const row of test) {
        expect(foldOf.get(entities[row]) ?? at).toBe(at);
        foldOf.set(entities[row], at);
      }
    });
    expect(foldOf.size).toBe(60);
    const back = cutFolds(sampleOf(rare.toReversed(), { entities: entities.toReversed() }), {
      folds: 4,
      seed: 1,
    });
    for (const [at, { test }] of back.repeats[0].entries())
      for (const row of test) expect(foldOf.get(entities[502 - row])).toBe(at);
  });

  it('are others in another repeat, and the same for the same seed', () => {
    const cut = (seed: number) => cutFolds(sampleOf(rare), { folds: 5, seed, repeats: 2 });
    expect(cut(1)).toEqual(cut(1));
    expect(cut(1).repeats[0]).not.toEqual(cut(1).repeats[1]);
  });
});

describe('folds in time', () => {
  const days = Array.from({ length: 120 }, (_, i) => (i * 37) % 120);

  it('learn only from before, a gap apart, and never ask about the first stretch', () => {
    const [folds] = cutFolds(
      sampleOf(
        days.map((d) => d % 2),
        { asOf: days },
      ),
      { folds: 5, seed: 1, byTime: true, gapMs: 3 },
    ).repeats;
    expect(folds).toHaveLength(5);
    for (const { train, test } of folds) {
      const start = Math.min(...[...test].map((row) => days[row]));
      expect(Math.max(...[...train].map((row) => days[row]))).toBe(start - 4);
    }
    expect(folds.flatMap(({ test }) => [...test])).toHaveLength(100);
  });

  it('need as many moments as stretches', () => {
    expect(() =>
      cutFolds(sampleOf([0, 1, 0, 1], { asOf: [1, 1, 2, 2] }), { folds: 3, seed: 1, byTime: true }),
    ).toThrow(/expected at least 4 different moments/);
  });

  it('are as many as moments allow, which can then be cut', () => {
    const months = Float64Array.from([1, 1, 1, 2, 2, 2, 2, 3, 3, 3]);
    expect(foldsInTime(Float64Array.from(days), 5)).toBe(5);
    expect(foldsInTime(months, 5)).toBe(2);
    expect(
      foldsInTime(
        months.map(() => 7),
        5,
      ),
    ).toBe(0);
    const sample = sampleOf(
      Array.from(months, (m) => m % 2),
      { asOf: Array.from(months) },
    );
    const [folds] = cutFolds(sample, { folds: 2, seed: 1, byTime: true }).repeats;
    expect(folds.map(({ train }) => train.length)).toEqual([3, 7]);
  });
});

it('folds somebody else has drawn are taken as they are; a negative number is never asked about', () => {
  const [folds] = givenFolds([[0, 1, 1, -1]]).repeats;
  expect(folds.map(({ test }) => [...test])).toEqual([[0], [1, 2]]);
  expect([...folds[0].train]).toEqual([1, 2, 3]);
});
