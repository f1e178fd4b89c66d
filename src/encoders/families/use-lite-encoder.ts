// Universal Sentence Encoder Lite as a text encoder.
import { encoderHash } from '../text/encoder-hash.ts';
import { requireValues } from '../text/encoder-values.ts';
import type { EncoderPlan, TextEncoder } from '../text/text-encoder.ts';
import { type TextUse, textUseJson } from '../text/text-use.ts';
import { openTokenizer } from '../tokenizer/open-tokenizer.ts';
import { USE_LITE } from './use-lite-shape.ts';
import { useLiteStates, useLiteVectors } from './use-lite-states.ts';
import { useLiteParameters } from './use-lite-values.ts';

export interface UseLiteParts {
  readonly name: string;
  readonly use: TextUse;
  /** The text of a `tokenizer.json`. */
  readonly tokenizer: string;
  readonly values: Readonly<Record<string, Float32Array>>;
}

export const USE_LITE_FAMILY = 'use-lite';

/** What the published model is for: its own vectors, of length one. */
export const USE_LITE_USE: TextUse = {
  maxLength: USE_LITE.length,
  pooling: 'given',
  isNormalised: true,
  prefixes: { query: '', passage: '' },
};

/** @throws AppError BAD_FILE for values that do not fit */
export function useLiteEncoder({ name, use, tokenizer: file, values }: UseLiteParts): TextEncoder {
  requireValues(useLiteParameters(), values);
  const plan: EncoderPlan = { family: USE_LITE_FAMILY, config: { use: textUseJson(use) }, tokenizer: file };
  return {
    name,
    hash: encoderHash(plan, values),
    plan,
    tokenizer: openTokenizer(file),
    width: USE_LITE.width,
    blocks: USE_LITE.blocks,
    ...use,
    maxLength: Math.min(use.maxLength, USE_LITE.length),
    values,
    module: (_shape, dropout = 0) => useLiteStates(dropout),
    given: () => useLiteVectors(),
  };
}
