// What each input does is the sum over its cuts.
import { expect, it } from 'vitest';
import { forestImportance } from './importance.ts';
import { madeUpForest } from './made-up-forest.ts';

it('gives each input the gain, cover and number of its cuts, the largest gain first', () => {
  const forest = madeUpForest({ seed: 2, rounds: 5, numbers: 2, categories: [3] });
  const unused = { kind: 'number', name: 'unused' } as const;
  const importance = forestImportance({ ...forest, inputs: [...forest.inputs, unused] });
  const cuts = Array.from(forest.feature, (feature, node) => ({ feature, node })).filter(
    (cut) => cut.feature >= 0,
  );
  for (const { name, gain, cover, cuts: count } of importance) {
    const own = cuts.filter(({ feature }) => forest.inputs[feature].name === name);
    expect(gain).toBeCloseTo(
      own.reduce((sum, { node }) => sum + forest.gain[node], 0),
      12,
    );
    expect(cover).toBeCloseTo(
      own.reduce((sum, { node }) => sum + forest.cover[node], 0),
      9,
    );
    expect(count).toBe(own.length);
  }
  expect(importance.map(({ gain }) => gain)).toEqual(
    importance.map(({ gain }) => gain).sort((a, b) => b - a),
  );
  expect(importance.at(-1)).toEqual({ name: 'unused', gain: 0, cover: 0, cuts: 0 });
  expect(cuts.length).toBeGreaterThan(10);
});
