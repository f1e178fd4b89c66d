// Writes plain data as an ONNX file, byte for byte as the reference library does (fields by number, unpacked).
import { AppError } from '../../core/errors.ts';
import {
  ELEMENT_TYPES,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from './model.ts';
import { encodeMessage, type FieldWriter, MESSAGE_LIMIT_BYTES } from './protobuf-writer.ts';
import { tensorByteCount } from './tensor-bytes.ts';

/**
 * Writes an ONNX model; the same model gives the same bytes. Each tensor is copied once.
 *
 * @throws AppError BAD_DATA above 2 GB (protobuf's limit), SHAPE when a tensor's bytes do not fit its dimensions,
 *   USAGE for a number that is not whole where one must be
 */
export function writeModel(model: OnnxModel): Uint8Array {
  return encodeMessage((out) => {
    out.int(1, model.irVersion);
    optionalText(out, 2, model.producer);
    out.message(7, () => writeGraph(out, model.graph));
    for (const [domain, version] of Object.entries(model.opsets))
      out.message(8, () => {
        out.text(1, domain);
        out.int(2, version);
      });
    for (const [key, value] of Object.entries(model.metadata))
      out.message(14, () => {
        out.text(1, key);
        out.text(2, value);
      });
  }, refuseTooLarge);
}

function refuseTooLarge(bytes: number): void {
  if (bytes > MESSAGE_LIMIT_BYTES)
    throw new AppError(
      'BAD_DATA',
      `expected a model of at most 2 GB (${MESSAGE_LIMIT_BYTES} bytes), got ${bytes} bytes; external data is not supported: make the model smaller`,
    );
}

function writeGraph(out: FieldWriter, graph: OnnxGraph): void {
  for (const node of graph.nodes) out.message(1, () => writeNode(out, node));
  optionalText(out, 2, graph.name);
  for (const tensor of graph.initializers) out.message(5, () => writeTensor(out, tensor));
  for (const value of graph.inputs) out.message(11, () => writeValue(out, value));
  for (const value of graph.outputs) out.message(12, () => writeValue(out, value));
}

function writeNode(out: FieldWriter, node: OnnxNode): void {
  for (const input of node.inputs) out.text(1, input);
  for (const output of node.outputs) out.text(2, output);
  optionalText(out, 3, node.name);
  out.text(4, node.opType);
  for (const [name, attribute] of Object.entries(node.attributes))
    out.message(5, () => {
      out.text(1, name);
      writeAttribute(out, attribute);
    });
  optionalText(out, 7, node.domain);
}

/** The value's field, then `AttributeProto.type` (20). */
function writeAttribute(out: FieldWriter, attribute: OnnxAttribute): void {
  if ('float' in attribute) {
    out.float(2, attribute.float);
    out.int(20, 1);
  } else if ('int' in attribute) {
    out.int(3, attribute.int);
    out.int(20, 2);
  } else if ('string' in attribute) {
    out.text(4, attribute.string);
    out.int(20, 3);
  } else if ('tensor' in attribute) {
    out.message(5, () => writeTensor(out, attribute.tensor));
    out.int(20, 4);
  } else if ('graph' in attribute) {
    out.message(6, () => writeGraph(out, attribute.graph));
    out.int(20, 5);
  } else if ('floats' in attribute) {
    for (const value of attribute.floats) out.float(7, value);
    out.int(20, 6);
  } else if ('ints' in attribute) {
    for (const value of attribute.ints) out.int(8, value);
    out.int(20, 7);
  } else {
    for (const value of attribute.strings) out.text(9, value);
    out.int(20, 8);
  }
}

function writeTensor(out: FieldWriter, tensor: OnnxTensor): void {
  const { name, elementType, dims, bytes } = tensor;
  const expected = elementType === 'string' ? Number.NaN : tensorByteCount(elementType, dims);
  if (bytes.length !== expected)
    throw new AppError(
      'SHAPE',
      `tensor "${name}": ${elementType} [${dims.join(', ')}] takes ${expected} bytes, got ${bytes.length}`,
    );
  for (const size of dims) out.int(1, size);
  out.int(2, ELEMENT_TYPES[elementType]);
  optionalText(out, 8, name);
  out.bytes(9, bytes);
}

function writeValue(out: FieldWriter, value: OnnxValue): void {
  out.text(1, value.name);
  out.message(2, () =>
    out.message(1, () => {
      out.int(1, ELEMENT_TYPES[value.elementType]);
      if (value.dims) writeShape(out, value.dims);
    }),
  );
}

function writeShape(out: FieldWriter, dims: readonly (number | string)[]): void {
  out.message(2, () => {
    for (const size of dims)
      out.message(1, () => {
        if (typeof size === 'number') out.int(1, size);
        else optionalText(out, 2, size);
      });
  });
}

/** The empty text is what an absent field reads as. */
function optionalText(out: FieldWriter, field: number, value: string): void {
  if (value !== '') out.text(field, value);
}
