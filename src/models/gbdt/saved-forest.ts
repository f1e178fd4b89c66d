// A binned forest as flat arrays in a saved model, and back, nothing believed before it is checked.
import { AppError } from '../../core/errors.ts';
import type { SavedModel } from '../estimator.ts';
import type { Forest, ForestInput } from '../forest/forest.ts';
import { categoryBins } from '../forest/read-inputs.ts';
import type { BinnedInput } from './grow/grower.ts';
import type { BinnedForest } from './grown-forest.ts';

type Arrays = NonNullable<SavedModel['arrays']>;

/** @param prefix stands before each array's name, where a model has more than one forest */
export function forestArrays({ forest, inputs }: BinnedForest, prefix = ''): Arrays {
  const { inputs: _inputs, outputs: _outputs, ...arrays } = forest;
  const edges = inputs.map((input) => (input.kind === 'number' ? input.edges : new Float64Array(0)));
  const edgeStart = new Int32Array(edges.length + 1);
  edges.forEach((own, i) => {
    edgeStart[i + 1] = edgeStart[i] + own.length;
  });
  const allEdges = Float64Array.from(edges.flatMap((own) => Array.from(own)));
  const named = Object.entries({ ...arrays, edges: allEdges, edgeStart });
  return Object.fromEntries(named.map(([key, array]) => [prefix + key, array]));
}

export interface ForestHeader {
  readonly inputs: readonly ForestInput[];
  readonly outputs: number;
}

/** @throws AppError BAD_FILE when an array is missing, of another length, or points outside */
export function readForest(saved: SavedModel, { inputs, outputs }: ForestHeader, prefix = ''): BinnedForest {
  const broken = (what: string): never => {
    throw new AppError('BAD_FILE', `a saved "${saved.estimator}" model has ${what}; train it again`);
  };
  const take = <A extends Float64Array | Int32Array | Uint8Array>(
    key: string,
    kind: { new (length: number): A },
    length?: number,
  ): A => {
    const array = saved.arrays?.[prefix + key];
    if (array instanceof kind && (length === undefined || array.length === length)) return array;
    return broken(`no ${length ?? ''} values of the right kind in "${prefix + key}"`);
  };
  if (!Array.isArray(inputs) || !inputs.every(isInput)) broken('inputs of another shape');
  if (!Number.isInteger(outputs) || outputs < 1) broken('another number of outputs');
  const feature = take('feature', Int32Array);
  const nodes = feature.length;
  const forest: Forest = {
    inputs,
    outputs,
    base: take('base', Float64Array, outputs),
    treeStart: take('treeStart', Int32Array),
    feature,
    threshold: take('threshold', Float64Array, nodes),
    setStart: take('setStart', Int32Array, nodes),
    missingLeft: take('missingLeft', Uint8Array, nodes),
    left: take('left', Int32Array, nodes),
    right: take('right', Int32Array, nodes),
    cover: take('cover', Float64Array, nodes),
    gain: take('gain', Float64Array, nodes),
    value: take('value', Float64Array, nodes),
    sets: take('sets', Uint8Array),
  };
  const fault = faultOf(forest);
  if (fault) broken(fault);
  const edgeStart = take('edgeStart', Int32Array, inputs.length + 1);
  const edges = take('edges', Float64Array, edgeStart[inputs.length]);
  const rising = edgeStart.every((from, i) => (i === 0 ? from === 0 : from >= edgeStart[i - 1]));
  if (!rising) broken('bins that overlap');
  const binned = inputs.map(
    (input, i): BinnedInput =>
      input.kind === 'number' ? { ...input, edges: edges.slice(edgeStart[i], edgeStart[i + 1]) } : input,
  );
  return { forest, inputs: binned };
}

const isInput = (input: ForestInput): boolean =>
  typeof input?.name === 'string' &&
  (input.kind === 'number' || (input.kind === 'category' && Array.isArray(input.levels)));

/** What is wrong with a forest's nodes, in words; `undefined` when every row would reach a leaf. */
function faultOf(forest: Forest): string | undefined {
  const { treeStart, outputs } = forest;
  const trees = treeStart.length - 1;
  if (trees < 0 || treeStart[0] !== 0 || treeStart[trees] !== forest.feature.length)
    return 'trees that do not cover its nodes';
  if (trees % outputs !== 0) return 'trees that do not share out evenly among its outputs';
  if (!forest.base.every(Number.isFinite) || !forest.value.every(Number.isFinite))
    return 'values that are not finite';
  for (let t = 0; t < trees; t++) {
    const size = treeStart[t + 1] - treeStart[t];
    if (size < 1) return 'a tree without nodes';
    for (let node = 0; node < size; node++) {
      const fault = nodeFault(forest, treeStart[t] + node, { node, size });
      if (fault) return fault;
    }
  }
  return undefined;
}

function nodeFault(
  { feature, inputs, left, right, setStart, sets }: Forest,
  at: number,
  { node, size }: { node: number; size: number },
): string | undefined {
  if (feature[at] === -1) return undefined;
  const input = inputs[feature[at]];
  if (!input) return 'a cut of a column it does not read';
  const below = (child: number) => child > node && child < size;
  if (!below(left[at]) || !below(right[at])) return 'a child outside its tree';
  if (input.kind === 'number') return setStart[at] === -1 ? undefined : 'a set cut of a number';
  const inside = setStart[at] >= 0 && setStart[at] + categoryBins(input) <= sets.length;
  return inside ? undefined : 'a set outside its sets';
}
