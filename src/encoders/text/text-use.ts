// How an encoder is meant to be used: how long a text it reads, and how its vectors are made; part of its plan.
import { isRecord, type Json } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import type { TextEncoder, TextPooling } from './text-encoder.ts';

/** Settings that lie beside the weights of a published encoder. */
export type TextUse = Pick<TextEncoder, 'maxLength' | 'pooling' | 'isNormalised' | 'prefixes'>;

/** What is said by hand instead of by a folder's files. */
export interface OpenEncoderOptions extends Partial<TextUse> {
  /** For people, and known families' prefixes go by it; the folder's name by default. */
  readonly name?: string;
}

export const POOLINGS: readonly TextPooling[] = ['mean', 'max', 'first', 'given'];

/** As a plan keeps it. */
export function textUseJson({ maxLength, pooling, isNormalised, prefixes }: TextUse): Json {
  return { maxLength, pooling, isNormalised, prefixes: { ...prefixes } };
}

/** @throws AppError BAD_FILE for what is not such settings */
export function textUse(value: Json | undefined): TextUse {
  const { maxLength, pooling, isNormalised, prefixes } = isRecord(value) ? value : {};
  const { query, passage } = isRecord(prefixes) ? prefixes : {};
  const isPooling = POOLINGS.includes(pooling as TextPooling);
  const isLength = typeof maxLength === 'number' && Number.isSafeInteger(maxLength) && maxLength >= 1;
  if (!isPooling || !isLength || typeof isNormalised !== 'boolean')
    throw new AppError('BAD_FILE', "encoder's plan: expected maxLength, pooling and isNormalised");
  if (typeof query !== 'string' || typeof passage !== 'string')
    throw new AppError('BAD_FILE', "encoder's plan: expected prefixes of queries and passages");
  return { maxLength, pooling: pooling as TextPooling, isNormalised, prefixes: { query, passage } };
}
