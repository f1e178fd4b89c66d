// Reads an ONNX file into plain data: the part of ModelProto that decides what a model computes.
import { AppError } from '../../core/errors.ts';
import {
  ELEMENT_TYPES,
  type ElementType,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from './model.ts';
import { type Message, parseMessage } from './protobuf-reader.ts';
import { tensorBytes } from './tensor-bytes.ts';

/** First bytes of what people hand over instead of a model. */
const OTHER_FILES: readonly (readonly [number, string, string])[] = [
  [0, 'version https://git-lfs', 'a Git LFS pointer: fetch the file it points to'],
  [0, '<!DOCTYPE', 'a web page: download the file itself'],
  [0, '<html', 'a web page: download the file itself'],
  [0, 'PK\u0003\u0004', 'a zip archive (PyTorch saves those): export the model to ONNX'],
  [4, 'ORTM', "onnxruntime's own .ort format: use the .onnx file it was made from"],
  [4, 'TFL3', 'a TensorFlow Lite model: convert it to ONNX'],
];

const ELEMENT_NAMES: ReadonlyMap<number, ElementType> = new Map(
  Object.entries(ELEMENT_TYPES).map(([name, code]) => [code, name as ElementType]),
);

/** Parts of ModelProto, GraphProto and AttributeProto that change what is computed and are not read. */
const MODEL_FUNCTIONS = 25;
const SPARSE_INITIALIZER = 15;
const REFERENCE = 21;

/**
 * Reads an ONNX model. Tensors are views of `bytes` where they can be, at any alignment: keep `bytes` unchanged, and
 * copy before laying a wider typed array over them. The domain `ai.onnx` is read as ''. Documentation, intermediate
 * shapes and training information are not kept.
 *
 * @throws AppError BAD_FILE when the file is damaged, is no ONNX model, or uses what is not supported: external data,
 *   model functions, sparse tensors, tensors of text or of 4- and 8-bit floats, inputs that are no tensors
 */
export function readModel(bytes: Uint8Array): OnnxModel {
  refuseOtherFiles(bytes);
  const model = parseMessage(bytes, 'model');
  const graph = model.message(7, 'graph');
  if (!graph) throw unusable('model', 'it holds no graph; expected an ONNX file');
  if (model.has(MODEL_FUNCTIONS))
    throw unusable('model', 'model functions are not supported; inline them before saving (onnx.inliner)');
  return {
    irVersion: model.int(1),
    opsets: Object.fromEntries(
      model.messages(8, 'opset').map((opset) => [standardDomain(opset.text(1)), opset.int(2)]),
    ),
    producer: model.text(2),
    graph: readGraph(graph),
    metadata: Object.fromEntries(
      model.messages(14, 'metadata').map((entry) => [entry.text(1), entry.text(2)]),
    ),
  };
}

function refuseOtherFiles(bytes: Uint8Array): void {
  if (bytes.length === 0) throw unusable('model', 'the file is empty');
  const start = String.fromCharCode(...bytes.subarray(0, 64));
  const other = OTHER_FILES.find(([at, mark]) => start.startsWith(mark, at));
  if (other) throw unusable('model', `expected an ONNX file, got ${other[2]}`);
}

const standardDomain = (domain: string) => (domain === 'ai.onnx' ? '' : domain);

function readGraph(graph: Message): OnnxGraph {
  if (graph.has(SPARSE_INITIALIZER)) throw unusable(graph.where, 'sparse initializers are not supported');
  return {
    name: graph.text(2),
    nodes: graph.messages(1, 'node').map(readNode),
    inputs: graph.messages(11, 'input').map(readValue),
    outputs: graph.messages(12, 'output').map(readValue),
    initializers: graph.messages(5, 'initializer').map(readTensor),
  };
}

function readNode(node: Message): OnnxNode {
  return {
    opType: node.text(4),
    domain: standardDomain(node.text(7)),
    name: node.text(3),
    inputs: node.texts(1),
    outputs: node.texts(2),
    attributes: Object.fromEntries(
      node
        .messages(5, `(${node.text(4)}) attribute`)
        .map((attribute) => [attribute.text(1), readAttribute(attribute)]),
    ),
  };
}

/** By `AttributeProto.type`: which field holds the value. */
const ATTRIBUTE_READERS: Readonly<Record<number, (attribute: Message) => OnnxAttribute>> = {
  1: (attribute) => ({ float: attribute.float(2) }),
  2: (attribute) => ({ int: attribute.int(3) }),
  3: (attribute) => ({ string: attribute.text(4) }),
  4: (attribute) => ({ tensor: readTensor(present(attribute, attribute.message(5, 'tensor'))) }),
  5: (attribute) => ({ graph: readGraph(present(attribute, attribute.message(6, 'graph'))) }),
  6: (attribute) => ({ floats: attribute.floats(7) }),
  7: (attribute) => ({ ints: attribute.ints(8) }),
  8: (attribute) => ({ strings: attribute.texts(9) }),
};

function readAttribute(attribute: Message): OnnxAttribute {
  if (attribute.has(REFERENCE))
    throw unusable(attribute.where, 'it refers to a model function, not supported');
  const type = attribute.int(20);
  const read = ATTRIBUTE_READERS[type];
  if (!read)
    throw unusable(attribute.where, `attribute "${attribute.text(1)}" of type ${type} is not supported`);
  return read(attribute);
}

function present(attribute: Message, value: Message | undefined): Message {
  if (!value) throw unusable(attribute.where, `attribute "${attribute.text(1)}" has no value`);
  return value;
}

function readTensor(tensor: Message): OnnxTensor {
  const name = tensor.text(8);
  const named = { ...tensor, where: `tensor "${name}"` };
  if (tensor.int(14) !== 0)
    throw unusable(
      named.where,
      'its numbers are in another file (external data), which is not supported; save the model as one file under 2 GB',
    );
  const elementType = readElementType(named.where, tensor.int(2));
  if (elementType === 'string') throw unusable(named.where, 'tensors of text are not supported');
  const dims = tensor.ints(1);
  if (dims.some((size) => size < 0))
    throw unusable(named.where, `dimensions must not be negative, got [${dims.join(', ')}]`);
  return { name, elementType, dims, bytes: tensorBytes(named, elementType, dims) };
}

function readValue(value: Message): OnnxValue {
  const name = value.text(1);
  const where = `value "${name}"`;
  const tensor = value.message(2, 'type')?.message(1, 'tensor type');
  if (!tensor) throw unusable(where, 'expected a tensor with a known element type');
  const elementType = readElementType(where, tensor.int(1));
  const shape = tensor.message(2, 'shape');
  return shape
    ? { name, elementType, dims: shape.messages(1, 'dimension').map(readDimension) }
    : { name, elementType };
}

/** A negative size is an old way to say that the size is not known. */
function readDimension(dimension: Message): number | string {
  if (!dimension.has(1)) return dimension.text(2);
  const size = dimension.int(1);
  return size < 0 ? '' : size;
}

function readElementType(where: string, code: number): ElementType {
  const name = ELEMENT_NAMES.get(code);
  if (!name) throw unusable(where, `element type ${code} is not supported`);
  return name;
}

const unusable = (where: string, what: string) => new AppError('BAD_FILE', `${where}: ${what}`);
