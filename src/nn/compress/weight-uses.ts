// Which weights of an ONNX model can be 8-bit: those that products or row look-ups read, and nothing else.

import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor } from '../../tensor/onnx/model.ts';

/** A matrix multiplied from the right, or a table whose rows are read. */
export type UseKind = 'product' | 'rows';

export interface WeightUse {
  readonly kind: UseKind;
  readonly node: OnnxNode;
}

/** A weight and everything that reads it. */
export interface QuantisableWeight {
  readonly tensor: OnnxTensor;
  readonly shape: readonly [number, number];
  readonly uses: readonly WeightUse[];
  /** The axis that may have scales of its own: outputs of a product, rows of a table. */
  readonly axis: 0 | 1;
}

/** A weight left as it is. */
export interface KeptWeight {
  readonly name: string;
  readonly bytes: number;
  readonly why: string;
}

export interface WeightChoice {
  readonly chosen: readonly QuantisableWeight[];
  /** Float weights that stay, largest first. */
  readonly kept: readonly KeptWeight[];
}

/** Below this a scale a column and the nodes around weigh more than what is saved. */
const FEWEST = 1024;

/** Chooses among the float initialisers of the main graph; `wanted` is asked by name. */
export function chooseWeights(model: OnnxModel, wanted: (name: string) => boolean): WeightChoice {
  const { graph } = model;
  const readers = new Map<string, OnnxNode[]>();
  for (const node of graph.nodes)
    for (const name of new Set(node.inputs)) readers.set(name, [...(readers.get(name) ?? []), node]);
  const bound = new Set([
    ...graph.nodes.flatMap(innerNames),
    ...graph.inputs.map(({ name }) => name),
    ...graph.outputs.map(({ name }) => name),
  ]);

  const chosen: QuantisableWeight[] = [];
  const kept: KeptWeight[] = [];
  for (const tensor of graph.initializers) {
    if (tensor.elementType !== 'float') continue;
    const answer = judge(tensor, readers.get(tensor.name) ?? [], { bound, wanted });
    if (typeof answer === 'string') kept.push({ name: tensor.name, bytes: tensor.bytes.length, why: answer });
    else chosen.push(answer);
  }
  return { chosen, kept: kept.sort((a, b) => b.bytes - a.bytes) };
}

interface Rules {
  readonly bound: ReadonlySet<string>;
  readonly wanted: (name: string) => boolean;
}

function judge(
  tensor: OnnxTensor,
  readers: readonly OnnxNode[],
  { bound, wanted }: Rules,
): QuantisableWeight | string {
  const { name, dims } = tensor;
  if (dims.length !== 2) return 'no matrix';
  const shape = dims as readonly [number, number];
  if (shape[0] * shape[1] < FEWEST) return 'small';
  if (!wanted(name)) return 'not chosen';
  if (bound.has(name) || readers.length === 0) return 'read from outside its graph';
  const axes = readers.map((node) => scaledAxis(node, name));
  const [axis] = axes;
  if (axis === undefined || axes.includes(undefined))
    return `read by ${readers[axes.indexOf(undefined)]?.opType}`;
  if (axes.some((other) => other !== axis)) return 'read along both axes';
  const uses = readers.map((node): WeightUse => {
    return { node, kind: node.opType === 'Gather' ? 'rows' : 'product' };
  });
  return { tensor, shape, uses, axis };
}

/** The axis of the weight that survives the node, when the node is one that has an 8-bit form. */
function scaledAxis(node: OnnxNode, weight: string): 0 | 1 | undefined {
  const { opType, domain, inputs, attributes } = node;
  if (domain !== '' || inputs.filter((name) => name === weight).length !== 1) return undefined;
  if (opType === 'Gather') return inputs[0] === weight && intOf(attributes.axis, 0) === 0 ? 0 : undefined;
  if (inputs[1] !== weight) return undefined;
  if (opType === 'MatMul') return 1;
  if (opType !== 'Gemm' || intOf(attributes.transA, 0) !== 0) return undefined;
  const scaled = [attributes.alpha, attributes.beta].some((one) => one && 'float' in one && one.float !== 1);
  return scaled ? undefined : intOf(attributes.transB, 0) === 1 ? 0 : 1;
}

function intOf(attribute: OnnxAttribute | undefined, absent: number): number {
  return attribute !== undefined && 'int' in attribute ? attribute.int : absent;
}

/** Names read by the bodies of loops and branches. */
function innerNames({ attributes }: OnnxNode): readonly string[] {
  return Object.values(attributes).flatMap((attribute) =>
    'graph' in attribute ? namesIn(attribute.graph) : [],
  );
}

function namesIn({ nodes, outputs }: OnnxGraph): readonly string[] {
  return [
    ...nodes.flatMap((node) => [...node.inputs, ...innerNames(node)]),
    ...outputs.map(({ name }) => name),
  ];
}
