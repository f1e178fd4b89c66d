// Margins of a forest: the base of each output plus the values of the leaves a row ends in.
import type { Frame } from '../../core/frame.ts';
import type { Forest } from './forest.ts';
import { forestKernels } from './kernels/forest-kernels.ts';
import { packForest, SLOT_HEAD } from './packing/packed-forest.ts';
import { plainScorer } from './plain-score.ts';
import { type InputColumn, inputColumns, valueAt } from './read-inputs.ts';
import { scoreColumns } from './score-columns.ts';
import type { ForestScorer, ScoreOptions } from './scorer.ts';

/**
 * Lays a forest out for scoring; 500 trees of 63 leaves take some milliseconds and 3 MB.
 *
 * @param simd false for plain TypeScript; otherwise WebAssembly where the machine has it. Both give the same bits.
 */
export function prepareForest(forest: Forest, { simd = true }: { simd?: boolean } = {}): ForestScorer {
  return (simd ? kernelScorer(forest) : undefined) ?? plainScorer(forest);
}

/** Batches come in groups of 64; under this many rows one walk each is sooner done. */
const FEW_ROWS = 8;

/** Forests are immutable, and packing one takes longer than scoring a row. */
const prepared = new WeakMap<Forest, ForestScorer>();

/** `score` of a forest, prepared the first time it is asked. */
export async function scoreForest(
  forest: Forest,
  frame: Frame,
  options: ScoreOptions = {},
): Promise<Float64Array> {
  const scorer = prepared.get(forest) ?? prepareForest(forest);
  prepared.set(forest, scorer);
  return scorer.score(frame, options);
}

function kernelScorer(forest: Forest): ForestScorer | undefined {
  const packed = packForest(forest);
  const kernels = packed && forestKernels(packed);
  if (!packed || !kernels) return undefined;
  const { used, outputs, plan, slot, stride } = packed;
  const row = new Float64Array(packed.memory.buffer, slot + SLOT_HEAD, used.length);
  const margins = new Float64Array(packed.memory.buffer, slot + SLOT_HEAD + used.length * stride, outputs);
  const scoreFew = (columns: readonly InputColumn[], rows: number): Float64Array => {
    const all = new Float64Array(rows * outputs);
    for (let at = 0; at < rows; at++) {
      for (let i = 0; i < columns.length; i++) row[i] = valueAt(columns[i], at);
      kernels.scoreRow(plan, slot);
      all.set(margins, at * outputs);
    }
    return all;
  };
  let helped = false;
  return {
    kind: 'simd',
    async score(frame, { threads = 1, signal } = {}) {
      const all = inputColumns(forest.inputs, frame);
      const columns = Array.from(used, (input) => all[input]);
      if (frame.rows < FEW_ROWS) return scoreFew(columns, frame.rows);
      // slots of helpers serve one call at a time; another goes on alone
      const alone = helped;
      helped = true;
      try {
        const run = { rows: frame.rows, threads: alone ? 1 : threads, signal };
        return await scoreColumns(packed, kernels, columns, run);
      } finally {
        if (!alone) helped = false;
      }
    },
    scoreRow(values, into) {
      for (let i = 0; i < used.length; i++) row[i] = values[used[i]];
      kernels.scoreRow(plan, slot);
      for (let output = 0; output < outputs; output++) into[output] = margins[output];
    },
  };
}
