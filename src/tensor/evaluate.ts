// The interpreter: runs a graph in float64 by the references of the op table. Slow, and the measure of everything else.

import { AppError } from '../core/errors.ts';
import { nodesBelow, type Tensor } from './graph.ts';
import { isInput, isParameter, leafName } from './ops/leaf.ts';
import { describeAxes, volume } from './type.ts';

/** Values of inputs and parameters by name, row-major. */
export type Feeds = Readonly<Record<string, ArrayLike<number>>>;

/**
 * The numbers of `outputs`, each row-major, in float64.
 *
 * @throws AppError NOT_FOUND for a leaf without a value, SHAPE for one of the wrong size
 */
export function evaluate(outputs: readonly Tensor[], feeds: Feeds): readonly Float64Array[] {
  const values = new Map<Tensor, Float64Array>();
  for (const node of nodesBelow(outputs)) {
    const [first] = node.outputs as readonly [Tensor];
    if ((isInput(first) || isParameter(first)) && feeds[leafName(first)] !== undefined) {
      values.set(first, fed(first, feeds));
      continue;
    }
    const inputs = node.inputs.map((input) => values.get(input) as Float64Array);
    for (const [i, value] of node.op.evaluate(inputs, node as never).entries()) {
      const output = node.outputs[i] as Tensor;
      if (value.length !== volume(output.shape))
        throw new AppError(
          'SHAPE',
          `${node.op.name}: reference gave ${value.length} values for ${describeAxes(output.axes)}`,
        );
      values.set(output, value);
    }
  }
  return outputs.map((output) => values.get(output) as Float64Array);
}

function fed(leaf: Tensor, feeds: Feeds): Float64Array {
  const name = leafName(leaf);
  const data = feeds[name] as ArrayLike<number>;
  if (data.length !== volume(leaf.shape))
    throw new AppError(
      'SHAPE',
      `"${name}" ${describeAxes(leaf.axes)}: expected ${volume(leaf.shape)} values, got ${data.length}`,
    );
  return Float64Array.from(data);
}
