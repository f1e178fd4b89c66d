// Tensors, the nodes that make them, and the row of the op table that says what a node means.

import { invariant } from '../core/errors.ts';
import type { OnnxAttribute } from './onnx/model.ts';
import { type Axis, type DType, sizesOf, type TensorType } from './type.ts';

export type NumericArray = Float64Array | Float32Array | Int32Array | Int8Array | Uint8Array | BigInt64Array;

export type AttributeValue =
  | number
  | string
  | boolean
  | readonly number[]
  | readonly Axis[]
  | NumericArray
  | undefined;

export type Attributes = Readonly<Record<string, AttributeValue>>;

/** A symbolic array: one output of one node. It holds no numbers; a session or the interpreter makes them. */
export interface Tensor extends TensorType {
  /** Grows with creation, so sorting by it is a topological order. */
  readonly id: number;
  readonly node: Node;
  /** Which output of the node this is. */
  readonly index: number;
  /** The sizes of `axes`. */
  readonly shape: readonly number[];
}

/** One application of an op. */
export interface Node<A extends Attributes = Attributes> {
  readonly op: AnyOp;
  readonly inputs: readonly Tensor[];
  readonly attributes: A;
  readonly outputs: readonly Tensor[];
}

/**
 * A gradient that touches only some rows of a table: `values[k]` belongs to row `indices[k]`; rows repeat.
 * Adding them up is the optimiser's work: onnxruntime's scatter-add loses updates on more than one thread.
 */
export interface Rows {
  /** int32, [count] */
  readonly indices: Tensor;
  /** [count, ...row] */
  readonly values: Tensor;
}

/** One share of a gradient: whole, or some rows of it. */
export type GradientPart = Tensor | Rows;

/** What a gradient rule returns for one input: nothing, one part, or parts that are to be added up. */
export type Cotangent = GradientPart | readonly GradientPart[] | undefined;

/** What a gradient rule sees: the node, and which of its inputs anybody wants a gradient of. */
export interface Call<A extends Attributes = Attributes> extends Node<A> {
  readonly needs: readonly boolean[];
}

/** An operand of a product as it is written. */
export interface MatrixOperand {
  readonly name: string;
  /** How many axes it has. */
  readonly rank: number;
  /** Read with its last two axes swapped. */
  readonly transposed?: boolean;
}

/** Where a row writes its ONNX nodes. */
export interface Emitter {
  /** The element type of `float` tensors in this model. */
  readonly float: 'float' | 'double';
  /** Whether the model keeps to standard ops: one to be kept does, one to be trained need not. */
  readonly isPortable: boolean;
  /** Adds one node of the standard domain and returns the names of its outputs. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    outputs?: number,
  ): readonly string[];
  /**
   * A product of matrices, in batches, with operands read transposed and the result scaled. In a model for onnxruntime
   * alone this is one node of its own; with a transpose written out, it would be merged into the one that splits heads,
   * and copy keys and values twice.
   */
  product(left: MatrixOperand, right: MatrixOperand, scale?: number): readonly string[];
  /** A float constant; equal constants are written once. */
  floats(values: ArrayLike<number>, shape: readonly number[]): string;
  /** An int64 constant vector, as ONNX wants for axes and shapes; pass `[]` as shape for a scalar. */
  ints(values: readonly number[], shape?: readonly number[]): string;
  /** To another element type, `float` meaning this model's. */
  cast(name: string, to: DType): readonly string[];
  /** A constant of the given element type. */
  constant(dtype: DType, values: ArrayLike<number> | BigInt64Array, shape: readonly number[]): string;
  /** Whether anything reads an output: nodes that only lead to unread ones need not be written. */
  reads(output: Tensor): boolean;
}

/** Inputs the op test feeds to a row: drawn uniformly from [low, high], whole where the type is. */
export interface Sample {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly low: number;
  readonly high: number;
  /** Exact values instead of drawn ones. */
  readonly values?: readonly number[];
  /** No two values closer than this, and none closer to 0: keeps central differences off kinks and ties. */
  readonly gap?: number;
}

/** One way the op test calls a row. */
export interface OpCase {
  readonly name?: string;
  readonly inputs: readonly Sample[];
  readonly attributes?: Attributes;
}

/**
 * One row of the op table: everything the engine knows of an op.
 * The op test iterates the rows: onnxruntime equals `evaluate`, and `gradient` equals the central difference of it.
 */
export interface Op<A extends Attributes = Attributes> {
  readonly name: string;
  /** The shape rule. @throws AppError SHAPE naming the axes that do not fit */
  readonly infer: (inputs: readonly Tensor[], attributes: A) => readonly TensorType[];
  /** The reference, in float64: row-major arrays in, row-major arrays out (bools are 0 and 1). */
  readonly evaluate: (inputs: readonly Float64Array[], node: Node<A>) => readonly Float64Array[];
  /** Vector-Jacobian product, as a graph. Absent: the op has no gradient, and none flows through it. */
  readonly gradient?: (call: Call<A>, cotangents: readonly (Tensor | undefined)[]) => readonly Cotangent[];
  /**
   * The output made a second time, out of what the row's own gradient needs anyway. Users' gradients then read this one,
   * and the first need not be kept from the forward pass to the backward. Undefined where keeping it is the better deal.
   */
  readonly remake?: (node: Node<A>) => Tensor | undefined;
  /** ONNX: the op type where it is one node without attributes, else a function. */
  readonly emit: string | ((onnx: Emitter, inputs: readonly string[], node: Node<A>) => readonly string[]);
  /**
   * How many of the outputs are results, all by default. Those after them only serve the row's own gradient rule, and
   * no gradient flows to them.
   */
  readonly results?: number;
  readonly cases: readonly OpCase[];
}

/** A row whatever its attributes: what tables and nodes hold. */
export type AnyOp = Op<never>;

let created = 0;

/** Makes a node: the only place where tensors come into being. */
export function apply<A extends Attributes>(op: Op<A>, inputs: readonly Tensor[], attributes: A): Node<A> {
  const types = op.infer(inputs, attributes);
  const outputs: Tensor[] = [];
  const node: Node<A> = { op, inputs, attributes, outputs };
  for (const [index, { dtype, axes }] of types.entries())
    outputs.push({ id: created++, node, index, dtype, axes, shape: sizesOf(axes) });
  return node;
}

/** Applies an op of one output. */
export function applyOne<A extends Attributes>(op: Op<A>, inputs: readonly Tensor[], attributes: A): Tensor {
  const { outputs } = apply(op, inputs, attributes);
  invariant(outputs.length === 1, `${op.name} has ${outputs.length} outputs`);
  return outputs[0] as Tensor;
}

/** Every node the outputs rest on, inputs before users. */
export function nodesBelow(outputs: readonly Tensor[]): readonly Node[] {
  const seen = new Set<Node>();
  const waiting = outputs.map((tensor) => tensor.node);
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    for (const input of node.inputs) waiting.push(input.node);
  }
  return [...seen].sort((a, b) => firstId(a) - firstId(b));
}

function firstId(node: Node): number {
  return (node.outputs[0] as Tensor).id;
}
