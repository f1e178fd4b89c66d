// Small models as the reference library writes them, for the tests of the reader and the writer.
import type { OnnxGraph, OnnxModel, OnnxNode, OnnxTensor } from '../../src/tensor/onnx/model.ts';

/**
 * The same model as `goldenModel`, built with `onnx.helper` and serialised.
 *
 * source: Python package onnx · command: `onnx.helper.make_model(…).SerializeToString()` · version: 1.23.2
 */
export const GOLDEN_BASE64 =
  'CAgSCGZvcmVzZWxsOqgFCiAKAXgKAXcSB3Byb2R1Y3QaB3Byb2plY3QiBk1hdE11bAotCgdwcm9kdWN0EgZhY3RpdmUiCUxlYWt5' +
  'UmVsdSoPCgVhbHBoYRXNzMw9oAEBCi4KBmFjdGl2ZRIFc2hhcmUiB1NvZnRtYXgqFAoEYXhpcxj///////////8BoAECCsQBCgRm' +
  'bGFnEgVzY2FsZSICSWYqVgoLZWxzZV9icmFuY2gyRAomEgRoYWxmIghDb25zdGFudCoUCgV2YWx1ZSoIEAFKBAAAAD+gAQQSCmhh' +
  'bGZfZ3JhcGhiDgoEaGFsZhIGCgQIARIAoAEFKlkKC3RoZW5fYnJhbmNoMkcKJxIFdHdpY2UiCENvbnN0YW50KhQKBXZhbHVlKggQ' +
  'AUoEAAAAQKABBBILdHdpY2VfZ3JhcGhiDwoFdHdpY2USBgoECAESAKABBQobCgVzaGFyZQoFc2NhbGUSBnNjYWxlZCIDTXVsChgK' +
  'BnNjYWxlZAoACgN0b3ASAXkiBENsaXAKNRIEbGlzdCIIQ29uc3RhbnQqIwoKdmFsdWVfaW50c0D///////////8BQABAgICAgIAg' +
  'oAEHCi4SBXBhcnRzIghDb25zdGFudCobCgx2YWx1ZV9mbG9hdHM9AAAAPz0AAMC/oAEGCiwSBXdvcmRzIghDb25zdGFudCoZCg12' +
  'YWx1ZV9zdHJpbmdzSgFhSgLDqaABCBIGZ29sZGVuKiMIAggDEAFCAXdKGAAAgD8AAADAAABAQAAAgEAAAKBAAADAwCoNEAFCA3Rv' +
  'cEoEAACgP1oYCgF4EhMKEQgBEg0KBxIFYmF0Y2gKAggCWg4KBGZsYWcSBgoECAkSAGIYCgF5EhMKEQgBEg0KBxIFYmF0Y2gKAggD' +
  'YhIKBGxpc3QSCgoICAcSBAoCCANCBAoAEBFyDgoEdGFzaxIGZ29sZGVu';

/**
 * One initializer of every element type, each in its typed field (`float_data`, `int32_data`, …) by
 * `onnx.helper.make_tensor` without `raw=True`, under the domain name `ai.onnx`.
 *
 * source: Python package onnx · command: `onnx.helper.make_model(…).SerializeToString()` · version: 1.23.2
 */
export const TYPED_BASE64 =
  'CAg66QIKFAoFZmxvYXQSAXkiCElkZW50aXR5EgV0eXBlZCoVCAIQASIIAADAPwAAAMBCBWZsb2F0KhAIAhACKgMA/wFCBXVpbnQ4' +
  'KhcIAhADKguA//////////8Bf0IEaW50OCoRCAEQBCoD//8DQgZ1aW50MTYqGAgCEAUqC////////////wECQgVpbnQxNiocCAIQ' +
  'BioP////////////Af////8HQgVpbnQzMioqCAMQBzodgICAgICAgICAAf//////////f////////////wFCBWludDY0Kg8IAxAJ' +
  'KgMBAAFCBGJvb2wqFAgCEAoqBYB4gPACQgdmbG9hdDE2KhYIARALQgZkb3VibGVSCJqZmZmZmbk/KhMIARAMQgZ1aW50MzJaBf//' +
  '//8PKhgIARANQgZ1aW50NjRaCv///////////wEqEggBEBAqAoB/QghiZmxvYXQxNmIPCgF5EgoKCAgBEgQKAggCQgsKB2FpLm9u' +
  'bngQEQ==';

/** What `onnx.numpy_helper.to_array(…).tobytes().hex()` says of those initializers. */
export const TYPED_HEX: Readonly<Record<string, string>> = {
  float: '0000c03f000000c0',
  uint8: '00ff',
  int8: '807f',
  uint16: 'ffff',
  int16: 'ffff0200',
  int32: 'ffffffffffffff7f',
  int64: '0000000000000080ffffffffffffff7fffffffffffffffff',
  bool: '010001',
  float16: '003c00b8',
  double: '9a9999999999b93f',
  uint32: 'ffffffff',
  uint64: 'ffffffffffffffff',
  bfloat16: '803f',
};

function node(
  opType: string,
  inputs: readonly string[],
  output: string,
  rest: Partial<OnnxNode> = {},
): OnnxNode {
  return { opType, domain: '', name: '', inputs, outputs: [output], attributes: {}, ...rest };
}

function floats(name: string, dims: readonly number[], values: readonly number[]): OnnxTensor {
  return { name, elementType: 'float', dims, bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

function branch(output: string, value: number): OnnxGraph {
  return {
    name: `${output}_graph`,
    nodes: [node('Constant', [], output, { attributes: { value: { tensor: floats('', [], [value]) } } })],
    inputs: [],
    outputs: [{ name: output, elementType: 'float', dims: [] }],
    initializers: [],
  };
}

/** `y = min(softmax(leakyRelu(x·w)) · (flag ? 2 : ½), 1.25)`, with every kind of attribute on the way. */
export const goldenModel: OnnxModel = {
  irVersion: 8,
  opsets: { '': 17 },
  producer: 'foresell',
  metadata: { task: 'golden' },
  graph: {
    name: 'golden',
    nodes: [
      node('MatMul', ['x', 'w'], 'product', { name: 'project' }),
      node('LeakyRelu', ['product'], 'active', { attributes: { alpha: { float: Math.fround(0.1) } } }),
      node('Softmax', ['active'], 'share', { attributes: { axis: { int: -1 } } }),
      node('If', ['flag'], 'scale', {
        attributes: {
          else_branch: { graph: branch('half', 0.5) },
          then_branch: { graph: branch('twice', 2) },
        },
      }),
      node('Mul', ['share', 'scale'], 'scaled'),
      node('Clip', ['scaled', '', 'top'], 'y'),
      node('Constant', [], 'list', { attributes: { value_ints: { ints: [-1, 0, 2 ** 40] } } }),
      node('Constant', [], 'parts', { attributes: { value_floats: { floats: [0.5, -1.5] } } }),
      node('Constant', [], 'words', { attributes: { value_strings: { strings: ['a', 'é'] } } }),
    ],
    inputs: [
      { name: 'x', elementType: 'float', dims: ['batch', 2] },
      { name: 'flag', elementType: 'bool', dims: [] },
    ],
    outputs: [
      { name: 'y', elementType: 'float', dims: ['batch', 3] },
      { name: 'list', elementType: 'int64', dims: [3] },
    ],
    initializers: [floats('w', [2, 3], [1, -2, 3, 4, 5, -6]), floats('top', [], [1.25])],
  },
};
