// How much each input does in a forest, told by its own cuts.
import type { Forest } from './forest.ts';

/** Sums over the cuts of an input. Both favour inputs with many values: attributions and permutation are fairer. */
export interface InputImportance {
  readonly name: string;
  /** How much its cuts lowered the training loss. */
  readonly gain: number;
  /** Training weight that came by its cuts. */
  readonly cover: number;
  /** How many cuts it has. */
  readonly cuts: number;
}

/** All inputs, those of the largest gain first; ties in the forest's order. */
export function forestImportance(forest: Forest): InputImportance[] {
  const [gain, cover, cuts] = Array.from({ length: 3 }, () => new Float64Array(forest.inputs.length));
  forest.feature.forEach((feature, node) => {
    if (feature < 0) return;
    gain[feature] += forest.gain[node];
    cover[feature] += forest.cover[node];
    cuts[feature]++;
  });
  return forest.inputs
    .map(({ name }, i) => ({ name, gain: gain[i], cover: cover[i], cuts: cuts[i] }))
    .sort((a, b) => b.gain - a.gain);
}
