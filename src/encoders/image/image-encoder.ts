// A pretrained network of pictures, opened from a folder: one ONNX file, how its pictures are prepared, where its vector stands.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import type { OnnxModel, OnnxValue } from '../../tensor/onnx/model.ts';
import { readModel } from '../../tensor/onnx/read.ts';
import { type ChannelOrder, type ImageProcessing, readImageProcessing } from './image-processing.ts';

/** How an output becomes one vector a picture: it is one, or the mean over space, or over patches. */
export type ImagePooling = 'given' | 'mean of planes' | 'mean of places' | 'mean of patches';

/** An image encoder ready to be run; immutable. */
export interface ImageEncoder {
  /** The folder's name. */
  readonly name: string;
  /** SHA-256 over weights, preparation and output, hex: what an embedding cache is keyed by. */
  readonly hash: string;
  readonly width: number;
  readonly processing: ImageProcessing;
  readonly order: ChannelOrder;
  readonly pooling: ImagePooling;
  /** The file's input and the output taken. */
  readonly input: string;
  readonly output: string;
  /** The network at one batch size, without what the output does not rest on. */
  graph(batch: number): OnnxModel;
}

/** Names under which exports put their picture vector, in the order they are looked for. */
const VECTOR_NAMES = [
  'image_embeds',
  'image_embedding',
  'image_embeddings',
  'pooler_output',
  'embedding',
  'embeddings',
];
const LARGEST_MODEL_BYTES = 2_000_000_000;
const MODEL_FILES = [
  'model.onnx',
  'vision_model.onnx',
  join('onnx', 'model.onnx'),
  join('onnx', 'vision_model.onnx'),
];

/**
 * Opens a folder with an ONNX file and a `preprocessor_config.json`.
 *
 * @param output the output to take; by default one with a usual name, else the first of one vector a picture, else the
 *   first map of features, averaged over space
 * @throws AppError NOT_FOUND naming the missing file; BAD_FILE for a network that does not read one picture input
 */
export function openImageEncoder(
  folder: string,
  { output }: { readonly output?: string } = {},
): ImageEncoder {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new AppError('NOT_FOUND', `expected the folder of an image encoder at "${folder}", there is none`);
  const text = readText(folder, 'preprocessor_config.json');
  const bytes = readWeights(folder);
  const processing = readImageProcessing(text);
  const model = readModel(bytes);
  const input = pictureInput(model, processing);
  const taken = vectorOutput(model, output);
  const { pooling, width } = poolingOf(taken, input.order);
  const hash = createHash('sha256')
    .update(bytes)
    .update(JSON.stringify([processing, input.order, taken.name, pooling]))
    .digest('hex');
  return {
    name: basename(folder),
    hash,
    width,
    processing,
    order: input.order,
    pooling,
    input: input.name,
    output: taken.name,
    graph: (batch) => atBatch(model, { input, output: taken, processing }, batch),
  };
}

function readText(folder: string, file: string): string {
  const path = join(folder, file);
  if (!existsSync(path))
    throw new AppError(
      'NOT_FOUND',
      `expected "${file}" in "${folder}", it is not there: it says how pictures are prepared`,
    );
  return readFileSync(path, 'utf8');
}

function readWeights(folder: string): Uint8Array {
  const named = MODEL_FILES.find((file) => existsSync(join(folder, file)));
  const others = readdirSync(folder).filter((file) => file.endsWith('.onnx'));
  const file = named ?? (others.length === 1 ? others[0] : undefined);
  if (file === undefined)
    throw new AppError(
      'NOT_FOUND',
      `expected "model.onnx" in "${folder}", ${others.length === 0 ? 'there is no ONNX file' : `there are ${others.length} other ONNX files: name one model.onnx`}`,
    );
  const path = join(folder, file);
  if (statSync(path).size > LARGEST_MODEL_BYTES)
    throw new AppError('BAD_FILE', `expected a model of at most 2 GB, "${file}" is larger`);
  return readFileSync(path);
}

