// An encoder out of its plan and values: what a saved model opens its encoder by.
import { isRecord, type Json } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import type { EncoderPlan, TextEncoder } from '../text/text-encoder.ts';
import { textUse } from '../text/text-use.ts';
import { bertEncoder } from './bert-encoder.ts';
import type { BertFamily } from './bert-names.ts';
import { bertShape } from './bert-shape.ts';
import { onnxEncoder } from './onnx-encoder.ts';
import { USE_LITE_FAMILY, useLiteEncoder } from './use-lite-encoder.ts';

export interface SavedEncoder {
  /** For people. */
  readonly name: string;
  readonly plan: EncoderPlan;
  readonly values: Readonly<Record<string, Float32Array>>;
}

/** How a family of published encoders is built again. */
type Rebuild = (saved: SavedEncoder, config: Readonly<Record<string, Json | undefined>>) => TextEncoder;

const bert =
  (family: BertFamily): Rebuild =>
  ({ name, plan: { tokenizer }, values }, { shape, use }) =>
    bertEncoder({ name, family, shape: bertShape(shape), use: textUse(use), tokenizer, values });

/** Families by the word a plan has for them; encoders of a shop's own are rebuilt in `own/`. */
export const PUBLISHED_FAMILIES: Readonly<Record<string, Rebuild>> = {
  bert: bert('bert'),
  roberta: bert('roberta'),
  distilbert: bert('distilbert'),
  [USE_LITE_FAMILY]: ({ name, plan: { tokenizer }, values }, { use }) =>
    useLiteEncoder({ name, use: textUse(use), tokenizer, values }),
  onnx: ({ name, plan, values }, { use }) => {
    if (plan.graph === undefined)
      throw new AppError('BAD_FILE', `encoder "${name}": expected its model file in the plan, found none`);
    return onnxEncoder({ name, file: plan.graph, use: textUse(use), tokenizer: plan.tokenizer, values });
  },
};

/**
 * The encoder that has this plan and these values.
 *
 * @throws AppError BAD_FILE for a family this version does not know, or values that do not fit
 */
export function rebuildEncoder(saved: SavedEncoder): TextEncoder {
  const { family, config } = saved.plan;
  const rebuild = Object.hasOwn(PUBLISHED_FAMILIES, family) ? PUBLISHED_FAMILIES[family] : undefined;
  if (rebuild === undefined)
    throw new AppError(
      'BAD_FILE',
      `expected an encoder of family ${Object.keys(PUBLISHED_FAMILIES).join(', ')}, got ${JSON.stringify(family)}`,
    );
  return rebuild(saved, isRecord(config) ? (config as Record<string, Json>) : {});
}
