// From an ONNX file to a graph of ours: shapes folded at fixed sizes, weights as parameters, the rest differentiable.

import { AppError } from '../../core/errors.ts';
import { evaluate } from '../evaluate.ts';
import { type NumericArray, nodesBelow, type Tensor } from '../graph.ts';
import { cast } from '../ops/arithmetic.ts';
import { constant, constantData, input, isConstant, parameter } from '../ops/leaf.ts';
import { type AxesLike, describeAxes, sizesOf } from '../type.ts';
import { CONVOLUTION_IMPORTERS } from './importing/convolution.ts';
import { ELEMENTWISE_IMPORTERS } from './importing/elementwise.ts';
import { MATRIX_IMPORTERS } from './importing/matrix.ts';
import { MICROSOFT, MICROSOFT_IMPORTERS, STRAY_IMPORTERS } from './importing/microsoft.ts';
import { nameInitialisers } from './importing/names.ts';
import { describeNode, type ImportedNode, type Importers } from './importing/node.ts';
import { NORMALISATION_IMPORTERS } from './importing/normalisation.ts';
import { recognise } from './importing/patterns/recognise.ts';
import { REDUCTION_IMPORTERS } from './importing/reductions.ts';
import { refuseUnknown, typeOf } from './importing/refusals.ts';
import { SHAPE_IMPORTERS } from './importing/shapes.ts';
import { STRUCTURE_IMPORTERS } from './importing/structure.ts';
import { constantOf, dtypeOf, valuesOf } from './importing/values.ts';
import { isWeight } from './importing/weights.ts';
import type { OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from './model.ts';

/** Every op type that can be imported, and how it becomes our graph. */
export const IMPORTERS: Importers = {
  ...SHAPE_IMPORTERS,
  ...STRUCTURE_IMPORTERS,
  ...ELEMENTWISE_IMPORTERS,
  ...REDUCTION_IMPORTERS,
  ...MATRIX_IMPORTERS,
  ...NORMALISATION_IMPORTERS,
  ...CONVOLUTION_IMPORTERS,
  ...STRAY_IMPORTERS,
  ...Object.fromEntries(
    Object.entries(MICROSOFT_IMPORTERS).map(([type, make]) => [`${MICROSOFT}:${type}`, make]),
  ),
};

/** At which shapes, and how much of it. */
export interface ImportOptions {
  /** The fixed shape of each input: `{ input_ids: [16, 64] }`, or with names `{ batch: 16, time: 64 }`. */
  readonly inputs: Readonly<Record<string, AxesLike>>;
  /** Which outputs to import; all by default. What no wanted output rests on is left out. */
  readonly outputs?: readonly string[];
  /** How inputs of whole numbers are fed: as the file declares (`int64`, by default), or all as `int32`. */
  readonly integers?: 'as declared' | 'int32';
}

/** A weight of the file. */
export interface ImportedParameter {
  /** Readable and the same at every import; see `nameInitialisers`. */
  readonly name: string;
  readonly tensor: Tensor;
  readonly value: Float32Array;
}

/** A file as graph. */
export interface ImportedModel {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Those the outputs rest on, in the file's order. */
  readonly parameters: readonly ImportedParameter[];
}

/**
 * Imports a model at one batch shape. What follows from shapes alone becomes constants; weights (see `isWeight`) become
 * parameters, in float32 whatever the file's width; other numbers stay constants, and so do the running statistics of
 * batch normalisations. Norms, GELU and attention in pieces become single rows.
 *
 * @throws AppError BAD_FILE for a quantised model, control flow, or ops that are not known (all are named); USAGE for
 *   inputs or outputs the model does not have or lacks; SHAPE when sizes do not fit
 */
export function importModel(
  model: OnnxModel,
  { inputs, outputs, integers = 'as declared' }: ImportOptions,
): ImportedModel {
  const { graph } = model;
  const wanted = outputs ?? graph.outputs.map(({ name }) => name);
  requireOutputs(graph, wanted);
  const nodes = nodesFor(graph, wanted);
  refuseUnknown(nodes, IMPORTERS);

  const leaves = openLeaves(graph, inputs, integers);
  const tensors = new Map<string, Tensor>(leaves.tensors);
  const known = (tensor: Tensor): NumericArray | undefined =>
    constantData(tensor) ?? leaves.weights.get(tensor)?.value;
  for (const node of nodes) {
    const made = importNode({
      source: node,
      opset: model.opsets[node.domain] ?? 1,
      inputs: node.inputs.map((name) => (name === '' ? undefined : tensorNamed(tensors, name, node))),
      known,
    });
    for (const [i, name] of node.outputs.entries()) if (made[i] !== undefined) tensors.set(name, made[i]);
  }

  const found = recognise(wanted.map((name) => tensorNamed(tensors, name)));
  const used = new Set(nodesBelow(found).flatMap((node) => node.outputs));
  return {
    inputs: leaves.inputs,
    outputs: Object.fromEntries(wanted.map((name, i) => [name, found[i] as Tensor])),
    parameters: [...leaves.weights.values()].filter(({ tensor }) => used.has(tensor)),
  };
}

function requireOutputs({ outputs, nodes }: OnnxGraph, wanted: readonly string[]): void {
  const made = new Set([...outputs.map(({ name }) => name), ...nodes.flatMap((node) => node.outputs)]);
  const unknown = wanted.find((name) => !made.has(name));
  if (unknown !== undefined)
    throw new AppError(
      'USAGE',
      `expected outputs among ${outputs.map(({ name }) => `"${name}"`).join(', ')}, got "${unknown}"`,
    );
}

/** The nodes that the wanted values rest on, in the file's order, which is topological. */
function nodesFor({ nodes }: OnnxGraph, wanted: readonly string[]): readonly OnnxNode[] {
  const needed = new Set(wanted);
  const kept: OnnxNode[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    kept.push(node);
    for (const name of node.inputs) needed.add(name);
  }
  return kept.reverse();
}

interface Leaves {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly weights: ReadonlyMap<Tensor, ImportedParameter>;
}

function openLeaves(
  graph: OnnxGraph,
  shapes: ImportOptions['inputs'],
  integers: ImportOptions['integers'],
): Leaves {
  const tensors = new Map<string, Tensor>();
  const inputs: Record<string, Tensor> = {};
  const weights = new Map<Tensor, ImportedParameter>();
  const names = nameInitialisers(graph);
  for (const tensor of graph.initializers) {
    const name = names.get(tensor.name) as string;
    if (!isWeight(tensor, name)) {
      tensors.set(tensor.name, constantOf(tensor));
      continue;
    }
    const weight = weightOf(tensor, name);
    tensors.set(tensor.name, weight.tensor);
    weights.set(weight.tensor, weight);
  }
  for (const [name, axes] of Object.entries(shapes)) {
    const declared = graph.inputs.find((value) => value.name === name);
    if (declared === undefined)
      throw new AppError(
        'USAGE',
        `expected inputs ${graph.inputs.map((value) => `"${value.name}"`).join(', ')}, got "${name}"`,
      );
    const dtype = dtypeOf(declared.elementType);
    const narrow = integers === 'int32' && dtype === 'int64';
    const leaf = input(name, narrow ? 'int32' : dtype, axes);
    checkDeclared(declared, leaf);
    inputs[name] = leaf;
    tensors.set(name, cast(leaf, dtype));
  }
  return { tensors, inputs, weights };
}

function weightOf(source: OnnxTensor, name: string): ImportedParameter {
  const values = valuesOf(source);
  const value = values instanceof Float32Array ? values : Float32Array.from(values as Float64Array);
  return { name, tensor: parameter(name, source.dims), value };
}

function checkDeclared({ name, dims }: OnnxValue, leaf: Tensor): void {
  if (dims === undefined) return;
  if (
    dims.length !== leaf.shape.length ||
    dims.some((size, i) => typeof size === 'number' && size !== leaf.shape[i])
  )
    throw new AppError(
      'SHAPE',
      `input "${name}": the model declares [${dims.join(', ')}], got ${describeAxes(leaf.axes)}`,
    );
}

function tensorNamed(tensors: ReadonlyMap<string, Tensor>, name: string, reader?: OnnxNode): Tensor {
  const tensor = tensors.get(name);
  if (tensor !== undefined) return tensor;
  const where = reader === undefined ? '' : `, read by ${describeNode(reader)}`;
  throw new AppError('USAGE', `expected a shape for input "${name}"${where}, got none; the model needs it`);
}

/** Builds a node; where all it reads is known, the numbers it makes take its place. */
function importNode(node: ImportedNode): readonly Tensor[] {
  const make = IMPORTERS[typeOf(node.source)] as Importers[string];
  const answer = build(node, make);
  const made = 'node' in answer ? [answer] : answer;
  const isFixed = node.inputs.every((tensor) => tensor === undefined || isConstant(tensor));
  if (!isFixed || made.every(isConstant)) return made;
  return evaluate(made, {}).map((values, i) => {
    const { axes, dtype } = made[i] as Tensor;
    return constant(values, sizesOf(axes), dtype);
  });
}

function build(node: ImportedNode, make: Importers[string]): Tensor | readonly Tensor[] {
  try {
    return make(node);
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.code !== 'SHAPE') throw cause;
    throw new AppError('SHAPE', `${describeNode(node.source)}: ${cause.message}`, cause.details, cause);
  }
}
