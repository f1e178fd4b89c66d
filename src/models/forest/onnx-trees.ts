// The trees of a forest as attributes of ONNX's TreeEnsembleRegressor (ai.onnx.ml 3), its numbers in double precision.
import type { OnnxAttribute } from '../../tensor/onnx/model.ts';
import { type Forest, treeCount } from './forest.ts';
import { float64Tensor } from './onnx-parts.ts';

/** @param columnOf the column each node compares, [nodes]: a set's column holds 0 in the set, 1 outside */
export function ensembleAttributes(
  forest: Forest,
  columnOf: Int32Array,
): Readonly<Record<string, OnnxAttribute>> {
  const nodes = forest.feature.length;
  const leaves = Array.from({ length: nodes }, (_, node) => node).filter((node) => forest.feature[node] < 0);
  const treeOf = new Int32Array(nodes);
  for (let t = 0; t < treeCount(forest); t++) treeOf.fill(t, forest.treeStart[t], forest.treeStart[t + 1]);
  const idOf = Array.from(treeOf, (tree, node) => node - forest.treeStart[tree]);
  const isLeaf = (node: number) => forest.feature[node] < 0;
  const each = (value: (node: number) => number): OnnxAttribute => ({
    ints: Array.from({ length: nodes }, (_, node) => value(node)),
  });
  const threshold = (node: number): number => {
    if (isLeaf(node)) return 0;
    return forest.setStart[node] >= 0 ? 0.5 : forest.threshold[node];
  };
  return {
    n_targets: { int: forest.outputs },
    aggregate_function: { string: 'SUM' },
    post_transform: { string: 'NONE' },
    base_values_as_tensor: doubles('base_values', forest.base),
    nodes_treeids: each((node) => treeOf[node]),
    nodes_nodeids: each((node) => idOf[node]),
    nodes_featureids: each((node) => Math.max(0, columnOf[node])),
    nodes_modes: { strings: idOf.map((_, node) => (isLeaf(node) ? 'LEAF' : 'BRANCH_LEQ')) },
    nodes_values_as_tensor: doubles(
      'nodes_values',
      idOf.map((_, node) => threshold(node)),
    ),
    nodes_truenodeids: each((node) => (isLeaf(node) ? 0 : forest.left[node])),
    nodes_falsenodeids: each((node) => (isLeaf(node) ? 0 : forest.right[node])),
    nodes_missing_value_tracks_true: each((node) => forest.missingLeft[node]),
    target_treeids: { ints: leaves.map((node) => treeOf[node]) },
    target_nodeids: { ints: leaves.map((node) => idOf[node]) },
    target_ids: { ints: leaves.map((node) => treeOf[node] % forest.outputs) },
    target_weights_as_tensor: doubles(
      'target_weights',
      leaves.map((node) => forest.value[node]),
    ),
  };
}

const doubles = (name: string, values: ArrayLike<number>): OnnxAttribute => ({
  tensor: float64Tensor(name, values, [values.length]),
});