interface PictureInput {
  readonly name: string;
  readonly order: ChannelOrder;
}

function pictureInput({ graph }: OnnxModel, { width, height }: ImageProcessing): PictureInput {
  const weights = new Set(graph.initializers.map(({ name }) => name));
  const inputs = graph.inputs.filter(({ name }) => !weights.has(name));
  const [first] = inputs;
  if (inputs.length !== 1 || first.elementType !== 'float' || first.dims?.length !== 4)
    throw new AppError(
      'BAD_FILE',
      `expected a network with one float input [batch, 3, height, width] or [batch, height, width, 3], got ${inputs.map(described).join(' and ') || 'none'}`,
    );
  const { name, dims } = first;
  const order: ChannelOrder | undefined =
    dims[1] === 3 ? 'planes' : dims[3] === 3 ? 'interleaved' : undefined;
  // Exports that leave every size open are of the usual order.
  const chosen = order ?? (dims.slice(1).every((size) => typeof size === 'string') ? 'planes' : undefined);
  const sides = chosen === 'interleaved' ? [dims[1], dims[2]] : [dims[2], dims[3]];
  const fits = [height, width].every((side, i) => typeof sides[i] === 'string' || sides[i] === side);
  if (chosen === undefined || !fits)
    throw new AppError(
      'BAD_FILE',
      `expected an input for pictures of ${height} × ${width} in three colours, as preprocessor_config.json has them, got ${described(first)}`,
    );
  return { name, order: chosen };
}

const described = ({ name, elementType, dims }: OnnxValue): string =>
  `"${name}" ${elementType} [${dims?.join(', ') ?? '?'}]`;

function vectorOutput({ graph }: OnnxModel, wanted: string | undefined): OnnxValue {
  const { outputs } = graph;
  const listed = outputs.map(described).join(', ');
  if (wanted !== undefined) {
    const found = outputs.find(({ name }) => name === wanted);
    if (found) return found;
    throw new AppError('USAGE', `expected an output among ${listed}, got "${wanted}"`);
  }
  const ofRank = (rank: number) => outputs.find(({ dims }) => dims?.length === rank);
  const usual = VECTOR_NAMES.map((name) => outputs.find((output) => output.name === name)).find(Boolean);
  const found = usual ?? ofRank(2) ?? ofRank(4) ?? ofRank(3);
  if (found) return found;
  throw new AppError(
    'BAD_FILE',
    `expected an output [batch, width] or a map of features, got ${listed || 'none'}`,
  );
}

function poolingOf(output: OnnxValue, order: ChannelOrder): { pooling: ImagePooling; width: number } {
  const dims = output.dims ?? [];
  const pooling: ImagePooling | undefined =
    dims.length === 2
      ? 'given'
      : dims.length === 3
        ? 'mean of patches'
        : dims.length === 4
          ? order === 'planes'
            ? 'mean of planes'
            : 'mean of places'
          : undefined;
  const width = pooling === 'mean of planes' ? dims[1] : dims.at(-1);
  if (pooling && typeof width === 'number') return { pooling, width };
  throw new AppError(
    'BAD_FILE',
    `expected an output whose width is stated, [batch, width] or a map of features, got ${described(output)}`,
  );
}

/** Sizes fixed, and one output left: onnxruntime drops what nobody reads. */
function atBatch(
  model: OnnxModel,
  parts: { readonly input: PictureInput; readonly output: OnnxValue; readonly processing: ImageProcessing },
  batch: number,
): OnnxModel {
  const { input, output, processing } = parts;
  const { width, height } = processing;
  const dims = input.order === 'planes' ? [batch, 3, height, width] : [batch, height, width, 3];
  return {
    ...model,
    graph: {
      ...model.graph,
      inputs: [{ name: input.name, elementType: 'float', dims }],
      // Only the batch is known for sure; sizes over space are onnxruntime's to find.
      outputs: [{ ...output, dims: output.dims?.map((size, axis) => (axis === 0 ? batch : size)) }],
    },
  };
}
