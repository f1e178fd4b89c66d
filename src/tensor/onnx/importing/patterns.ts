// Recognises what exporters took apart: layer norm, GELU and attention become single rows again, whose gradients are
// cheaper than those of their pieces.

import type { Node, Tensor } from '../../graph.ts';
import { gelu } from '../../ops/activations.ts';
import { greaterOrEqual, where } from '../../ops/arithmetic.ts';
import { attend } from '../../ops/attention.ts';
import { clip } from '../../ops/elementwise.ts';
import { constantData, isConstant } from '../../ops/leaf.ts';
import { layerNorm } from '../../ops/normalisation.ts';
import { max } from '../../ops/reductions.ts';
import { transpose } from '../../ops/structure.ts';
import { type Rewrite, rewriteGraph } from '../../rewrite.ts';

/** Exporters write √2 and its like in float32. */
const CLOSE = 1e-6;

/** The same outputs with every pattern found replaced. */
export function recognise(outputs: readonly Tensor[]): readonly Tensor[] {
  return rewriteGraph(outputs, replacement);
}

const replacement: Rewrite = (node, inputs) => {
  const found = recogniser(node)?.(inputs);
  return found === undefined ? undefined : [found];
};

type Recogniser = (inputs: readonly Tensor[]) => Tensor | undefined;

function recogniser({ op }: Node): Recogniser | undefined {
  switch (op.name) {
    case 'add':
      return asLayerNorm;
    case 'mul':
      return asGelu;
    case 'matmul':
      return asAttention;
    default:
      return undefined;
  }
}

/** (x − mean) / √(variance + ε) · scale + shift */
function asLayerNorm(inputs: readonly Tensor[]): Tensor | undefined {
  for (const [scaled, shift] of eitherWay(inputs)) {
    for (const [normal, scale] of eitherWay(operands(scaled, 'mul'))) {
      const parts = standardised(normal);
      if (parts === undefined) continue;
      const width = parts.x.shape.at(-1);
      if ([scale, shift].some(({ shape }) => shape.length !== 1 || shape[0] !== width)) continue;
      return layerNorm(parts.x, scale, shift, parts.epsilon);
    }
  }
  return undefined;
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

/** ½ · x · (1 + erf(x / √2)), the three factors in any order */
function asGelu(inputs: readonly Tensor[]): Tensor | undefined {
  for (const factors of threeFactors(inputs)) {
    if (!factors.some((factor) => isNear(factor, 0.5))) continue;
    const [first, second] = factors.filter((factor) => !isNear(factor, 0.5));
    for (const [x, gate] of eitherWay([first, second]))
      for (const [curve, one] of eitherWay(operands(gate, 'add'))) {
        const [scaled] = operands(curve, 'erf');
        if (scaled !== undefined && isNear(one, 1) && isScaled(scaled, x, Math.SQRT1_2)) return gelu(x);
      }
  }
  return undefined;
}

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

/** softmax(scale · Q·Kᵀ + bias) · V, with or without a guard that turns rows of NaN to 0 */
function asAttention([weights, value]: readonly Tensor[]): Tensor | undefined {
  const guarded = guardedByZero(weights);
  const softened = guarded ?? weights;
  const [scores] = operands(softened, 'softmax');
  if (scores === undefined || value === undefined || value.shape.length < 3) return undefined;
  if (softened?.node.attributes.axis !== scores.shape.length - 1) return undefined;

  const biased: readonly (readonly [Tensor, Tensor | undefined])[] = [
    [scores, undefined],
    ...eitherWay(operands(scores, 'add')),
  ];
  for (const [raw, bias] of biased) {
    const { x: dots, factor } = unscaled(raw);
    const [left, right] = operands(dots, 'matmul');
    if (left === undefined || right === undefined || !isPlainProduct(dots)) continue;
    const query = unscaled(left);
    const keys = unscaled(right);
    const scale = factor * query.factor * keys.factor;
    const key = swapped(keys.x);
    const batch = String(query.x.shape.slice(0, -2));
    if ([key, value].some(({ shape }) => String(shape.slice(0, -2)) !== batch)) continue;
    if (bias === undefined) return attend(query.x, key, value, { scale }).context;
    if (bias.shape.some((size, i) => size > (scores.shape.at(i - bias.shape.length) as number))) continue;
    if (guarded === undefined) return attend(query.x, key, value, { scale, bias }).context;
    return attendSomewhere([query.x, key, value], scale, bias);
  }
  return undefined;
}

/**
 * Attention where a query may see no key at all: the exporter lets its weights become 0/0 and puts 0 in their place,
 * forwards; backwards 0/0 would spread. Here the bias is kept finite and such a query's context is set to 0.
 */
function attendSomewhere(
  [query, key, value]: readonly [Tensor, Tensor, Tensor],
  scale: number,
  bias: Tensor,
): Tensor {
  const finite = clip(bias, { low: LOWEST });
  const { context } = attend(query, key, value, { scale, bias: finite });
  return where(greaterOrEqual(max(bias, -1, { keep: true }), FLOAT32_LOWEST), context, 0);
}

/** Far below any score, and far enough from the end of float32 that adding a score stays finite. */
const LOWEST = -1e30;

const FLOAT32_LOWEST = -3.4028234663852886e38;

/** where(p ≠ p, 0, p) → p */
function guardedByZero(tensor: Tensor | undefined): Tensor | undefined {
  const [test, zero, x] = operands(tensor, 'where');
  const [same] = operands(test, 'not');
  const [left, right] = operands(same, 'equal');
  return x !== undefined && left === x && right === x && isNear(zero, 0) ? x : undefined;
}

function unscaled(x: Tensor): { readonly x: Tensor; readonly factor: number } {
  const [divided, divisor] = operands(x, 'div');
  const by = numberOf(divisor);
  if (divided !== undefined && by !== undefined) return { x: divided, factor: 1 / by };
  for (const [inner, factor] of eitherWay(operands(x, 'mul'))) {
    const number = numberOf(factor);
    if (number !== undefined) return { x: inner, factor: number };
  }
  return { x, factor: 1 };
}

function isPlainProduct({ node }: Tensor): boolean {
  return node.attributes.transposeLeft === false && node.attributes.transposeRight === false;
}

/** The last two axes exchanged, by undoing a transpose where there is one. */
function swapped(x: Tensor): Tensor {
  const rank = x.shape.length;
  const [source] = operands(x, 'transpose');
  if (source === undefined) return transpose(x);
  const order = [...(x.node.attributes.order as readonly number[])];
  order.push(...order.splice(rank - 2, 2).reverse());
  return order.every((axis, i) => axis === i) ? source : transpose(source, order);
}

/** The inputs of the node that made `tensor`, if it is of this op. */
function operands(tensor: Tensor | undefined, op: string): readonly Tensor[] {
  return tensor !== undefined && tensor.node.op.name === op ? tensor.node.inputs : [];
}

function eitherWay([a, b]: readonly (Tensor | undefined)[]): readonly (readonly [Tensor, Tensor])[] {
  return a === undefined || b === undefined
    ? []
    : [
        [a, b],
        [b, a],
      ];
}

/** The number of a constant that holds one. */
function numberOf(tensor: Tensor | undefined): number | undefined {
  if (tensor === undefined || !isConstant(tensor)) return undefined;
  const data = constantData(tensor);
  return data?.length === 1 ? Number(data[0]) : undefined;
}

function isNear(tensor: Tensor | undefined, wanted: number): boolean {
  const number = numberOf(tensor);
  return number !== undefined && Math.abs(number - wanted) <= CLOSE * Math.max(1, Math.abs(wanted));
}
