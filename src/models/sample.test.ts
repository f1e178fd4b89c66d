import { describe, expect, it } from 'vitest';
import { type Frame, makeFrame } from '../core/frame.ts';
import { name } from '../core/name.ts';
import type { Question, Sample } from './estimator.ts';
import { checkSample, customerFolds, foldRows, sortSample, unitWeights, weightedMean } from './sample.ts';

const QUESTION: Question = { kind: 'binary', outcome: 'buys', horizonDays: 30, discountPerYear: 0 };

function sampleOf(parts: Partial<Sample> & { entities: readonly string[] }): Sample {
  const rows = parts.entities.length;
  const values = Float64Array.from({ length: rows }, (_, i) => i);
  const frame: Frame = makeFrame([
    { kind: 'number', name: 'x', label: name('x', 'x'), unit: 'none', group: 'x', values },
  ]);
  return {
    question: QUESTION,
    frame,
    asOf: new Float64Array(rows),
    target: new Float64Array(rows),
    ...parts,
  };
}

const firstColumn = (sample: Sample) => [...(sample.frame.columns[0] as { values: Float64Array }).values];

describe('a sample', () => {
  it('is sorted by entity, then asOf, everything moving together', () => {
    const sorted = sortSample(
      sampleOf({
        entities: ['b', 'a', 'b', 'a'],
        asOf: Float64Array.of(1, 9, 0, 3),
        target: Float64Array.of(1, 0, 0, 1),
      }),
    );
    expect(sorted.entities).toEqual(['a', 'a', 'b', 'b']);
    expect([...sorted.asOf]).toEqual([3, 9, 0, 1]);
    expect([...sorted.target]).toEqual([1, 0, 0, 1]);
    expect(firstColumn(sorted)).toEqual([3, 1, 2, 0]);
  });

  it('loses examples that weigh nothing', () => {
    const sorted = sortSample(sampleOf({ entities: ['a', 'b', 'c'], weight: Float64Array.of(1, 0, 3) }));
    expect(sorted.entities).toEqual(['a', 'c']);
    expect([...unitWeights(sorted)]).toEqual([0.5, 1.5]);
    expect(weightedMean(Float64Array.of(4, 8), unitWeights(sorted))).toBe(7);
  });

  it('is refused when it cannot be learned from, in words', () => {
    const sample = sampleOf({ entities: ['a', 'b'] });
    expect(() => checkSample({ ...sample, target: Float64Array.of(0, 2) })).toThrow(
      /targets of 0 or 1, got 2/,
    );
    expect(() => checkSample({ ...sample, target: Float64Array.of(0) })).toThrow(/2 rows of target, got 1/);
    expect(() => checkSample({ ...sample, weight: Float64Array.of(0, 0) })).toThrow(/weighs nothing/);
    expect(() => checkSample({ ...sample, weight: Float64Array.of(1, -1) })).toThrow(/weights of 0 or more/);
    expect(() => checkSample(sampleOf({ entities: [] }))).toThrow(/at least one example/);
  });
});

describe('folds', () => {
  const entities = Array.from({ length: 4000 }, (_, i) => `customer ${i >> 1}`);

  it('keep a customer together and are about equal', () => {
    const folds = customerFolds(entities, 5, 1);
    for (let i = 0; i < entities.length; i += 2) expect(folds[i]).toBe(folds[i + 1]);
    for (let fold = 0; fold < 5; fold++) {
      const { inside, outside } = foldRows(folds, fold);
      expect(inside.length + outside.length).toBe(4000);
      // 800 expected; six standard deviations of a binomial over 2,000 customers, doubled rows.
      expect(Math.abs(inside.length - 800)).toBeLessThan(6 * 2 * Math.sqrt(2000 * 0.2 * 0.8));
    }
  });

  it('change with the seed and not with who else is there', () => {
    const all = customerFolds(entities, 5, 1);
    expect([...customerFolds(entities.slice(10, 20), 5, 1)]).toEqual([...all.slice(10, 20)]);
    expect([...customerFolds(entities, 5, 2)]).not.toEqual([...all]);
  });
});
