// Post-training quantisation: an ONNX model with 8-bit weights, its activations rounded as they come or by known ranges.

import { AppError } from '../../core/errors.ts';
import type { OnnxModel, OnnxNode } from '../../tensor/onnx/model.ts';
import { byPattern } from '../adapt/pattern.ts';
import type { ActivationRange, ActivationRanges } from './calibration.ts';
import { type GraphWriter, graphWriter } from './graph-writer.ts';
import { toInt8 } from './int8-weights.ts';
import { roundHalfToEven } from './rounding.ts';
import { chooseWeights, type KeptWeight, type QuantisableWeight, type WeightUse } from './weight-uses.ts';

export interface QuantiseOptions {
  /** Patterns of names of weights to make 8-bit: `**.attention.**`; all by default. */
  readonly match?: string | readonly string[];
  /** Patterns of names to leave alone: `**.head.weight`. A table that serves as head too is one weight. */
  readonly keep?: string | readonly string[];
  /**
   * 7 loses a bit of the weights and cannot overflow: on x86 processors without VNNI (before 2019), onnxruntime adds
   * two products of an unsigned and a signed byte in 16 bits, which 8 bits can exceed. 8 by default.
   */
  readonly bits?: 7 | 8;
}

export interface Quantised {
  readonly model: OnnxModel;
  /** Weights now in 8 bits. */
  readonly quantised: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly bytesBefore: number;
  }[];
  /** Float weights that stayed, largest first, and why. */
  readonly kept: readonly KeptWeight[];
}

/**
 * Weights to 8 bits with a scale for each output (or row of a table); what they are multiplied with is rounded anew at
 * each run, by its own smallest and largest number. Needs no data. The file is about a quarter as large.
 *
 * Products become DynamicQuantizeLinear and MatMulInteger, which onnxruntime fuses with the scales; looked-up rows are
 * widened after the look-up. Products of two activations (attention's scores) stay in float.
 *
 * @throws AppError VERSION below opset 13; USAGE for a model quantised before; NOT_FOUND when no weight fits
 */
export function quantiseDynamic(model: OnnxModel, options: QuantiseOptions = {}): Quantised {
  return quantise(model, options, dynamicProduct);
}

/**
 * As `quantiseDynamic`, with activations rounded by ranges known beforehand, which saves looking for them at each run;
 * numbers outside a range are cut off. Written as QuantizeLinear and MatMulInteger. The other usual form, MatMul between
 * QuantizeLinear and DequantizeLinear, is slower than floats here: onnxruntime first merges MatMul and the shift after
 * it to a Gemm, which it then computes in float.
 *
 * @param ranges of every activation that meets a chosen weight: what `calibrate` gives
 * @throws AppError VERSION below opset 13; USAGE for a model quantised before; NOT_FOUND when no weight fits or a
 *   range is missing
 */
export function quantiseStatic(
  model: OnnxModel,
  ranges: ActivationRanges,
  options: QuantiseOptions = {},
): Quantised {
  return quantise(model, options, staticProduct(ranges));
}

/** Names of the activations that meet a chosen weight, in the order of the graph: whose ranges `quantiseStatic` wants. */
export function quantisedActivations(model: OnnxModel, options: QuantiseOptions = {}): readonly string[] {
  const uses = chosenWeights(model, options).chosen.flatMap((weight) => weight.uses);
  const products = new Set(uses.flatMap(({ kind, node }) => (kind === 'product' ? [node] : [])));
  const nodes = model.graph.nodes.filter((node) => products.has(node));
  return [...new Set(nodes.map((node) => node.inputs[0] as string))];
}

/** Names of everything that is added begin with it. */
const MARK = 'int8.';

function chosenWeights(model: OnnxModel, { match = '**', keep = [] }: QuantiseOptions) {
  const opset = model.opsets[''] ?? 1;
  if (opset < 13)
    throw new AppError(
      'VERSION',
      `quantise: expected opset 13 or later, got ${opset}; convert the model first`,
    );
  if (model.graph.initializers.some(({ name }) => name.startsWith(MARK)))
    throw new AppError(
      'USAGE',
      'quantise: expected a float model, got one already quantised; start from the float one',
    );
  const [matches, kept] = [byPattern(match), byPattern(keep)];
  const choice = chooseWeights(model, (name) => matches(name) && !kept(name));
  if (choice.chosen.length === 0)
    throw new AppError(
      'NOT_FOUND',
      `quantise: expected a float matrix that MatMul, Gemm or Gather reads and that fits ${String(match)}, got none`,
    );
  return choice;
}

function quantise(model: OnnxModel, options: QuantiseOptions, product: ProductForm): Quantised {
  const { chosen, kept } = chosenWeights(model, options);
  const writer = graphWriter();
  const uses = new Map<OnnxNode, WeightInt8 & WeightUse>();
  const quantised = chosen.map((weight) => {
    const int8 = writeWeight(writer, weight, options.bits ?? 8);
    for (const use of weight.uses) uses.set(use.node, { ...int8, ...use });
    const bytesBefore = weight.tensor.bytes.length;
    return { name: weight.tensor.name, bytes: bytesBefore / 4 + 4 * int8.outputs, bytesBefore };
  });
  for (const node of model.graph.nodes) {
    const use = uses.get(node);
    if (use === undefined) writer.nodes.push(node);
    else if (use.kind === 'rows') readRows(writer, node, use);
    else product(writer, node, use);
  }
  const gone = new Set(chosen.map(({ tensor }) => tensor.name));
  const initializers = model.graph.initializers.filter(({ name }) => !gone.has(name));
  const graph = { ...model.graph, nodes: writer.nodes, initializers: [...initializers, ...writer.tensors] };
  return { model: { ...model, graph }, quantised, kept };
}

