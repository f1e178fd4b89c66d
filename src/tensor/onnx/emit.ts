// From a graph to an ONNX model: each node writes what its row of the op table says.

import { AppError } from '../../core/errors.ts';
import { PRODUCT_VERSION } from '../../core/product.ts';
import { type Emitter, type NumericArray, nodesBelow, type Tensor } from '../graph.ts';
import { isInput, isParameter, leafName } from '../ops/leaf.ts';
import { type DType, sizesOf, volume } from '../type.ts';
import { inRunningOrder, nameOutputs } from './finish.ts';
import type { ElementType, OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from './model.ts';
import { ELEMENT_TYPES } from './model.ts';

/** Opset of everything we write; onnxruntime 1.16 and later read it, on Node and in the browser. */
export const OPSET = 18;

/** onnxruntime's own ops; each of its builds has them. */
const MICROSOFT = 'com.microsoft';

/** How a graph is written. */
export interface EmitOptions {
  /** Element type of `float` tensors: `double` is for checks. */
  readonly float?: 'float' | 'double';
  /** Parameters fixed at these values become initialisers; all others are inputs of the model. */
  readonly weights?: Readonly<Record<string, Float32Array | Float64Array>>;
  /** Inputs listed here come first and exist even when no output rests on them. */
  readonly inputs?: readonly Tensor[];
  readonly metadata?: Readonly<Record<string, string>>;
  /** Standard ops only, the default; otherwise a few of onnxruntime's own, where they are faster. */
  readonly isPortable?: boolean;
}

/**
 * The model that computes `outputs`; inputs are named as their leaves, outputs by the keys.
 *
 * @throws AppError SHAPE when two different leaves share a name
 */
export function emitModel(outputs: Readonly<Record<string, Tensor>>, options: EmitOptions = {}): OnnxModel {
  const { float = 'float', weights = {}, inputs = [], metadata = {}, isPortable = true } = options;
  const all = [...inputs, ...Object.values(outputs)];
  const order = nodesBelow(all);
  const read = new Set([...all, ...order.flatMap((node) => node.inputs)]);
  const taken = new Set(Object.keys(outputs));
  for (const {
    outputs: [first],
  } of order)
    if (first !== undefined && (isInput(first) || isParameter(first))) taken.add(leafName(first));
  const writer = graphWriter({ float, isPortable }, read, taken);
  const names = new Map<Tensor, string>();
  const leaves = new Map<string, Tensor>();

  for (const node of order) {
    const [first] = node.outputs as readonly [Tensor];
    if (isInput(first) || isParameter(first)) {
      names.set(first, claimName(leaves, first));
      continue;
    }
    const given = node.inputs.map((input) => names.get(input) as string);
    const { emit } = node.op;
    const written =
      typeof emit === 'string'
        ? writer.emitter.node(emit, given, {}, node.outputs.length)
        : emit(writer.emitter, given, node as never);
    for (const [i, output] of node.outputs.entries()) names.set(output, written[i] as string);
  }

  const fixed = [...leaves].filter(([name]) => weights[name] !== undefined);
  const open = [...leaves].filter(([name]) => weights[name] === undefined);
  for (const [name, leaf] of fixed)
    writer.initializers.push(tensorOf(name, leaf.dtype, weights[name] as Float32Array, leaf.shape, float));
  const asked = Object.entries(outputs).map(([name, tensor]) => ({
    name,
    tensor: names.get(tensor) as string,
  }));
  const nodes = inRunningOrder(nameOutputs(writer.nodes, asked, new Set(leaves.keys())));
  return {
    irVersion: 8,
    opsets: { '': OPSET, ...(nodes.some(({ domain }) => domain === MICROSOFT) ? { [MICROSOFT]: 1 } : {}) },
    producer: `foresell ${PRODUCT_VERSION}`,
    metadata,
    graph: {
      name: 'graph',
      nodes,
      inputs: open.map(([name, leaf]) => graphValue(name, leaf, float)),
      outputs: Object.entries(outputs).map(([name, tensor]) => graphValue(name, tensor, float)),
      initializers: writer.initializers,
    },
  };
}

function claimName(leaves: Map<string, Tensor>, leaf: Tensor): string {
  const name = leafName(leaf);
  if (leaves.has(name))
    throw new AppError(
      'SHAPE',
      `expected one input or parameter named "${name}", got two; rename one of them`,
    );
  leaves.set(name, leaf);
  return name;
}

interface GraphWriter {
  readonly emitter: Emitter;
  readonly nodes: OnnxNode[];
  readonly initializers: OnnxTensor[];
}

/** Numbers names by order of writing, so that the same graph gives the same bytes; those `taken` are passed over. */
function graphWriter(
  { float, isPortable }: Required<Pick<EmitOptions, 'float' | 'isPortable'>>,
  read: ReadonlySet<Tensor>,
  taken: ReadonlySet<string>,
): GraphWriter {
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const small = new Map<string, string>();
  const fresh = numberedNames(taken);

  const constant = (
    dtype: DType,
    values: ArrayLike<number> | BigInt64Array,
    shape: readonly number[],
  ): string => {
    // Small constants are shared; comparing large ones would cost more than it saves.
    const key =
      values.length > 64
        ? undefined
        : `${dtype} ${shape.join('×')}: ${Array.from(values as ArrayLike<number>)
            .map(describeNumber)
            .join(' ')}`;
    const known = key === undefined ? undefined : small.get(key);
    if (known !== undefined) return known;
    const name = fresh('c');
    initializers.push(tensorOf(name, dtype, values, shape, float));
    if (key !== undefined) small.set(key, name);
    return name;
  };
  const node: Emitter['node'] = (opType, inputs, attributes = {}, outputs = 1) => {
    const produced = Array.from({ length: outputs }, () => fresh('t'));
    nodes.push(plainNode(opType, inputs, produced, attributes));
    return produced;
  };
  const product: Emitter['product'] = (left, right, scale = 1) => {
    if (float === 'float' && !isPortable) {
      const name = fresh('t');
      const attributes = {
        transA: { int: Number(left.transposed ?? false) },
        transB: { int: Number(right.transposed ?? false) },
        alpha: { float: scale },
      };
      nodes.push({
        ...plainNode('FusedMatMul', [left.name, right.name], [name], attributes),
        domain: MICROSOFT,
      });
      return [name];
    }
    const [a, b] = [left, right].map(({ name, rank, transposed }) =>
      transposed ? (node('Transpose', [name], { perm: { ints: lastTwoSwapped(rank) } })[0] as string) : name,
    ) as [string, string];
    const whole = node('MatMul', [a, b]);
    return scale === 1 ? whole : node('Mul', [whole[0] as string, constant('float', [scale], [])]);
  };
  return {
    nodes,
    initializers,
    emitter: {
      float,
      isPortable,
      node,
      product,
      floats: (values, shape) => constant('float', values, shape),
      ints: (values, shape = [values.length]) => constant('int64', values, shape),
      cast: (name, to) => node('Cast', [name], { to: { int: ELEMENT_TYPES[elementTypeOf(to, float)] } }),
      constant,
      reads: (output) => read.has(output),
    },
  };
}

function lastTwoSwapped(rank: number): readonly number[] {
  return Array.from({ length: rank }, (_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
}

/** `t0`, `t1`, … and `c0`, `c1`, …: a name of its own for every tensor that nobody has named. */
function numberedNames(taken: ReadonlySet<string>): (letter: 't' | 'c') => string {
  const next = { t: 0, c: 0 };
  return (letter) => {
    let name = `${letter}${next[letter]++}`;
    while (taken.has(name)) name = `${letter}${next[letter]++}`;
    return name;
  };
}

function describeNumber(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function plainNode(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, OnnxAttribute>> = {},
): OnnxNode {
  return { opType, domain: '', name: outputs[0] as string, inputs, outputs, attributes };
}

export function elementTypeOf(dtype: DType, float: 'float' | 'double'): ElementType {
  return dtype === 'float' ? float : dtype;
}

function graphValue(name: string, tensor: Tensor, float: 'float' | 'double'): OnnxValue {
  return { name, elementType: elementTypeOf(tensor.dtype, float), dims: sizesOf(tensor.axes) };
}

function tensorOf(
  name: string,
  dtype: DType,
  values: ArrayLike<number> | BigInt64Array,
  shape: readonly number[],
  float: 'float' | 'double',
): OnnxTensor {
  const elementType = elementTypeOf(dtype, float);
  if (values.length !== volume(shape))
    throw new AppError('SHAPE', `"${name}": expected ${volume(shape)} values, got ${values.length}`);
  const data = asElements(elementType, values);
  return {
    name,
    elementType,
    dims: shape,
    bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}

function asElements(elementType: ElementType, values: ArrayLike<number> | BigInt64Array): NumericArray {
  if (elementType === 'int64')
    return values instanceof BigInt64Array
      ? values
      : BigInt64Array.from(Array.from(values as ArrayLike<number>, BigInt));
  const numbers = values as ArrayLike<number>;
  switch (elementType) {
    case 'float':
      return numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
    case 'double':
      return numbers instanceof Float64Array ? numbers : Float64Array.from(numbers);
    case 'int32':
      return numbers instanceof Int32Array ? numbers : Int32Array.from(numbers);
    case 'int8':
      return numbers instanceof Int8Array ? numbers : Int8Array.from(numbers);
    case 'uint8':
    case 'bool':
      return numbers instanceof Uint8Array ? numbers : Uint8Array.from(numbers);
    default:
      throw new AppError('USAGE', `expected an element type the engine writes, got ${elementType}`);
  }
}
