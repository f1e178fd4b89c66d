// Whether a forest read from a file is one: every row reaches a leaf, and no array is read outside its ends.
import { AppError } from '../../core/errors.ts';
import type { Forest } from './forest.ts';
import { categoryBins } from './read-inputs.ts';

/** @throws AppError BAD_FILE saying what is wrong, with the tree and node where it is in one */
export function checkForest(forest: Forest): void {
  const { treeStart, feature, outputs, base, inputs } = forest;
  if (!(Number.isSafeInteger(outputs) && outputs >= 1)) broken(`a whole number of outputs, got ${outputs}`);
  if (base.length !== outputs) broken(`a base for each of ${outputs} outputs, got ${base.length}`);
  if (!base.every(Number.isFinite)) broken('a base that is finite');
  const names = new Set(inputs.map(({ name }) => name));
  if (names.size !== inputs.length) broken('inputs of different names');
  for (const key of NODE_ARRAYS) {
    const { length } = forest[key];
    if (length !== feature.length) broken(`${feature.length} numbers in "${key}", got ${length}`);
  }
  const trees = treeStart.length - 1;
  if (trees < 0 || treeStart[0] !== 0 || treeStart[trees] !== feature.length)
    broken(`trees that cover its ${feature.length} nodes`);
  if (trees % outputs !== 0) broken(`the same number of trees for each of ${outputs} outputs, got ${trees}`);
  for (let t = 0; t < trees; t++) {
    if (!(treeStart[t + 1] > treeStart[t])) broken(`a node at least in tree ${t}`);
    checkTree(forest, t);
  }
}

const NODE_ARRAYS = [
  'threshold',
  'setStart',
  'missingLeft',
  'left',
  'right',
  'cover',
  'gain',
  'value',
] as const;

function checkTree(forest: Forest, t: number): void {
  const start = forest.treeStart[t];
  const nodes = forest.treeStart[t + 1] - start;
  // one parent each: trees that share branches would grow without bound where they are laid out
  const parents = new Uint8Array(nodes);
  for (let node = 0; node < nodes; node++) {
    const at = start + node;
    if (node > 0 && parents[node] !== 1) broken('one parent for each node but the root', t, node);
    if (forest.missingLeft[at] > 1) broken('a side for missing values that is 0 or 1', t, node);
    if (!(forest.cover[at] >= 0)) broken('a cover of 0 or more', t, node);
    if (Number.isNaN(forest.gain[at])) broken('a gain that is a number', t, node);
    if (!Number.isFinite(forest.value[at])) broken('a value that is finite', t, node);
    if (forest.feature[at] === -1) continue;
    checkCut(forest, t, node);
    for (const child of [forest.left[at], forest.right[at]]) {
      if (!(child > node && child < nodes)) broken('children after their parent, in its tree', t, node);
      parents[child] = Math.min(2, parents[child] + 1);
    }
  }
}

function checkCut(forest: Forest, t: number, node: number): void {
  const at = forest.treeStart[t] + node;
  const input = forest.inputs[forest.feature[at]];
  if (input === undefined) broken(`one of ${forest.inputs.length} inputs`, t, node);
  const setStart = forest.setStart[at];
  if (input.kind === 'number') {
    if (setStart !== -1) broken('a threshold and no set for a number', t, node);
    if (Number.isNaN(forest.threshold[at])) broken('a threshold that is a number', t, node);
  } else if (!(setStart >= 0 && setStart + categoryBins(input) <= forest.sets.length))
    broken('a set inside its sets for a category', t, node);
}

function broken(expected: string, tree?: number, node?: number): never {
  const place = tree === undefined ? '' : ` (tree ${tree}, node ${node})`;
  throw new AppError(
    'BAD_FILE',
    `a saved forest is broken: expected ${expected}${place}; train the model again`,
  );
}
