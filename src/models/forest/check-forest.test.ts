// Forests out of broken files are refused before anybody walks them.
import { describe, expect, it } from 'vitest';
import { checkForest } from './check-forest.ts';
import type { Forest } from './forest.ts';
import { madeUpForest } from './made-up-forest.ts';

const forest = madeUpForest({ seed: 11, rounds: 4, outputs: 2, leaves: 20 });
const root = forest.feature.findIndex((feature, node) => feature >= 0 && forest.treeStart.includes(node));
const numberCut = forest.feature.findIndex((feature) => forest.inputs[feature]?.kind === 'number');
const categoryCut = forest.setStart.findIndex((start) => start >= 0);
const leaf = forest.feature.indexOf(-1);

type NodeArray = 'feature' | 'threshold' | 'setStart' | 'missingLeft' | 'left' | 'right' | 'value' | 'cover';

/** The forest with one number of one array changed. */
function withChange(key: NodeArray | 'treeStart' | 'base', at: number, to: number): Forest {
  const changed = forest[key].slice();
  changed[at] = to;
  return { ...forest, [key]: changed };
}

describe('a forest out of a file', () => {
  it('is taken when it is whole', () => {
    for (let seed = 0; seed < 20; seed++) checkForest(madeUpForest({ seed, rounds: 3, outputs: 2 }));
    expect(() => checkForest(forest)).not.toThrow();
  });

  it.each<[string, Forest]>([
    ['no outputs', { ...forest, outputs: 0 }],
    ['a base too many', { ...forest, base: new Float64Array(3) }],
    ['a base that is not a number', withChange('base', 0, Number.NaN)],
    ['an array too short', { ...forest, threshold: forest.threshold.slice(1) }],
    ['a gain too few', { ...forest, gain: forest.gain.slice(1) }],
    ['trees that begin late', withChange('treeStart', 0, 1)],
    ['trees that end early', withChange('treeStart', 8, forest.treeStart[8] - 1)],
    ['an empty tree', withChange('treeStart', 2, forest.treeStart[1])],
    ['an output without its tree', { ...forest, outputs: 3, base: new Float64Array(3) }],
    ['an input nobody has', withChange('feature', numberCut, forest.inputs.length)],
    ['a negative input', withChange('feature', numberCut, -2)],
    ['a child that is its own parent', withChange('left', root, 0)],
    ['a child outside its tree', withChange('right', root, 100_000)],
    ['a child of two parents', withChange('left', root, forest.right[root])],
    ['a threshold that is not a number', withChange('threshold', numberCut, Number.NaN)],
    ['a number with a set', withChange('setStart', numberCut, 0)],
    ['a category without a set', withChange('setStart', categoryCut, -1)],
    ['a set past the end', withChange('setStart', categoryCut, forest.sets.length - 1)],
    ['a side of missing values beside left and right', withChange('missingLeft', numberCut, 2)],
    ['an endless value', withChange('value', leaf, Number.POSITIVE_INFINITY)],
    ['a negative cover', withChange('cover', leaf, -1)],
    [
      'two inputs of one name',
      { ...forest, inputs: forest.inputs.map((input) => ({ ...input, name: 'a' })) },
    ],
  ])('is refused with %s', (_, broken) => {
    expect(() => checkForest(broken)).toThrow(expect.objectContaining({ code: 'BAD_FILE' }));
  });
});
