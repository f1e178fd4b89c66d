// From a config.json to a family and its shape.
import { AppError } from '../../core/errors.ts';
import type { BertFamily } from '../families/bert-names.ts';
import { type BertShape, bertShape } from '../families/bert-shape.ts';
import { type ConfigFile, countIn } from './config-file.ts';

/** `model_type` of config.json → whose weights' names and places they are. */
const FAMILIES: Readonly<Record<string, BertFamily>> = {
  bert: 'bert',
  roberta: 'roberta',
  'xlm-roberta': 'roberta',
  camembert: 'roberta',
  distilbert: 'distilbert',
};

export interface BertConfig {
  readonly family: BertFamily;
  readonly shape: BertShape;
}

/** Whether weights of such a `model_type` are read by name. */
export const isBertFamily = (modelType: unknown): boolean => Object.hasOwn(FAMILIES, String(modelType));

/** Whether it is of a kind whose weights we read by name. */
export const isBertConfig = ({ members }: ConfigFile): boolean => isBertFamily(members.model_type);

/** @throws AppError BAD_FILE for another kind of model, or one with parts these families do not have */
export function readBertConfig(config: ConfigFile): BertConfig {
  const { file, members } = config;
  const family = FAMILIES[String(members.model_type)];
  if (!isBertConfig(config) || family === undefined)
    throw new AppError(
      'BAD_FILE',
      `${file}: expected model_type ${Object.keys(FAMILIES).join(', ')}, got ${JSON.stringify(members.model_type)}; other encoders are read from an ONNX file`,
    );
  const { position_embedding_type: places = 'absolute' } = members;
  if (places !== 'absolute' || members.is_decoder === true)
    throw new AppError(
      'BAD_FILE',
      `${file}: expected an encoder with absolute places, got ${JSON.stringify(places)} places${members.is_decoder === true ? ' and a decoder' : ''}`,
    );
  const shape = family === 'distilbert' ? distilbertShape(config) : commonShape(config, family);
  return { family, shape: bertShape({ ...shape }) };
}

function commonShape(config: ConfigFile, family: BertFamily): BertShape {
  const { members } = config;
  return {
    vocabulary: countIn(config, 'vocab_size'),
    width: countIn(config, 'hidden_size'),
    blocks: countIn(config, 'num_hidden_layers'),
    heads: countIn(config, 'num_attention_heads'),
    inner: countIn(config, 'intermediate_size'),
    activation: (members.hidden_act ?? 'gelu') as BertShape['activation'],
    epsilon: (members.layer_norm_eps ?? 1e-12) as number,
    places: countIn(config, 'max_position_embeddings'),
    // RoBERTa gives padding the place of its own id, and counts from the one after it
    firstPlace:
      family === 'roberta'
        ? (members.pad_token_id === undefined ? 1 : countIn(config, 'pad_token_id', 0)) + 1
        : 0,
    types: members.type_vocab_size === undefined ? 2 : countIn(config, 'type_vocab_size', 0),
  };
}

function distilbertShape(config: ConfigFile): BertShape {
  return {
    vocabulary: countIn(config, 'vocab_size'),
    width: countIn(config, 'dim'),
    blocks: countIn(config, 'n_layers'),
    heads: countIn(config, 'n_heads'),
    inner: countIn(config, 'hidden_dim'),
    activation: (config.members.activation ?? 'gelu') as BertShape['activation'],
    epsilon: 1e-12,
    places: countIn(config, 'max_position_embeddings'),
    firstPlace: 0,
    types: 0,
  };
}
