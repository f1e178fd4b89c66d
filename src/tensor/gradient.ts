// Reverse-mode differentiation: walks a graph backwards and writes its gradient as more graph.

import { AppError } from '../core/errors.ts';
import {
  type Call,
  type Cotangent,
  type GradientPart,
  type Node,
  nodesBelow,
  type Rows,
  type Tensor,
} from './graph.ts';
import { add } from './ops/arithmetic.ts';
import { scatterRows } from './ops/indexing.ts';
import { constant } from './ops/leaf.ts';
import { describeAxes, volume } from './type.ts';

/** The gradient with respect to one tensor: the sum of a dense part and of rows; a tensor nothing rests on has neither. */
export interface Gradient {
  readonly dense?: Tensor;
  readonly rows: readonly Rows[];
}

/**
 * Gradients of a scalar with respect to each of `wanted`, as graph. Only what lies between them is walked, and rules
 * are told which inputs matter, so that frozen weights cost nothing.
 *
 * @throws AppError SHAPE when the loss is not one number
 */
export function gradients(loss: Tensor, wanted: readonly Tensor[]): readonly Gradient[] {
  if (volume(loss.shape) !== 1)
    throw new AppError(
      'SHAPE',
      `expected a loss of one number, got ${describeAxes(loss.axes)}; take its mean or sum`,
    );
  return pullBack([loss], [constant([1], loss.shape)], wanted);
}

/**
 * The vector-Jacobian product: what `cotangents` of `outputs` are worth at each of `wanted`.
 *
 * @param cotangents one a output, of its shape
 */
export function pullBack(
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[],
  wanted: readonly Tensor[],
): readonly Gradient[] {
  const needed = nodesBetween(outputs, wanted);
  const received = new Map<Tensor, readonly GradientPart[]>();
  for (const [i, output] of outputs.entries()) receive(received, output, cotangents[i]);

  const again = new Map<Tensor, Tensor>();
  /** What a rule reads instead of an input that is cheaper to make again than to keep. */
  const remade = (input: Tensor): Tensor => {
    const { remake } = input.node.op;
    if (remake === undefined || !needed.has(input.node)) return input;
    const known = again.get(input) ?? remake(input.node as never) ?? input;
    again.set(input, known);
    return known;
  };

  for (const node of [...needed].reverse()) {
    const { gradient } = node.op;
    if (gradient === undefined) continue;
    const upstream = node.outputs.map((output) => dense(output, received.get(output)));
    if (upstream.every((g) => g === undefined)) continue;
    const needs = node.inputs.map((input) => needed.has(input.node) && input.dtype === 'float');
    const call: Call = { ...node, inputs: node.inputs.map(remade), needs };
    const parts = gradient(call as Call<never>, upstream);
    for (const [i, input] of node.inputs.entries()) if (needs[i]) receive(received, input, parts[i]);
  }
  return wanted.map((tensor) => collect(received.get(tensor)));
}

/** Nodes that lead from any of `wanted` to `outputs`, inputs before users. */
function nodesBetween(outputs: readonly Tensor[], wanted: readonly Tensor[]): ReadonlySet<Node> {
  const starts = new Set(wanted.map((tensor) => tensor.node));
  const between = new Set<Node>();
  for (const node of nodesBelow(outputs))
    if (starts.has(node) || node.inputs.some((input) => between.has(input.node))) between.add(node);
  return between;
}

function receive(received: Map<Tensor, readonly GradientPart[]>, tensor: Tensor, cotangent: Cotangent): void {
  if (cotangent !== undefined) received.set(tensor, [...(received.get(tensor) ?? []), ...partsOf(cotangent)]);
}

function partsOf(cotangent: NonNullable<Cotangent>): readonly GradientPart[] {
  return Array.isArray(cotangent) ? cotangent : [cotangent as GradientPart];
}

function collect(parts: readonly GradientPart[] = []): Gradient {
  const rows = parts.filter(isRows);
  const whole = parts.filter((part): part is Tensor => !isRows(part));
  return whole.length === 0 ? { rows } : { dense: whole.reduce((total, part) => add(total, part)), rows };
}

/** One dense tensor out of all that flowed to `tensor`. */
function dense(tensor: Tensor, parts: readonly GradientPart[] | undefined): Tensor | undefined {
  return parts === undefined ? undefined : denseGradient(tensor, collect(parts));
}

/** The gradient of `tensor` as one dense tensor; undefined when nothing flowed to it. */
export function denseGradient(tensor: Tensor, { dense: whole, rows }: Gradient): Tensor | undefined {
  const scattered = rows.map(({ indices, values }) =>
    scatterRows(indices, values, tensor.shape[0] as number),
  );
  const parts = whole === undefined ? scattered : [whole, ...scattered];
  return parts.length === 0 ? undefined : parts.reduce((total, part) => add(total, part));
}

function isRows(part: GradientPart): part is Rows {
  return 'indices' in part;
}
