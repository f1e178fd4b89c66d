// A text encoder out of an ONNX file: its graph imported at each batch shape, its weights trainable as any other's.
import { AppError } from '../../core/errors.ts';
import { imported } from '../../nn/imported.ts';
import { defineModule, type Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { type ImportedModel, importModel } from '../../tensor/onnx/import.ts';
import type { OnnxGraph, OnnxModel, OnnxValue } from '../../tensor/onnx/model.ts';
import { readModel } from '../../tensor/onnx/read.ts';
import { cast } from '../../tensor/ops/arithmetic.ts';
import { constant } from '../../tensor/ops/leaf.ts';
import { encoderHash } from '../text/encoder-hash.ts';
import type { EncoderPlan, PieceBatch, TextEncoder } from '../text/text-encoder.ts';
import { type TextUse, textUseJson } from '../text/text-use.ts';
import { openTokenizer } from '../tokenizer/open-tokenizer.ts';

export interface OnnxEncoderParts {
  readonly name: string;
  /** The bytes of the model file. */
  readonly file: Uint8Array;
  readonly use: TextUse;
  readonly tokenizer: string;
  /** Instead of the file's own. */
  readonly values?: Readonly<Record<string, Float32Array>>;
}

const IDS = 'input_ids';
const MASK = 'attention_mask';
/** Of one text a row: all zeros. */
const KINDS = 'token_type_ids';
const STATES = ['last_hidden_state', 'token_embeddings', 'hidden_states'];
const VECTORS = ['sentence_embedding', 'sentence_embeddings', 'text_embeds'];

/** Which outputs of a file are read. */
export interface OnnxOutputs {
  /** [batch, time, width] */
  readonly states: string;
  /** [batch, width]: the file's own pooling, where it has one. */
  readonly given?: string;
}

/** @throws AppError BAD_FILE for a graph that does not take pieces, or gives no states of them */
export function onnxOutputs({ inputs, outputs }: OnnxGraph): OnnxOutputs {
  const known = [IDS, MASK, KINDS];
  const strange = inputs.find(({ name }) => !known.includes(name));
  if (strange !== undefined || !inputs.some(({ name }) => name === IDS))
    throw new AppError(
      'BAD_FILE',
      `model.onnx: expected the inputs ${known.join(', ')} (${IDS} at least), got ${inputs.map(({ name }) => name).join(', ')}`,
    );
  const states = named(outputs, STATES, 3);
  const given = named(outputs, VECTORS, 2);
  if (states === undefined)
    throw new AppError(
      'BAD_FILE',
      `model.onnx: expected an output of states of pieces, ${STATES.join(' or ')}, got ${outputs.map(({ name }) => name).join(', ')}`,
    );
  return { states: states.name, ...(given === undefined ? {} : { given: given.name }) };
}

function named(outputs: readonly OnnxValue[], names: readonly string[], rank: number): OnnxValue | undefined {
  return names
    .map((name) =>
      outputs.find((output) => output.name === name && (output.dims ?? Array(rank)).length === rank),
    )
    .find(Boolean);
}

/** @throws AppError BAD_FILE for a file that is no encoder of pieces, or of ops that cannot be read; SHAPE likewise */
export function onnxEncoder({
  name,
  file,
  use,
  tokenizer: text,
  values: own,
}: OnnxEncoderParts): TextEncoder {
  const model = readModel(file);
  const outputs = onnxOutputs(model.graph);
  const wanted = [outputs.states, ...(outputs.given === undefined ? [] : [outputs.given])];
  const smallest = importAt(model, wanted, { batch: 1, time: 2 });
  const values = own ?? Object.fromEntries(smallest.parameters.map(({ name: key, value }) => [key, value]));
  for (const { name: key, value } of smallest.parameters)
    if (values[key]?.length !== value.length)
      throw new AppError(
        'BAD_FILE',
        `encoder's values: expected ${value.length} numbers for "${key}", got ${values[key]?.length ?? 'none'}`,
      );
  const { given } = outputs;
  if (use.pooling === 'given' && given === undefined)
    throw new AppError(
      'BAD_FILE',
      `encoder "${name}": expected an output ${VECTORS.join(' or ')} for its own pooling, the file has none`,
    );
  const plan: EncoderPlan = {
    family: 'onnx',
    config: { use: textUseJson(use) },
    tokenizer: text,
    graph: file,
  };
  return {
    name,
    hash: encoderHash(plan, values),
    plan,
    tokenizer: openTokenizer(text),
    width: smallest.outputs[outputs.states].shape[2],
    blocks: blocksNamed(smallest),
    ...use,
    values,
    module: (shape) => outputModule(model, outputs.states, shape),
    ...(given === undefined ? {} : { given: (shape) => outputModule(model, given, shape) }),
  };
}

type BatchShape = Parameters<TextEncoder['module']>[0];

function outputModule(model: OnnxModel, output: string, shape: BatchShape): Module<PieceBatch, Tensor> {
  const at = importAt(model, [output], shape);
  const whole = imported(at);
  return defineModule('onnx', (scope, { ids, mask }) => {
    const given = Object.fromEntries(
      Object.entries(at.inputs).map(([name, leaf]) => [name, inputOf(name, leaf, { ids, mask })]),
    );
    return whole.build(scope, given)[output] as Tensor;
  });
}

function inputOf(name: string, leaf: Tensor, { ids, mask }: PieceBatch): Tensor {
  if (name === IDS) return cast(ids, leaf.dtype);
  if (name === MASK) return cast(mask, leaf.dtype);
  const count = leaf.shape.reduce((a, b) => a * b, 1);
  return constant(
    leaf.dtype === 'int64' ? new BigInt64Array(count) : new Int32Array(count),
    leaf.shape,
    leaf.dtype,
  );
}

function importAt(model: OnnxModel, outputs: readonly string[], { batch, time }: BatchShape): ImportedModel {
  const inputs = Object.fromEntries(model.graph.inputs.map(({ name }) => [name, { batch, time }]));
  return importModel(model, { inputs, outputs, integers: 'int32' });
}

/** Attention blocks, by the numbers in their weights' names: `encoder.layer.5.…`. */
function blocksNamed({ parameters }: ImportedModel): number {
  const numbers = parameters.map(({ name }) =>
    Number(/(?:^|[./])(?:layers?|blocks?|h)[./_](\d+)[./]/.exec(name)?.[1] ?? -1),
  );
  return Math.max(-1, ...numbers) + 1;
}
