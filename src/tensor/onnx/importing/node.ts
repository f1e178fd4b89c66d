// A node of a file as the importers see it: its inputs as tensors of ours, its attributes, and what is known in numbers.

import { AppError } from '../../../core/errors.ts';
import type { NumericArray, Tensor } from '../../graph.ts';
import type { OnnxAttribute, OnnxNode } from '../model.ts';

export interface ImportedNode {
  readonly source: OnnxNode;
  /** Version of the operator set the node belongs to: what inputs and attributes mean changed over the years. */
  readonly opset: number;
  /** Absent optional inputs are undefined. */
  readonly inputs: readonly (Tensor | undefined)[];
  /** The numbers of a constant or of a weight; undefined for what depends on what is fed. */
  readonly known: (tensor: Tensor) => NumericArray | undefined;
}

/** How nodes of one type become a piece of our graph: a tensor for each output. */
export type Importer = (node: ImportedNode) => Tensor | readonly Tensor[];

/** Importers by op type; ops outside the standard domain as `domain:type`. */
export type Importers = Readonly<Record<string, Importer>>;

/** `MatMul (node "encoder/MatMul")`: how an error names a node. */
export function describeNode({ opType, name, outputs }: OnnxNode): string {
  return `${opType} (node "${name === '' ? (outputs[0] ?? '') : name}")`;
}

export function refusal(node: ImportedNode, reason: string): AppError {
  return new AppError('BAD_FILE', `${describeNode(node.source)}: ${reason}`);
}

/** @throws AppError BAD_FILE when the node has no such input */
export function operand(node: ImportedNode, at: number): Tensor {
  const tensor = node.inputs[at];
  if (tensor === undefined) throw refusal(node, `expected input ${at}, got none`);
  return tensor;
}

/** All inputs of a node that takes as many as one likes. */
export function operands(node: ImportedNode): readonly Tensor[] {
  return node.inputs.map((_, at) => operand(node, at));
}

/**
 * The numbers of an input that must not depend on what is fed: sizes, axes, limits.
 *
 * @throws AppError BAD_FILE when they do
 */
export function numbers(node: ImportedNode, at: number): readonly number[] | undefined {
  const tensor = node.inputs[at];
  if (tensor === undefined) return undefined;
  const data = node.known(tensor);
  if (data === undefined)
    throw refusal(
      node,
      `expected input ${at} to follow from the shapes, but it depends on the values fed; export the model without that`,
    );
  return Array.from(data as Iterable<number | bigint>, Number);
}

/** The single number of an input. */
export function singleNumber(node: ImportedNode, at: number): number | undefined {
  const list = numbers(node, at);
  if (list !== undefined && list.length !== 1)
    throw refusal(node, `expected one number as input ${at}, got ${list.length}`);
  return list?.[0];
}

/** A list that older opsets keep in an attribute and newer ones in an input. */
export function listOf(node: ImportedNode, attribute: string, at: number): readonly number[] | undefined {
  return wholes(node, attribute) ?? numbers(node, at);
}

export function whole(node: ImportedNode, name: string): number | undefined {
  const value = attributeOf(node, name);
  return value !== undefined && 'int' in value ? value.int : undefined;
}

export function wholes(node: ImportedNode, name: string): readonly number[] | undefined {
  const value = attributeOf(node, name);
  return value !== undefined && 'ints' in value ? value.ints : undefined;
}

export function float(node: ImportedNode, name: string): number | undefined {
  const value = attributeOf(node, name);
  return value !== undefined && 'float' in value ? value.float : undefined;
}

export function floats(node: ImportedNode, name: string): readonly number[] | undefined {
  const value = attributeOf(node, name);
  return value !== undefined && 'floats' in value ? value.floats : undefined;
}

export function text(node: ImportedNode, name: string): string | undefined {
  const value = attributeOf(node, name);
  return value !== undefined && 'string' in value ? value.string : undefined;
}

export function attributeOf({ source }: ImportedNode, name: string): OnnxAttribute | undefined {
  return source.attributes[name];
}

/** From the first axis: -1 is the last. */
export function fromFirst(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