/** A weight as the new graph holds it. */
interface WeightInt8 {
  /** int8, as the float weight lay. */
  readonly values: string;
  /** float [outputs] */
  readonly scales: string;
  /** int8 [outputs], all 0 */
  readonly zeros: string;
  readonly outputs: number;
  /** Outputs lie along the first axis: a product wants it turned. */
  readonly turned: boolean;
}

function writeWeight(writer: GraphWriter, weight: QuantisableWeight, bits: 7 | 8): WeightInt8 {
  const { tensor, shape, axis } = weight;
  // bytes of a file may lie at any address; a copy lies at 0 (not by slice: a Buffer's shares its memory)
  const floats = new Float32Array(new Uint8Array(tensor.bytes).buffer);
  const { values, scales } = toInt8(floats, shape, { axis, bits });
  const outputs = shape[axis];
  const name = `int8.${tensor.name}`;
  return {
    values: writer.tensor(name, 'int8', shape, values),
    scales: writer.tensor(`${name}.scale`, 'float', [outputs], scales),
    zeros: writer.tensor(`int8.zeros.${outputs}`, 'int8', [outputs], new Int8Array(outputs)),
    outputs,
    turned: axis === 0,
  };
}

/** Writes a node's product with an 8-bit weight, under the node's own output name. */
type ProductForm = (writer: GraphWriter, node: OnnxNode, weight: WeightInt8) => void;

const dynamicProduct: ProductForm = (writer, node, weight) => {
  const x = node.inputs[0] as string;
  // written once for all products of the same activation
  const rounded = writer.once(`int8.${x}`, (name) =>
    writer.node('DynamicQuantizeLinear', [x], [name, `${name}.scale`, `${name}.zero`]),
  );
  integerProduct(writer, node, { rounded, weight });
};

function staticProduct(ranges: ActivationRanges): ProductForm {
  return (writer, node, weight) => {
    const x = node.inputs[0] as string;
    const range = ranges[x];
    if (range === undefined)
      throw new AppError('NOT_FOUND', `expected a range of activation "${x}", got none; calibrate the model`);
    const rounded = writer.once(`int8.${x}`, (name) => {
      const { scale, zero } = byteScale(range);
      const step = writer.tensor(`${name}.step`, 'float', [], Float32Array.of(scale));
      const zeroPoint = writer.tensor(`${name}.zero`, 'uint8', [], Uint8Array.of(zero));
      writer.node('QuantizeLinear', [x, step, zeroPoint], [name]);
      // The step once more, as what 1 is worth: a plain constant would be multiplied into the weight's scales at
      // loading, and onnxruntime would not know the product for one it fuses with scales and shift (a tenth slower).
      const one = writer.tensor('int8.one', 'uint8', [], Uint8Array.of(1));
      writer.node('DequantizeLinear', [one, step], [`${name}.scale`]);
    });
    integerProduct(writer, node, { rounded, weight });
  };
}

interface Factors {
  /** uint8; its scale and zero point bear its name. */
  readonly rounded: string;
  readonly weight: WeightInt8;
}

/** (bytes − zero)·int8 in 32 bits, scaled back: exactly the shape that onnxruntime fuses. */
function integerProduct(writer: GraphWriter, node: OnnxNode, { rounded, weight }: Factors): void {
  const bias = node.inputs[2];
  const y = node.outputs[0] as string;
  const sums = writer.node(
    'MatMulInteger',
    [rounded, upright(writer, weight), `${rounded}.zero`, weight.zeros],
    [`int8.${y}.sums`],
  );
  const wide = writer.node('Cast', [sums], [`int8.${y}.wide`], { to: { int: 1 } });
  const scale = writer.node('Mul', [`${rounded}.scale`, weight.scales], [`int8.${y}.scale`]);
  plusBias(writer, bias, y, (to) => writer.node('Mul', [wide, scale], [to]));
}

/** uint8 that reach from `low` to `high`, 0 among them exactly. */
export function byteScale({ low, high }: ActivationRange): { readonly scale: number; readonly zero: number } {
  const [from, to] = [Math.min(low, 0), Math.max(high, 0)];
  const scale = to === from ? 1 : (to - from) / 255;
  return { scale, zero: Math.max(0, Math.min(255, roundHalfToEven(-from / scale))) };
}

/** Gemm's third input, added after the product. */
function plusBias(
  writer: GraphWriter,
  bias: string | undefined,
  output: string,
  product: (to: string) => string,
): void {
  if (bias === undefined || bias === '') product(output);
  else writer.node('Add', [product(`int8.${output}.product`), bias], [output]);
}

/** [inputs, outputs]; onnxruntime turns a table that is turned here once, when it loads the model. */
function upright(writer: GraphWriter, { values, turned }: WeightInt8): string {
  if (!turned) return values;
  return writer.once(`${values}.turned`, (name) =>
    writer.node('Transpose', [values], [name], { perm: { ints: [1, 0] } }),
  );
}

function readRows(writer: GraphWriter, node: OnnxNode, weight: WeightInt8): void {
  const [, places] = node.inputs as readonly [string, string];
  const [y] = node.outputs as readonly [string];
  const bytes = writer.node('Gather', [weight.values, places], [`int8.${y}.rows`]);
  const wide = writer.node('Cast', [bytes], [`int8.${y}.wide`], { to: { int: 1 } });
  const scales = writer.node('Gather', [weight.scales, places], [`int8.${y}.scales`]);
  const last = writer.tensor('int8.last', 'int64', [1], BigInt64Array.of(-1n));
  const column = writer.node('Unsqueeze', [scales, last], [`int8.${y}.column`]);
  writer.node('Mul', [wide, column], [y]);
}
