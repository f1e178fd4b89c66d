// An encoder of a shop's own as a folder, laid out as the hub's are: config.json, tokenizer.json, model.safetensors.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { trace } from '../../nn/module.ts';
import { input } from '../../tensor/ops/leaf.ts';
import { readConfigFile } from '../folder/config-file.ts';
import { openEncoder } from '../folder/open-encoder.ts';
import type { TextEncoder } from '../text/text-encoder.ts';
import type { OpenEncoderOptions } from '../text/text-use.ts';
import { readFolderWeights, WEIGHTS_FILE, writeWeights } from '../weights/safetensors.ts';
import { OWN_FAMILY, ownEncoder, ownStates } from './own-encoder.ts';
import { ownShape } from './rebuild-own.ts';

/** How config.json calls an encoder of our own. */
const MODEL_TYPE = 'foresell';

/**
 * Writes the folder, made where it is absent.
 *
 * @throws AppError USAGE for an encoder of another family
 */
export async function saveOwnEncoder(encoder: TextEncoder, folder: string): Promise<void> {
  const { plan, values } = encoder;
  if (plan.family !== OWN_FAMILY)
    throw new AppError(
      'USAGE',
      `expected an encoder of a shop's own to save, got one of family "${plan.family}"`,
    );
  await mkdir(folder, { recursive: true });
  const shape = ownShape(plan.config);
  const axes = { batch: 1, time: 1 };
  const pieces = { ids: input('ids', 'int32', axes), mask: input('mask', 'float', axes) };
  const { parameters } = trace(ownStates(shape), pieces);
  const tensors = parameters.map(
    ({ name, tensor }) => [name, { shape: tensor.shape, values: values[name] }] as const,
  );
  await writeFile(join(folder, 'tokenizer.json'), plan.tokenizer);
  await writeFile(join(folder, WEIGHTS_FILE), writeWeights(Object.fromEntries(tensors)));
  // last: a folder without it is not an encoder yet
  const config = { model_type: MODEL_TYPE, ...shape, hash: encoder.hash };
  await writeFile(join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
}

/**
 * A text encoder out of a folder: a shop's own, or one laid out as the hub's are.
 *
 * @throws AppError as `openEncoder` does; TAMPERED for one of a shop's own whose files have changed
 */
export async function openAnyEncoder(folder: string, options: OpenEncoderOptions = {}): Promise<TextEncoder> {
  const config = await readConfigFile(folder, 'config.json').catch(() => undefined);
  if (config?.members.model_type !== MODEL_TYPE) return openEncoder(folder, options);
  const weights = await readFolderWeights(folder);
  const path = join(folder, 'tokenizer.json');
  if (weights === undefined || !existsSync(path))
    throw new AppError(
      'NOT_FOUND',
      `expected ${WEIGHTS_FILE} and tokenizer.json beside config.json; pretrain again`,
    );
  const encoder = ownEncoder({
    name: options.name ?? basename(resolve(folder)),
    shape: ownShape(config.members),
    tokenizer: await readFile(path, 'utf8'),
    values: Object.fromEntries(weights.names.map((name) => [name, weights.read(name)])),
  });
  const { hash } = config.members;
  if (hash === undefined || hash === encoder.hash) return encoder;
  throw new AppError(
    'TAMPERED',
    `the files of the encoder in "${folder}" are not the ones that were saved; pretrain again, or take them from a backup`,
  );
}
