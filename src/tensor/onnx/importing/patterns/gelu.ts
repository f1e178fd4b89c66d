// GELU in both its forms, as exporters take it apart.

import type { Tensor } from '../../../graph.ts';
import { gelu } from '../../../ops/activations.ts';
import { eitherWay, isNear, operands, type Recogniser } from './match.ts';

/** ½ · x · (1 + erf(x / √2)), or with tanh(√(2/π)(x + 0.044715x³)) for erf; the three factors in any order */
export const asGelu: Recogniser = (inputs) => {
  for (const factors of threeFactors(inputs)) {
    if (!factors.some((factor) => isNear(factor, 0.5))) continue;
    const [first, second] = factors.filter((factor) => !isNear(factor, 0.5));
    for (const [x, gate] of eitherWay([first, second]))
      for (const [curve, one] of eitherWay(operands(gate, 'add'))) {
        if (!isNear(one, 1)) continue;
        const [scaled] = operands(curve, 'erf');
        if (scaled !== undefined && isScaled(scaled, x, Math.SQRT1_2)) return gelu(x);
        const [bent] = operands(curve, 'tanh');
        if (bent !== undefined && isBent(bent, x)) return gelu(x, 'tanh');
      }
  }
  return undefined;
};

/** A product of products as three factors, in each way it can be cut. */
function threeFactors([left, right]: readonly Tensor[]): readonly (readonly Tensor[])[] {
  return [
    [...operands(left, 'mul'), right as Tensor],
    [...operands(right, 'mul'), left as Tensor],
  ].filter((factors) => factors.length === 3);
}

function isScaled(tensor: Tensor, x: Tensor, factor: number): boolean {
  const [divided, divisor] = operands(tensor, 'div');
  if (divided === x && isNear(divisor, 1 / factor)) return true;
  return eitherWay(operands(tensor, 'mul')).some(([inner, by]) => inner === x && isNear(by, factor));
}

/** √(2/π) · (x + 0.044715 · x³) */
function isBent(tensor: Tensor, x: Tensor): boolean {
  return eitherWay(operands(tensor, 'mul')).some(
    ([total, scale]) =>
      isNear(scale, Math.sqrt(2 / Math.PI)) &&
      eitherWay(operands(total, 'add')).some(
        ([plain, cubic]) =>
          plain === x &&
          eitherWay(operands(cubic, 'mul')).some(([cube, by]) => isNear(by, 0.044715) && isCubeOf(cube, x)),
      ),
  );
}

function isCubeOf(tensor: Tensor, x: Tensor): boolean {
  const [powered] = operands(tensor, 'power');
  if (powered !== undefined) return powered === x && tensor.node.attributes.exponent === 3;
  return eitherWay(operands(tensor, 'mul')).some(
    ([square, factor]) =>
      factor === x &&
      operands(square, 'mul').length === 2 &&
      operands(square, 'mul').every((one) => one === x),
  );
}
