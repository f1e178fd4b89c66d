// Attention, as exporters take it apart.

import type { Tensor } from '../../../graph.ts';
import { add, where } from '../../../ops/arithmetic.ts';
import { attend } from '../../../ops/attention.ts';
import { greaterOrEqual } from '../../../ops/comparison.ts';
import { clip } from '../../../ops/elementwise.ts';
import { max } from '../../../ops/reductions.ts';
import { transpose } from '../../../ops/structure.ts';
import { eitherWay, isNear, numberOf, operands, type Recogniser } from './match.ts';

/** softmax(scale · Q·Kᵀ + bias) · V, with or without a guard that turns rows of NaN to 0 */
export const asAttention: Recogniser = ([weights, value]) => {
  const guarded = guardedByZero(weights);
  const softened = guarded ?? weights;
  const [scores] = operands(softened, 'softmax');
  if (scores === undefined || value === undefined || value.shape.length < 3) return undefined;
  if (softened?.node.attributes.axis !== scores.shape.length - 1) return undefined;

  for (const { raw, bias } of biasesOf(scores)) {
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
};

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

interface Biased {
  readonly raw: Tensor;
  readonly bias?: Tensor;
}

/** Each way to read scores as something and what is added to it: a mask, a bias of position, or both. */
function biasesOf(scores: Tensor, bias?: Tensor): readonly Biased[] {
  const inner = eitherWay(operands(scores, 'add')).flatMap(([rest, added]) =>
    biasesOf(rest, bias === undefined ? added : add(added, bias)),
  );
  return [{ raw: scores, ...(bias === undefined ? {} : { bias }) }, ...inner];
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
