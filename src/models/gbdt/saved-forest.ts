// A binned forest as flat arrays in a saved model, and back, nothing believed before it is checked.
import { AppError } from '../../core/errors.ts';
import type { SavedModel } from '../estimator.ts';
import { checkForest } from '../forest/check-forest.ts';
import type { Forest, ForestInput } from '../forest/forest.ts';
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
  checkForest(forest);
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
