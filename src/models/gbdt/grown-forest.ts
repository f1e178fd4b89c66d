// Trees of a course put together as a forest at rest, without the inputs no tree cuts; and taken apart again.
import { type Forest, type ForestInput, treeAt, treeCount } from '../forest/forest.ts';
import { categoryBins } from '../forest/read-inputs.ts';
import type { BoostedTree } from './course.ts';
import type { BinnedInput } from './grow/grower.ts';

/** A forest and the bins of its inputs, for those who would go on boosting it. */
export interface BinnedForest {
  readonly forest: Forest;
  readonly inputs: readonly BinnedInput[];
}

/** @param base the margin of each output before any tree, [outputs] */
export function forestOf(
  inputs: readonly BinnedInput[],
  trees: readonly BoostedTree[],
  base: Float64Array,
): BinnedForest {
  const used = new Set(trees.flatMap((tree) => Array.from(tree.feature)));
  const kept = inputs.filter((_, i) => used.has(i));
  const position = Int32Array.from(inputs, (input) => kept.indexOf(input));
  const treeStart = new Int32Array(trees.length + 1);
  const setOffset = new Int32Array(trees.length + 1);
  trees.forEach((tree, t) => {
    treeStart[t + 1] = treeStart[t] + tree.feature.length;
    setOffset[t + 1] = setOffset[t] + tree.sets.length;
  });
  const nodes = treeStart[trees.length];
  const forest: Forest = {
    inputs: kept.map(withoutEdges),
    outputs: base.length,
    base,
    treeStart,
    feature: new Int32Array(nodes),
    threshold: new Float64Array(nodes),
    setStart: new Int32Array(nodes),
    missingLeft: new Uint8Array(nodes),
    left: new Int32Array(nodes),
    right: new Int32Array(nodes),
    cover: new Float64Array(nodes),
    gain: new Float64Array(nodes),
    value: new Float64Array(nodes),
    sets: new Uint8Array(setOffset[trees.length]),
  };
  trees.forEach((tree, t) => {
    const from = treeStart[t];
    forest.threshold.set(tree.threshold, from);
    forest.missingLeft.set(tree.missingLeft, from);
    forest.left.set(tree.left, from);
    forest.right.set(tree.right, from);
    forest.cover.set(tree.cover, from);
    forest.gain.set(tree.gain, from);
    forest.sets.set(tree.sets, setOffset[t]);
    for (let node = 0; node < tree.feature.length; node++) {
      const feature = tree.feature[node];
      forest.feature[from + node] = feature < 0 ? -1 : position[feature];
      forest.setStart[from + node] = tree.setStart[node] < 0 ? -1 : tree.setStart[node] + setOffset[t];
      forest.value[from + node] = feature < 0 ? tree.value[node] : 0;
    }
  });
  return { forest, inputs: kept };
}

function withoutEdges(input: BinnedInput): ForestInput {
  if (input.kind === 'number') return { kind: 'number', name: input.name };
  const { kind, name, levels, other } = input;
  return { kind, name, levels, other };
}

/** The trees of a forest, each with sets of its own; features count its inputs. */
export function treesOf(forest: Forest): BoostedTree[] {
  return Array.from({ length: treeCount(forest) }, (_, t) => {
    const { sets: _all, ...tree } = treeAt(forest, t);
    const gain = forest.gain.subarray(forest.treeStart[t], forest.treeStart[t + 1]);
    let first = Number.POSITIVE_INFINITY;
    let end = 0;
    tree.setStart.forEach((start, node) => {
      const input = forest.inputs[tree.feature[node]];
      if (start < 0 || input?.kind !== 'category') return;
      first = Math.min(first, start);
      end = Math.max(end, start + categoryBins(input));
    });
    if (end === 0) return { ...tree, gain, sets: new Uint8Array(0) };
    const setStart = tree.setStart.map((start) => (start < 0 ? -1 : start - first));
    return { ...tree, gain, setStart, sets: forest.sets.slice(first, end) };
  });
}

/** The same trees, every leaf adding `factor` times as much. */
export const scaledTrees = (trees: readonly BoostedTree[], factor: number): BoostedTree[] =>
  factor === 1
    ? trees.slice()
    : trees.map((tree) => ({ ...tree, value: tree.value.map((step) => factor * step) }));
