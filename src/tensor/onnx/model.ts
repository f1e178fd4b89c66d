// The part of ONNX's ModelProto the engine writes and reads, as plain data.

/** Element types by their ONNX names; the number is `TensorProto.DataType` (onnx.proto3). */
export const ELEMENT_TYPES = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;

export type ElementType = keyof typeof ELEMENT_TYPES;

/** Bytes of one element in `OnnxTensor.bytes`; a text has no fixed size. */
export const ELEMENT_BYTES: Readonly<Record<Exclude<ElementType, 'string'>, number>> = {
  float: 4,
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  int32: 4,
  int64: 8,
  bool: 1,
  float16: 2,
  double: 8,
  uint32: 4,
  uint64: 8,
  bfloat16: 2,
};

/** A named, dense tensor; `bytes` are little-endian, row-major (`TensorProto.raw_data`). */
export interface OnnxTensor {
  readonly name: string;
  readonly elementType: ElementType;
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
}

/** Attribute values; whole numbers are `int`, floats must be said: `{ float: 1 }`. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }
  | { readonly tensor: OnnxTensor }
  | { readonly graph: OnnxGraph };

export interface OnnxNode {
  readonly opType: string;
  /** '' or 'ai.onnx' is the standard domain. */
  readonly domain: string;
  readonly name: string;
  /** An absent optional input is the empty string. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** A graph input or output; a dimension may be a symbol such as `batch`, or '' where nothing is known of it. */
export interface OnnxValue {
  readonly name: string;
  readonly elementType: ElementType;
  /** Absent when the file does not say. */
  readonly dims?: readonly (number | string)[];
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly initializers: readonly OnnxTensor[];
}

export interface OnnxModel {
  readonly irVersion: number;
  /** Domain → opset version; '' is the standard domain. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly producer: string;
  readonly graph: OnnxGraph;
  /** `metadata_props`. */
  readonly metadata: Readonly<Record<string, string>>;
}
