// Sets of categories for ONNX: each set a column of zeros and ones, looked up before the trees.
import type { OnnxNode, OnnxTensor } from '../../tensor/onnx/model.ts';
import type { Forest } from './forest.ts';
import { float64Tensor, int64Tensor, onnxNode } from './onnx-parts.ts';
import { categoryBins } from './read-inputs.ts';

/**
 * The trees' own columns come first, then one for each set: 0 in the set, 1 outside, so that `≤ ½` goes left. Set
 * membership inside the tree op is younger than most runtimes, and chains of equalities copy the branches behind them.
 */
export interface Membership {
  /** The column a node of the forest compares: [nodes], −1 for a leaf. */
  readonly columnOf: Int32Array;
  /** The value that holds all columns. */
  readonly columns: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
}

/** @param features the value that holds the forest's inputs, double [rows, inputs] */
export function membershipOf(forest: Forest, features: string): Membership {
  const columnOf = forest.feature.slice();
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const parts = [features];
  let width = forest.inputs.length;
  forest.inputs.forEach((input, feature) => {
    if (input.kind === 'number') return;
    const found = distinctSets(forest, feature, categoryBins(input));
    if (found.sets.length === 0) return;
    for (const [node, set] of found.setOf) columnOf[node] = width + set;
    width += found.sets.length;
    const rows = categoryBins(input) + 1;
    const table = Float64Array.from({ length: rows * found.sets.length }, (_, i) => {
      const set = found.sets[i % found.sets.length];
      return 1 - set[Math.floor(i / found.sets.length)];
    });
    const name = (part: string) => `category_${feature}_${part}`;
    initializers.push(
      int64Tensor(name('column'), [feature], []),
      float64Tensor(name('sets'), table, [rows, found.sets.length]),
    );
    nodes.push(
      onnxNode('Gather', [features, name('column')], name('bin'), { axis: { int: 1 } }),
      onnxNode('Add', [name('bin'), 'one'], name('place')),
      onnxNode('Cast', [name('place')], name('row'), { to: { int: 7 } }),
      onnxNode('Gather', [name('sets'), name('row')], name('members'), { axis: { int: 0 } }),
    );
    parts.push(name('members'));
  });
  if (nodes.length === 0) return { columnOf, columns: features, nodes, initializers };
  initializers.push(float64Tensor('one', Float64Array.of(1), []));
  nodes.push(onnxNode('Concat', parts, 'columns', { axis: { int: 1 } }));
  return { columnOf, columns: 'columns', nodes, initializers };
}

/** What goes left: unknown first, then the bins. Equal sets are kept once. */
function distinctSets(forest: Forest, feature: number, bins: number) {
  const places = new Map<string, number>();
  const sets: number[][] = [];
  const setOf = new Map<number, number>();
  forest.feature.forEach((at, node) => {
    if (at !== feature) return;
    const start = forest.setStart[node];
    const set = [forest.missingLeft[node], ...forest.sets.subarray(start, start + bins)];
    const key = set.join('');
    const place = places.get(key) ?? sets.push(set) - 1;
    places.set(key, place);
    setOf.set(node, place);
  });
  return { sets, setOf };
}
