// Layer norm and RMS norm, as exporters take them apart.

import type { Tensor } from '../../../graph.ts';
import { constant, constantData } from '../../../ops/leaf.ts';
import { layerNorm, rmsNorm } from '../../../ops/normalisation.ts';
import { eitherWay, isNear, numberOf, operands, type Recogniser } from './match.ts';

/** (x − mean) / √(variance + ε) · scale */
export const asLayerNorm: Recogniser = (inputs) => {
  for (const [normal, scale] of eitherWay(inputs)) {
    const parts = standardised(normal);
    if (parts === undefined || scale.shape.length !== 1 || scale.shape[0] !== parts.x.shape.at(-1)) continue;
    const none = constant(new Float64Array(scale.shape[0] as number), scale.shape);
    return layerNorm(parts.x, scale, none, parts.epsilon);
  }
  return undefined;
};

/** A layer norm without a shift, and the shift that is added to it. */
export const asShiftedLayerNorm: Recogniser = (inputs) => {
  for (const [scaled, shift] of eitherWay(inputs)) {
    const [x, scale, none] = operands(scaled, 'layerNorm');
    if (x === undefined || scale === undefined || !isZero(none)) continue;
    if (shift.shape.length === 1 && shift.shape[0] === scale.shape[0])
      return layerNorm(x, scale, shift, scaled.node.attributes.epsilon as number);
  }
  return undefined;
};

function isZero(tensor: Tensor | undefined): boolean {
  const data = tensor && constantData(tensor);
  return data !== undefined && Array.from<number | bigint>(data).every((value) => Number(value) === 0);
}

function standardised(normal: Tensor): { readonly x: Tensor; readonly epsilon: number } | undefined {
  const [centred, root] = operands(normal, 'div');
  const [safe] = operands(root, 'sqrt');
  const [x, center] = operands(centred, 'sub');
  if (x === undefined || meanOf(center) !== x) return undefined;
  for (const [spread, small] of eitherWay(operands(safe, 'add'))) {
    const epsilon = numberOf(small);
    if (epsilon !== undefined && squareOf(meanOf(spread)) === centred) return { x, epsilon };
  }
  return undefined;
}

/** x / √(mean(x²) + ε) · scale */
export const asRmsNorm: Recogniser = (inputs) => {
  for (const [unit, scale] of eitherWay(inputs)) {
    if (scale.shape.length !== 1) continue;
    for (const [x, root] of quotients(unit)) {
      const [safe] = operands(root, 'sqrt');
      for (const [power, small] of eitherWay(operands(safe, 'add'))) {
        const epsilon = numberOf(small);
        if (epsilon !== undefined && squareOf(meanOf(power)) === x && scale.shape[0] === x.shape.at(-1))
          return rmsNorm(x, scale, epsilon);
      }
    }
  }
  return undefined;
};

/** Dividend and divisor of `a / b`, `a · (1 / b)` or `a · reciprocal(b)`. */
function quotients(tensor: Tensor): readonly (readonly [Tensor, Tensor])[] {
  const [dividend, divisor] = operands(tensor, 'div');
  if (dividend !== undefined && divisor !== undefined) return [[dividend, divisor]];
  return eitherWay(operands(tensor, 'mul')).flatMap(([a, inverse]) => {
    const [one, below] = operands(inverse, 'div');
    const root = below !== undefined && isNear(one, 1) ? below : operands(inverse, 'reciprocal')[0];
    return root === undefined ? [] : [[a, root] as const];
  });
}

/** What a mean over the last axis is of: Σx · 1/n. */
function meanOf(tensor: Tensor | undefined): Tensor | undefined {
  for (const [total, share] of eitherWay(operands(tensor, 'mul'))) {
    const [x] = operands(total, 'sum');
    if (x === undefined) continue;
    const { over, keep } = total.node.attributes as {
      readonly over: readonly number[];
      readonly keep: boolean;
    };
    const isLast = over.length === 1 && over[0] === x.shape.length - 1 && keep;
    if (isLast && isNear(share, 1 / (x.shape.at(-1) as number))) return x;
  }
  return undefined;
}

function squareOf(tensor: Tensor | undefined): Tensor | undefined {
  const [powered] = operands(tensor, 'power');
  if (powered !== undefined && tensor?.node.attributes.exponent === 2) return powered;
  const [left, right] = operands(tensor, 'mul');
  return left !== undefined && left === right ? left : operands(tensor, 'square')[0];
}
