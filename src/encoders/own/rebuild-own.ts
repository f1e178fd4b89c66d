// Any encoder out of its plan and values: a shop's own, or one of a published family.
import { isRecord } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import { rebuildEncoder, type SavedEncoder } from '../families/rebuild-encoder.ts';
import type { TextEncoder } from '../text/text-encoder.ts';
import { OWN_FAMILY, type OwnShape, ownEncoder } from './own-encoder.ts';

/** @throws AppError BAD_FILE for a family this version does not know, or values that do not fit */
export function openSavedEncoder(saved: SavedEncoder): TextEncoder {
  const { name, plan, values } = saved;
  if (plan.family !== OWN_FAMILY) return rebuildEncoder(saved);
  return ownEncoder({ name, shape: ownShape(plan.config), tokenizer: plan.tokenizer, values });
}

/** @throws AppError BAD_FILE for a shape that is none */
export function ownShape(config: unknown): OwnShape {
  const { vocabulary, width, blocks, heads, length } = isRecord(config) ? config : {};
  const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
  if (isSize(vocabulary) && isSize(width) && isSize(blocks) && isSize(heads) && isSize(length))
    return { vocabulary, width, blocks, heads, length };
  throw new AppError(
    'BAD_FILE',
    'own encoder: expected vocabulary, width, blocks, heads and length in its plan',
  );
}
