// Nodes that work number by number: arithmetic, comparisons, activations.

import type { Tensor } from '../../graph.ts';
import { gelu, leakyRelu, relu, sigmoid, softplus, tanh } from '../../ops/activations.ts';
import { add, cast, div, maximum, minimum, mul, neg, sub, where } from '../../ops/arithmetic.ts';
import { and, equal, greater, greaterOrEqual, less, lessOrEqual, not, or } from '../../ops/comparison.ts';
import {
  abs,
  clip,
  cos,
  erf,
  exp,
  floor,
  log,
  pow,
  reciprocal,
  sign,
  sin,
  sqrt,
} from '../../ops/elementwise.ts';
import {
  float,
  type Importer,
  type Importers,
  operand,
  operands,
  singleNumber,
  text,
  whole,
} from './node.ts';
import { dtypeOfCode } from './values.ts';

const one =
  (make: (x: Tensor) => Tensor): Importer =>
  (node) =>
    make(operand(node, 0));

const two =
  (make: (a: Tensor, b: Tensor) => Tensor): Importer =>
  (node) =>
    make(operand(node, 0), operand(node, 1));

const many =
  (make: (a: Tensor, b: Tensor) => Tensor): Importer =>
  (node) =>
    operands(node).reduce((total, x) => make(total, x));

export const ELEMENTWISE_IMPORTERS: Importers = {
  Add: two(add),
  Sub: two(sub),
  Mul: two(mul),
  Div: two(quotient),
  // a − b·⌊a/b⌋: the sign of the divisor, as for `fmod` 0
  Mod: two((a, b) => throughFloats(a, b, (x, y) => sub(x, mul(y, floor(div(x, y)))))),
  Pow: (node) => {
    const known = node.inputs[1] === undefined ? undefined : node.known(node.inputs[1]);
    const x = operand(node, 0);
    return pow(cast(x, 'float'), known?.length === 1 ? Number(known[0]) : cast(operand(node, 1), 'float'));
  },
  Max: many(maximum),
  Min: many(minimum),
  Sum: many(add),
  Mean: (node) => mul(many(add)(node) as Tensor, 1 / node.inputs.length),
  Equal: two(equal),
  Greater: two(greater),
  GreaterOrEqual: two(greaterOrEqual),
  Less: two(less),
  LessOrEqual: two(lessOrEqual),
  And: two(and),
  Or: two(or),
  Not: one(not),
  // Only a NaN differs from itself.
  IsNaN: one((x) => not(equal(x, x))),
  Where: (node) => where(operand(node, 0), operand(node, 1), operand(node, 2)),
  Cast: (node) => cast(operand(node, 0), dtypeOfCode(whole(node, 'to') ?? 0)),
  CastLike: two((x, like) => cast(x, like.dtype)),
  // Outside training both outputs are the input; the mask is never read.
  Dropout: one((x) => x),
  Neg: one(neg),
  Abs: one((x) => throughFloat(x, abs)),
  Sign: one((x) => throughFloat(x, sign)),
  Floor: one(floor),
  Ceil: one((x) => neg(floor(neg(x)))),
  Exp: one(exp),
  Log: one(log),
  Sqrt: one(sqrt),
  Reciprocal: one(reciprocal),
  Erf: one(erf),
  Sin: one(sin),
  Cos: one(cos),
  Tanh: one(tanh),
  Sigmoid: one(sigmoid),
  Softplus: one(softplus),
  Relu: one(relu),
  LeakyRelu: (node) => leakyRelu(operand(node, 0), float(node, 'alpha') ?? 0.01),
  Elu: (node) => {
    const x = operand(node, 0);
    // e^x of the negative part only: where x is large, e^x would be infinite and its gradient not a number
    const below = mul(sub(exp(minimum(x, 0)), 1), float(node, 'alpha') ?? 1);
    return where(greater(x, 0), x, below);
  },
  HardSigmoid: (node) =>
    hardSigmoid(operand(node, 0), float(node, 'alpha') ?? 0.2, float(node, 'beta') ?? 0.5),
  HardSwish: one((x) => mul(x, hardSigmoid(x, 1 / 6, 0.5))),
  Clip: (node) => {
    const low = float(node, 'min') ?? singleNumber(node, 1);
    const high = float(node, 'max') ?? singleNumber(node, 2);
    const limits = { ...(low === undefined ? {} : { low }), ...(high === undefined ? {} : { high }) };
    return throughFloat(operand(node, 0), (x) => clip(x, limits));
  },
  Gelu: (node) => gelu(operand(node, 0), text(node, 'approximate') === 'tanh' ? 'tanh' : 'erf'),
};

/** Whole numbers divide towards zero. */
function quotient(a: Tensor, b: Tensor): Tensor {
  return a.dtype === 'float' ? div(a, b) : throughFloats(a, b, div);
}

function throughFloats(a: Tensor, b: Tensor, make: (x: Tensor, y: Tensor) => Tensor): Tensor {
  return cast(make(cast(a, 'float'), cast(b, 'float')), a.dtype);
}

/** Functions our table has for floats alone, of whole numbers. */
function throughFloat(x: Tensor, make: (x: Tensor) => Tensor): Tensor {
  return cast(make(cast(x, 'float')), x.dtype);
}

function hardSigmoid(x: Tensor, slope: number, shift: number): Tensor {
  return clip(add(mul(x, slope), shift), { low: 0, high: 1 });
}
