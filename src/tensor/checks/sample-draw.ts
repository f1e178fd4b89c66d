// Draws the numbers a sample of the op table asks for.

import type { Random } from '../../core/random.ts';
import type { Sample } from '../graph.ts';
import { volume } from '../type.ts';

export function drawSample({ dtype, shape, low, high, values, gap }: Sample, draws: Random): Float64Array {
  const count = volume(shape);
  if (values !== undefined) return Float64Array.from(values);
  if (dtype !== 'float')
    return Float64Array.from({ length: count }, () => low + draws.integer(high - low + 1));
  if (gap !== undefined) return spaced(count, gap, draws);
  // Through float32, so that onnxruntime and the reference start from the same numbers.
  return Float64Array.from({ length: count }, () => Math.fround(low + (high - low) * draws.uniform()));
}

/** Shuffled multiples of `gap`, half of them negative, none zero. */
function spaced(count: number, gap: number, draws: Random): Float64Array {
  const values = Float64Array.from({ length: count }, (_, i) =>
    Math.fround((i % 2 === 0 ? 1 : -1) * gap * (i + 1)),
  );
  return draws.shuffle(values);
}
