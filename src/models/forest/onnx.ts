// A forest as an ONNX file that any runtime scores, with what a stranger must know to feed it.
import type { OnnxModel } from '../../tensor/onnx/model.ts';
import type { Link } from '../estimator.ts';
import { type Forest, treeCount } from './forest.ts';
import { membershipOf } from './onnx-membership.ts';
import { onnxNode } from './onnx-parts.ts';
import { ensembleAttributes } from './onnx-trees.ts';

/** How margins become predictions: a link, or the probabilities of classes. */
export type ForestLink = Link | 'softmax';

/** The last step of each link, as an op of ONNX. */
const LINK_OPS: Readonly<Record<ForestLink, string>> = {
  identity: 'Identity',
  logit: 'Sigmoid',
  log: 'Exp',
  softmax: 'Softmax',
};

/** ai.onnx.ml 3 is the first whose trees compare doubles. */
const OPSETS = { '': 17, 'ai.onnx.ml': 3 };

/**
 * An ONNX model of a forest; `writeModel` gives its bytes.
 *
 * Input `features`, double [rows, inputs], in the order of `forest.inputs`: numbers as they are, NaN where missing, so
 * that every decision is the one we make; categories as bins: the place of the level, then one for rarer levels, then
 * one for missing, and −1 for a level nobody knows. The file says the same in its metadata, under `foresell.inputs`.
 * Outputs `margin` and `prediction`, float [rows, outputs], are ours within float32.
 *
 * @param options `rows` fixes the number of rows, as our own sessions need; any number of rows when absent
 */
export function forestToOnnx(
  forest: Forest,
  link: ForestLink,
  options: { readonly rows?: number } = {},
): OnnxModel {
  const rows = options.rows ?? 'rows';
  const trees = treeCount(forest) > 0 ? forest : withEmptyTree(forest);
  const { columnOf, columns, nodes, initializers } = membershipOf(trees, 'features');
  const ensemble = onnxNode(
    'TreeEnsembleRegressor',
    [columns],
    'margin',
    ensembleAttributes(trees, columnOf),
  );
  const last = onnxNode(
    LINK_OPS[link],
    ['margin'],
    'prediction',
    link === 'softmax' ? { axis: { int: 1 } } : {},
  );
  const output = (name: string) => ({ name, elementType: 'float' as const, dims: [rows, forest.outputs] });
  return {
    irVersion: 8,
    opsets: OPSETS,
    producer: 'foresell',
    metadata: {
      'foresell.inputs': JSON.stringify(forest.inputs.map(describeInput)),
      'foresell.link': link,
    },
    graph: {
      name: 'forest',
      inputs: [{ name: 'features', elementType: 'double', dims: [rows, forest.inputs.length] }],
      outputs: [output('margin'), output('prediction')],
      initializers,
      nodes: [...nodes, { ...ensemble, domain: 'ai.onnx.ml' }, last],
    },
  };
}

/** One column of `features` in words a stranger's program can read. */
function describeInput(input: Forest['inputs'][number]): object {
  if (input.kind === 'number') return { name: input.name, kind: 'number', missing: 'NaN' };
  const { levels } = input;
  return {
    name: input.name,
    kind: 'category',
    levels,
    rarer: input.other ? levels.length : -1,
    missing: levels.length + 1,
  };
}

/** A runtime wants a tree: a leaf that adds nothing for every output. */
function withEmptyTree(forest: Forest): Forest {
  const { outputs } = forest;
  const zeros = new Float64Array(outputs);
  const none = new Int32Array(outputs).fill(-1);
  return {
    ...forest,
    treeStart: Int32Array.from({ length: outputs + 1 }, (_, tree) => tree),
    feature: none,
    threshold: zeros,
    setStart: none,
    missingLeft: new Uint8Array(outputs),
    left: none,
    right: none,
    cover: zeros,
    gain: zeros,
    value: zeros,
  };
}
