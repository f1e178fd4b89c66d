// A text encoder out of BERT, RoBERTa or DistilBERT weights.
import { AppError } from '../../core/errors.ts';
import { encoderHash } from '../text/encoder-hash.ts';
import { parametersOf, requireValues } from '../text/encoder-values.ts';
import type { EncoderPlan, TextEncoder } from '../text/text-encoder.ts';
import { type TextUse, textUseJson } from '../text/text-use.ts';
import { openTokenizer } from '../tokenizer/open-tokenizer.ts';
import type { BertFamily } from './bert-names.ts';
import type { BertShape } from './bert-shape.ts';
import { bertLength, bertStates } from './bert-states.ts';

export interface BertEncoderParts {
  readonly name: string;
  readonly family: BertFamily;
  readonly shape: BertShape;
  readonly use: TextUse;
  /** The text of `tokenizer.json`. */
  readonly tokenizer: string;
  readonly values: Readonly<Record<string, Float32Array>>;
}

/** @throws AppError BAD_FILE for values or a tokenizer that do not fit the shape */
export function bertEncoder({
  name,
  family,
  shape,
  use,
  tokenizer: file,
  values,
}: BertEncoderParts): TextEncoder {
  requireValues(parametersOf(bertStates(shape)), values);
  const tokenizer = openTokenizer(file);
  if (tokenizer.size > shape.vocabulary)
    throw new AppError(
      'BAD_FILE',
      `encoder "${name}": its weights know ${shape.vocabulary} pieces, its tokenizer.json ${tokenizer.size}; take both from one model`,
    );
  const plan: EncoderPlan = {
    family,
    config: { shape: { ...shape }, use: textUseJson(use) },
    tokenizer: file,
  };
  return {
    name,
    hash: encoderHash(plan, values),
    plan,
    tokenizer,
    width: shape.width,
    blocks: shape.blocks,
    ...use,
    maxLength: Math.min(use.maxLength, bertLength(shape)),
    values,
    module: (_places, dropout = 0) => bertStates(shape, dropout),
  };
}
