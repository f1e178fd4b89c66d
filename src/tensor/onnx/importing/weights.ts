// Which initialisers of a file are weights, to be trained, and which are mere numbers.

import type { OnnxTensor } from '../model.ts';
import { dtypeOf } from './values.ts';

/** Buffers that modules keep beside their weights, by the names libraries give them. */
const BUFFERS = /(inv_freq|(cos|sin)_cache[d]?|masked_bias|causal_mask|attn_mask|(^|[._])mask)$/;

const SINGLE_WEIGHTS = /(weight|bias|kernel|gamma|beta)(:0)?$/i;

/**
 * Floats of at least one axis are weights, but for the known buffers (tables of rotary positions, masks). One number
 * alone is a weight only if it is called so, as the bias of a layer of one output is; else it is an ε or a scale.
 *
 * @param name the readable one
 */
export function isWeight({ elementType, dims }: OnnxTensor, name: string): boolean {
  if (dtypeOf(elementType) !== 'float' || dims.length === 0 || BUFFERS.test(name)) return false;
  return dims.some((size) => size !== 1) || SINGLE_WEIGHTS.test(name);
}
